"""The database's own guard of the ledger: triggers that refuse UPDATE and DELETE.

SQLite makes a table anew when it is altered and drops its triggers with the old one, so every
migration that alters the ledger ends with `protect`; a test fails when one forgets.
"""

from typing import Any

_SQLITE = (
    """CREATE TRIGGER IF NOT EXISTS ledger_no_update BEFORE UPDATE ON capture_ledgerentry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS ledger_no_delete BEFORE DELETE ON capture_ledgerentry
    WHEN NOT EXISTS (SELECT 1 FROM capture_erasurepermit)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
)
_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM capture_erasurepermit) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the ledger is append-only';
    END $$""",
    """CREATE OR REPLACE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON capture_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()""",
)
_UNDO = {
    "sqlite": ("DROP TRIGGER ledger_no_update", "DROP TRIGGER ledger_no_delete"),
    "postgresql": (
        "DROP TRIGGER ledger_no_change ON capture_ledgerentry",
        "DROP FUNCTION ledger_is_append_only()",
    ),
}


def protect(_: Any, editor: Any) -> None:
    """Put the guard in place, save while the eraser's permit stands; may be repeated."""
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[editor.connection.vendor]:
        editor.execute(statement)


def unprotect(_: Any, editor: Any) -> None:
    """Take the guard away."""
    for statement in _UNDO[editor.connection.vendor]:
        editor.execute(statement)
