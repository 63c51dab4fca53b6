"""Statements written by hand: for what runs with every answer, where the ORM is too slow."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

from django.db import connection

_encode = json.JSONEncoder(ensure_ascii=False).encode


def _cursor() -> Any:
    """Return a cursor for statements that never change.

    Django lets PostgreSQL read and plan a statement every time; these are prepared, which is to
    say planned once a connection.
    """
    if connection.vendor == "sqlite":
        return connection.cursor()
    connection.ensure_connection()
    make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return make(_preparing()(connection.connection))


@cache
def _preparing() -> Any:
    import psycopg  # only a PostgreSQL server needs it loaded

    class Preparing(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **_: Any) -> Any:
            return super().execute(query, params, prepare=True)

    return Preparing


def one(statement: str, parameters: Sequence[Any]) -> Sequence[Any] | None:
    """Return the first row, or None."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        row: Sequence[Any] | None = cursor.fetchone()
        return row


def many(statement: str, parameters: Sequence[Any]) -> list[Sequence[Any]]:
    """Return every row."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[Sequence[Any]] = cursor.fetchall()
        return rows


def many_among(statement: str, values: Sequence[str]) -> list[Sequence[Any]]:
    """Return every row of a statement that says `{}` where a column is to be one of `values`."""
    if connection.vendor == "sqlite":
        return many(statement.format(f"IN ({', '.join(['%s'] * len(values))})"), values)
    return many(statement.format("= ANY(%s)"), [values])


def do(statement: str, parameters: Sequence[Any]) -> None:
    """Carry out a statement."""
    with _cursor() as cursor:
        cursor.execute(statement, parameters)


def do_for_each(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Carry out a statement once for each row of parameters."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


@dataclass(frozen=True)
class Table:
    """A table that is written with every answer.

    Attributes:
        name: of the table.
        columns: what each row gives, in this order.
        json: those of them that are JSON, given as text.
        looked_up: further columns, each an expression over the given ones of `r`.
    """

    name: str
    columns: tuple[str, ...]
    json: frozenset[str] = frozenset()
    looked_up: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def beginning(self) -> str:
        """Name the table and the columns that are filled."""
        names = ", ".join(f'"{column}"' for column in (*self.columns, *self.looked_up))
        return f'INSERT INTO "{self.name}" ({names})'

    @cached_property
    def one_by_one(self) -> str:
        """Insert the row of the parameters."""
        if not self.looked_up:
            return f"{self.beginning} VALUES ({', '.join(['%s'] * len(self.columns))})"
        given = ", ".join(f'%s AS "{column}"' for column in self.columns)
        return self._insert([f'r."{column}"' for column in self.columns], f"(SELECT {given})")

    @cached_property
    def all_at_once(self) -> str:
        """Insert the rows of one parameter, an array of JSON objects."""
        given = [
            f"""(r."{column}" #>> '{{}}')::jsonb""" if column in self.json else f'r."{column}"'
            for column in self.columns
        ]
        return self._insert(given, f'json_populate_recordset(NULL::"{self.name}", %s)')

    def _insert(self, given: Sequence[str], rows: str) -> str:
        values = ", ".join((*given, *self.looked_up.values()))
        return f"{self.beginning} SELECT {values} FROM {rows} r"  # noqa: S608


def insert(table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows; in one statement where the database is a process of its own."""
    if connection.vendor == "sqlite":
        do_for_each(table.one_by_one, rows)
    elif rows:
        do(table.all_at_once, [_array(table, rows)])


def insert_new(table: Table, key: str, rows: Sequence[Sequence[Any]]) -> set[str]:
    """Insert the rows whose `key` is not there yet; return the keys of these."""
    if connection.vendor == "sqlite":
        places = f"({', '.join(['%s'] * len(table.columns))})"
        statement = f"{table.beginning} VALUES {', '.join([places] * len(rows))}"
        parameters = [value for row in rows for value in row]
    else:
        statement, parameters = table.all_at_once, [_array(table, rows)]
    kept = f'{statement} ON CONFLICT ("{key}") DO NOTHING RETURNING "{key}"'
    return {row[0] for row in many(kept, parameters)}


def _array(table: Table, rows: Sequence[Sequence[Any]]) -> str:
    everything = [dict(zip(table.columns, row, strict=True)) for row in rows]
    return json.dumps(everything, ensure_ascii=False, default=str)


def json_text(value: Any) -> str:
    """Return `value` as JSON is stored."""
    return _encode(value)


def adapted(moment: datetime | None) -> Any:
    """Return `moment` as the database takes it."""
    return connection.ops.adapt_datetimefield_value(moment)


def moment_of(value: Any) -> datetime:
    """Return a stored moment as UTC: SQLite gives text or a naive datetime, PostgreSQL neither."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
