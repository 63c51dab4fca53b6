"""Indexes that Django has no words for."""

from typing import Any

from django.db import DatabaseError, connection, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class EmptyLastIndex(models.Index):
    """An index whose falling columns have rows without a value at the end.

    SQLite has them there by nature; PostgreSQL has them in front unless it is told.
    """

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **options: Any,
    ) -> Any:
        """Return the statement that makes it."""
        if schema_editor.connection.vendor != "postgresql":
            return super().create_sql(model, schema_editor, using, **options)
        plain = self.fields_orders
        self.fields_orders = [(n, "DESC NULLS LAST" if order else order) for n, order in plain]
        try:
            return super().create_sql(model, schema_editor, using, **options)
        finally:
            self.fields_orders = plain


def make_trigram_index(name: str, table: str, expression: str) -> bool:
    """Make an index of all groups of three letters on PostgreSQL; say whether the server can.

    It finds a part of a word, which an ordinary index cannot help with.
    """
    return try_statement("CREATE EXTENSION IF NOT EXISTS pg_trgm") and try_statement(
        f"CREATE INDEX {name} ON {table} USING gin ({expression} gin_trgm_ops)"
    )


def try_statement(statement: str) -> bool:
    """Run a statement that a server may be unable or not allowed to run; say whether it did."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return False
    return True


def drop_pattern_indexes(
    schema_editor: BaseDatabaseSchemaEditor, *tables: type[models.Model]
) -> None:
    """Drop what Django adds to each unique text on PostgreSQL for `LIKE 'beginning%'`.

    No query of ours asks so of ids and hashes, and each such index is as large as the one that
    keeps the text unique.
    """
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
                " AND tablename = %s AND indexdef LIKE %s",
                [table._meta.db_table, "%varchar_pattern_ops%"],
            )
            for (name,) in cursor.fetchall():
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")
