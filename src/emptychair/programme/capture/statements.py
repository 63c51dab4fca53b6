"""Statements written by hand: for what runs with every answer, where the ORM is too slow."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

_encode = json.JSONEncoder(ensure_ascii=False).encode


def one(statement: str, parameters: Sequence[Any]) -> Sequence[Any] | None:
    """Return the first row, or None."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row: Sequence[Any] | None = cursor.fetchone()
        return row


def many(statement: str, parameters: Sequence[Any]) -> list[Sequence[Any]]:
    """Return every row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[Sequence[Any]] = cursor.fetchall()
        return rows


def do(statement: str, parameters: Sequence[Any]) -> None:
    """Carry out a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def do_for_each(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Carry out a statement once for each row of parameters."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def insert(into: str, places: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows: all in one statement where the database is a network away.

    Args:
        into: `INSERT INTO table (columns)`.
        places: what stands for one row in VALUES: `(%s, %s)`.
        rows: the parameters of each row.
    """
    if connection.vendor == "sqlite":
        do_for_each(f"{into} VALUES {places}", rows)
    elif rows:
        everything = ", ".join([places] * len(rows))
        do(f"{into} VALUES {everything}", [value for row in rows for value in row])


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
