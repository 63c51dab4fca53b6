"""Looking for a customer by a part of the name: an index for it, where the server has such."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from emptychair.programme.lib.indexes import make_trigram_index

_INDEX = "contact_name_trigrams"


def index_names(_: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make an index of all groups of three letters in names; a migration's function.

    The search compares in capitals, as `icontains` does on PostgreSQL. SQLite reads all names.
    """
    if schema_editor.connection.vendor == "postgresql":
        make_trigram_index(_INDEX, "customers_contact", "UPPER(name::text)")


def forget_names(_: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the index away; the reverse of `index_names`."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {_INDEX}")
