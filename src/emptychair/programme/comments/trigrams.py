"""An index of all groups of three letters, so that a rare word is found among millions.

A part of a word is searched for, which an ordinary index cannot help with. PostgreSQL has such
an index in its extension `pg_trgm`, SQLite in its table type FTS5; where a server has neither,
the search reads every comment. On SQLite the index is a table of its own that triggers keep in
step: a migration that makes the table of readings anew must call `keep_in_step` afterwards.
"""

from typing import Any

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q
from django.db.models.expressions import RawSQL

from emptychair.programme.lib.indexes import make_trigram_index, try_statement

LEAST_LETTERS = 3
PAGES_AT_ONCE = 500
_TABLE = "comments_trigrams"
_READINGS = "comments_commentreading"
_CREATE = (
    f"CREATE VIRTUAL TABLE {_TABLE} USING fts5(folded, content='{_READINGS}',"
    " content_rowid='response_id', tokenize='trigram', detail='none')"
)
_REMOVE = (
    f"INSERT INTO {_TABLE} ({_TABLE}, rowid, folded)"  # noqa: S608
    " VALUES ('delete', old.response_id, old.folded)"
)
_ADD = (
    f"INSERT INTO {_TABLE} (rowid, folded)"  # noqa: S608
    " VALUES (new.response_id, new.folded)"
)
_FILL = f"INSERT INTO {_TABLE} ({_TABLE}) VALUES ('rebuild')"  # noqa: S608
_TRIGGERS = {
    f"{_TABLE}_added": f"AFTER INSERT ON {_READINGS} BEGIN {_ADD}; END",
    f"{_TABLE}_removed": f"AFTER DELETE ON {_READINGS} BEGIN {_REMOVE}; END",
    f"{_TABLE}_changed": (
        f"AFTER UPDATE OF response_id, folded ON {_READINGS} BEGIN {_REMOVE}; {_ADD}; END"
    ),
}
_MERGE = f"INSERT INTO {_TABLE} ({_TABLE}, rank) VALUES ('merge', %s)"  # noqa: S608
_MATCHING = f"SELECT rowid FROM {_TABLE} WHERE folded LIKE %s"  # noqa: S608
_WILD = frozenset("%_\\")


def create(_: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the index where the server can; a migration's function."""
    if schema_editor.connection.vendor == "postgresql":
        make_trigram_index(_TABLE, _READINGS, "folded")
    elif try_statement(_CREATE):
        keep_in_step()
        with connection.cursor() as cursor:
            cursor.execute(_FILL)


def remove(_: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the index away; the reverse of `create`."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {_TABLE}")
        return
    for name in _TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
    schema_editor.execute(f"DROP TABLE IF EXISTS {_TABLE}")


def keep_in_step() -> None:
    """Make the triggers by which SQLite's index follows the readings."""
    with connection.cursor() as cursor:
        for name, what in _TRIGGERS.items():
            cursor.execute(f"CREATE TRIGGER {name} {what}")


def having(word: str) -> Q:
    """Return the condition that a response's comment has `word`, in any place of it."""
    if connection.vendor == "sqlite" and _helps(word) and _TABLE in _tables():
        return Q(pk__in=RawSQL(_MATCHING, [f"%{word}%"]))  # noqa: S611
    return Q(reading__folded__contains=word)


def tidy() -> None:
    """Join the parts of SQLite's index, so that no trace of an erased comment stays in it.

    Each step is a transaction of its own: nobody who answers waits for the whole.
    """
    if connection.vendor == "sqlite" and _TABLE in _tables():
        pages = -PAGES_AT_ONCE  # the sign makes a new beginning: everything into one part
        while _merge(pages):
            pages = PAGES_AT_ONCE


def _merge(pages: int) -> bool:
    """Join some pages; say whether there was anything to join."""
    with connection.cursor() as cursor:
        before = connection.connection.total_changes
        cursor.execute(_MERGE, [pages])
        return bool(connection.connection.total_changes - before >= 2)


def _helps(word: str) -> bool:
    return len(word) >= LEAST_LETTERS and not _WILD & set(word)


def _tables() -> list[str]:
    return connection.introspection.table_names()
