"""Many rows at once in one statement, past the ORM's work per row: what imports rest on.

The caller owns the transaction, and the order in which rows that refer to each other go.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

Adapt = Callable[[Any], Any]
_encode = json.JSONEncoder(ensure_ascii=False).encode
_KEPT = 1_024  # moments and days that many rows share
_MOST_PLACES = 10_000  # both databases take more
_FEW = 10  # so many rows go as statements
_SHORTEST_RUN = 100  # shorter runs of numbers are deleted one by one


class JsonText(str):
    """A value of a JSON column that is written as JSON already."""

    __slots__ = ()


def insert_many(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert `rows` into the table of `model`; the columns that `names` leaves out are null.

    Args:
        model: its table, column names and column types are used, its defaults are not.
        names: field names in the order of each row's values; a foreign key as `survey_id`.
        rows: one sequence of Python values per row.
    """
    fields = [_field(model, name) for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    adapters = [(place, _adapter(field)) for place, field in enumerate(fields)]
    special = [(place, adapt) for place, adapt in adapters if adapt is not None]
    table = f"{quote(model._meta.db_table)} ({columns})"
    adapted = [_adapted(row, special) for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(adapted) > _FEW:
            _copy(cursor, table, adapted)
        else:
            cursor.executemany(f"INSERT INTO {table} VALUES ({places})", adapted)  # noqa: S608


def _copy(cursor: Any, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Send `rows` in one stream, which PostgreSQL takes without a statement for each."""
    with connection.wrap_database_errors, cursor.copy(f"COPY {table} FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)


def delete_many(model: type[models.Model], name: str, values: Sequence[Any]) -> None:
    """Delete the rows whose field `name` is one of `values`; nothing that refers to them."""
    for statement, some in _with_places(model, name, values, "DELETE FROM {table}"):
        with connection.cursor() as cursor:
            cursor.execute(statement, some)


def delete_numbered(model: type[models.Model], name: str, numbers: Sequence[int]) -> None:
    """Delete the rows whose field `name` is one of `numbers`, neighbours in one statement.

    Args:
        model: nothing that refers to its rows is deleted.
        name: a field that holds a whole number.
        numbers: its values, each once, in order.
    """
    quote = connection.ops.quote_name
    column, table = quote(_field(model, name).column), quote(model._meta.db_table)
    alone: list[int] = []
    with connection.cursor() as cursor:
        for first, last in _runs(numbers):
            if last - first < _SHORTEST_RUN:
                alone += range(first, last + 1)
            else:
                statement = f"DELETE FROM {table} WHERE {column} BETWEEN %s AND %s"  # noqa: S608
                cursor.execute(statement, [first, last])
    delete_many(model, name, alone)


def _runs(numbers: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Return first and last of each row of neighbours without a gap."""
    starts = [0, *(i for i in range(1, len(numbers)) if numbers[i] != numbers[i - 1] + 1)]
    for start, stop in zip(starts, [*starts[1:], len(numbers)], strict=True):
        if start < stop:
            yield numbers[start], numbers[stop - 1]


def present(model: type[models.Model], name: str, values: Sequence[Any]) -> set[Any]:
    """Return those of `values` that some row of `model` has in its field `name`."""
    found: set[Any] = set()
    for statement, some in _with_places(model, name, values, "SELECT {column} FROM {table}"):
        with connection.cursor() as cursor:
            cursor.execute(statement, some)
            found.update(value for (value,) in cursor.fetchall())
    return found


def columns_of(
    model: type[models.Model], names: Sequence[str], name: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return the fields `names` of the rows whose field `name` is one of `values`.

    They come as the database holds them; JSON is text.
    """
    quote = connection.ops.quote_name
    listed = ", ".join(quote(_field(model, one).column) for one in names)
    select = f"SELECT {listed} FROM {{table}}"  # noqa: S608
    found: list[tuple[Any, ...]] = []
    for statement, some in _with_places(model, name, values, select):
        with connection.cursor() as cursor:
            cursor.execute(statement, some)
            found.extend(cursor.fetchall())
    return found


def create_many(rows: Sequence[models.Model], unique: str) -> None:
    """Insert new model objects and set their keys, with less work per row than `bulk_create`.

    Args:
        rows: objects of one model, whose key the database makes.
        unique: a field that tells each from every other row of its table.
    """
    if not rows:
        return
    model = type(rows[0])
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    insert_many(model, names, [[getattr(row, name) for name in names] for row in rows])
    made = {getattr(row, unique): row for row in rows}
    for value, key in columns_of(model, (unique, "id"), unique, list(made)):
        made[value].pk = key
        made[value]._state.adding = False


def _with_places(
    model: type[models.Model], name: str, values: Sequence[Any], verb: str
) -> Iterable[tuple[str, Sequence[Any]]]:
    quote = connection.ops.quote_name
    column, table = quote(_field(model, name).column), quote(model._meta.db_table)
    start = verb.format(column=column, table=table)
    for first in range(0, len(values), _MOST_PLACES):
        some = values[first : first + _MOST_PLACES]
        yield f"{start} WHERE {column} IN ({', '.join(['%s'] * len(some))})", some


def _field(model: type[models.Model], name: str) -> Any:
    for field in model._meta.concrete_fields:
        if name in (field.name, field.attname):
            return field
    raise LookupError(f"{model.__name__} has no field {name}")


def _adapter(field: Any) -> Adapt | None:
    """Return how values of `field` reach the database; None where they may go as they are."""
    if isinstance(field, models.DateTimeField):
        return lru_cache(_KEPT)(connection.ops.adapt_datetimefield_value)
    if isinstance(field, models.DateField):
        return lru_cache(_KEPT)(connection.ops.adapt_datefield_value)
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DecimalField):
        return lambda value: field.get_db_prep_save(value, connection)
    return None


def _json(value: Any) -> str:
    if isinstance(value, JsonText):
        return value
    return "{}" if value == {} else _encode(value)


def _adapted(row: Sequence[Any], special: Sequence[tuple[int, Adapt]]) -> list[Any]:
    values = list(row)
    for place, adapt in special:
        if values[place] is not None:
            values[place] = adapt(values[place])
    return values
