"""From the database to Arrow in the shape of the table contract, never through model objects.

Every column leaves the database as text, so that both databases give the same; DuckDB gives the
types back. An absent value is the empty string on the way.

PostgreSQL is read through ADBC. SQLite is read through Python's own driver: a second copy of the
SQLite library in one process drops the first one's file locks and reads an outdated log. SQLite
writes each row as one line of CSV, which Arrow reads, so that no cell becomes a Python object.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.csv as pa_csv
from adbc_driver_postgresql import dbapi
from django.db import connection

from emptychair.analysis.comments.columns import THEME_PREFIX
from emptychair.programme.comments.queries import theme_states
from emptychair.programme.warehouse.engine import engine

LINES_AT_ONCE = 8_000_000  # bytes of CSV that one thread reads
_RAW = "_raw"  # the rows as text, while they get their types


@dataclass(frozen=True)
class Source:
    """How one table is read: its SELECT, its key, and the DuckDB type of each column.

    Attributes:
        select: begins with the rows of `table`, called `{rows}`, and looks the rest up for them.
        table: which has the key.
        column: of that table, the key.
        key: as the SELECT names it.
        types: of the columns.
    """

    select: str
    table: str
    column: str
    key: str
    types: Mapping[str, str]

    @property
    def whole(self) -> str:
        """The SELECT of all rows."""
        return self.select.format(rows=self.table)

    def where(self, condition: str) -> str:
        """Return the SELECT of the rows whose part in `table` meets a condition.

        They are chosen before anything is looked up for them: behind so many joins PostgreSQL
        would take the choice last, after reading everybody's rows.
        """
        rows = f"(SELECT * FROM {self.table} WHERE {condition})"  # noqa: S608
        return self.select.format(rows=rows)


RESPONSES = Source(
    select="""
    SELECT r.public_id AS response_id, c.code AS customer_id, a.code AS account_id,
           r.asked_at, r.answered_at, r.answered_on, r.score, r.comment, r.language, r.channel,
           s.slug AS survey, s.kind AS survey_kind, j.slug AS journey, g.slug AS stage,
           r.touchpoint, r.unit, r.employee,
           s.slug || '.' || w.language || '.' || w.version AS wording, r.held_reason,
           m.themes, m.language AS comment_language, m.sentiment AS comment_sentiment,
           m.triage AS comment_triage, r.ratings, r.traits
    FROM {rows} r
    JOIN capture_survey s ON s.id = r.survey_id
    LEFT JOIN capture_wording w ON w.id = r.wording_id
    LEFT JOIN comments_commentreading m ON m.response_id = r.id
    LEFT JOIN customers_customer c ON c.id = r.customer_id
    LEFT JOIN customers_account a ON a.id = c.account_id
    LEFT JOIN journeys_touchpoint t ON t.slug = r.touchpoint
    LEFT JOIN journeys_stage g ON g.id = t.stage_id
    LEFT JOIN journeys_journey j ON j.id = g.journey_id""",
    key="response_id",
    table="capture_response",
    column="public_id",
    types={
        "response_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "account_id": "VARCHAR",
        "asked_at": "TIMESTAMPTZ",
        "answered_at": "TIMESTAMPTZ",
        "answered_on": "DATE",
        "score": "TINYINT",
        "comment": "VARCHAR",
        "language": "VARCHAR",
        "channel": "VARCHAR",
        "survey": "VARCHAR",
        "survey_kind": "VARCHAR",
        "journey": "VARCHAR",
        "stage": "VARCHAR",
        "touchpoint": "VARCHAR",
        "unit": "VARCHAR",
        "employee": "VARCHAR",
        "wording": "VARCHAR",
        "held_reason": "VARCHAR",
        "comment_language": "VARCHAR",
        "comment_sentiment": "VARCHAR",
        "comment_triage": "VARCHAR",
    },
)
CUSTOMERS = Source(
    select="""
    SELECT c.code AS customer_id, a.code AS account_id, c.created_at, c.left_at, c.left_reason,
           c.language, c.country, u.code AS unit, c.contactable, c.traits
    FROM {rows} c
    LEFT JOIN customers_account a ON a.id = c.account_id
    LEFT JOIN accounts_unit u ON u.id = c.unit_id""",
    key="customer_id",
    table="customers_customer",
    column="code",
    types={
        "customer_id": "VARCHAR",
        "account_id": "VARCHAR",
        "created_at": "TIMESTAMPTZ",
        "left_at": "TIMESTAMPTZ",
        "left_reason": "VARCHAR",
        "language": "VARCHAR",
        "country": "VARCHAR",
        "unit": "VARCHAR",
        "contactable": "BOOLEAN",
    },
)
INVITATIONS = Source(
    select="""
    SELECT i.public_id AS invitation_id, c.code AS customer_id, s.slug AS survey, i.channel,
           i.unit,
           i.planned_at, i.sent_at, i.delivered_at, i.answered_at, i.outcome, i.suppressed_reason
    FROM {rows} i
    JOIN capture_survey s ON s.id = i.survey_id
    JOIN customers_customer c ON c.id = i.customer_id""",
    key="invitation_id",
    table="capture_invitation",
    column="public_id",
    types={
        "invitation_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "survey": "VARCHAR",
        "channel": "VARCHAR",
        "unit": "VARCHAR",
        "planned_at": "TIMESTAMPTZ",
        "sent_at": "TIMESTAMPTZ",
        "delivered_at": "TIMESTAMPTZ",
        "answered_at": "TIMESTAMPTZ",
        "outcome": "VARCHAR",
        "suppressed_reason": "VARCHAR",
    },
)
VALUES = Source(
    select="""
    SELECT c.code AS customer_id, v.month, v.revenue, v.margin, v.cost_to_serve
    FROM {rows} c JOIN customers_value v ON v.customer_id = c.id""",
    key="customer_id",
    table="customers_customer",
    column="code",
    types={
        "customer_id": "VARCHAR",
        "month": "DATE",
        "revenue": "DECIMAL(14,2)",
        "margin": "DECIMAL(14,2)",
        "cost_to_serve": "DECIMAL(14,2)",
    },
)
EVENTS = Source(
    select="""
    SELECT c.code AS customer_id, e.at, e.kind, e.amount
    FROM {rows} c JOIN customers_event e ON e.customer_id = c.id""",
    key="customer_id",
    table="customers_customer",
    column="code",
    types={
        "customer_id": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "kind": "VARCHAR",
        "amount": "DECIMAL(14,2)",
    },
)
CASES = Source(
    select="""
    SELECT k.public_id AS case_id, r.public_id AS response_id, c.code AS customer_id, k.unit,
           u.email AS owner, k.opened_at, k.due_at, k.first_contact_at, k.closed_at, k.root_cause,
           k.outcome, i.planned_at AS asked_again_at, k.is_holdout AS holdout
    FROM {rows} k
    JOIN capture_response r ON r.id = k.response_id
    LEFT JOIN customers_customer c ON c.id = k.customer_id
    LEFT JOIN accounts_user u ON u.id = k.owner_id
    LEFT JOIN capture_invitation i ON i.id = k.asked_again_id""",
    key="case_id",
    table="closedloop_case",
    column="public_id",
    types={
        "case_id": "VARCHAR",
        "response_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "unit": "VARCHAR",
        "owner": "VARCHAR",
        "opened_at": "TIMESTAMPTZ",
        "due_at": "TIMESTAMPTZ",
        "first_contact_at": "TIMESTAMPTZ",
        "closed_at": "TIMESTAMPTZ",
        "root_cause": "VARCHAR",
        "outcome": "VARCHAR",
        "asked_again_at": "TIMESTAMPTZ",
        "holdout": "BOOLEAN",
    },
)
REFERRALS = Source(
    select="""
    SELECT f.code AS referrer_id, c.code AS referred_id, o.at, o.origin
    FROM {rows} c
    JOIN customers_arrival o ON o.customer_id = c.id
    LEFT JOIN customers_customer f ON f.id = o.referrer_id""",
    key="referred_id",
    table="customers_customer",
    column="code",
    types={
        "referrer_id": "VARCHAR",
        "referred_id": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "origin": "VARCHAR",
    },
)
# In this order they are copied: the sums of a response's day need its customer's segments.
SOURCES: dict[str, Source] = {
    "customers": CUSTOMERS,
    "responses": RESPONSES,
    "invitations": INVITATIONS,
    "values": VALUES,
    "events": EVENTS,
    "cases": CASES,
    "referrals": REFERRALS,
}
# JSON column of a source -> prefix of the columns it becomes, and their type
THEMES = "themes"  # keys between bars, as a reading holds them
SPREAD = {"ratings": ("rating_", "TINYINT"), "traits": ("attr_", "VARCHAR")}


def rows_now(name: str, first_change: int, last_change: int) -> pa.Table:
    """Return the present state of the rows of `name` noted in that range of changes."""
    source = SOURCES[name]
    names = [*source.types, *(c for c in (THEMES, *SPREAD) if f".{c}" in source.select)]
    select = source.where(
        f"{source.column} IN (SELECT key FROM activity_change WHERE \"table\" = '{name}'"  # noqa: S608
        f" AND id BETWEEN {first_change:d} AND {last_change:d})"
    )
    return typed(source, fetch(source, names, select))


def fetch(source: Source, columns: Sequence[str], select: str) -> pa.Table:
    """Return these columns of what a SELECT of `source` finds, as text in Arrow."""
    if connection.vendor == "sqlite":
        return _fetch_sqlite(source, columns, select)
    texts = ", ".join(f"COALESCE(CAST(q.{name} AS TEXT), '') AS {name}" for name in columns)
    return _fetch(f"SELECT {texts} FROM ({select}) q")  # noqa: S608


def typed(source: Source, raw: pa.Table) -> pa.Table:
    """Give the text columns of `raw` their types and spread its JSON columns."""
    # A connection of its own to an engine that is there: starting one takes longer than this.
    with engine().con.cursor() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register(_RAW, raw)
        columns = [
            f'CAST(NULLIF("{column}", \'\') AS {kind}) AS "{column}"'
            for column, kind in source.types.items()
        ]
        for column, (prefix, kind) in SPREAD.items():
            if column in raw.column_names:
                columns += _spread(database, column, prefix, kind)
        if THEMES in raw.column_names:
            columns += _themes()
        found = database.sql(f"SELECT {', '.join(columns)} FROM {_RAW}")  # noqa: S608
        return found.to_arrow_table()


def _themes() -> list[str]:
    """Return a column per theme: 1, 0, or null where nothing was read or it is switched off."""
    return [
        f"CASE WHEN {THEMES} = '' THEN NULL ELSE CAST(contains({THEMES}, '|{key}|') AS TINYINT)"
        f" END AS {_name(THEME_PREFIX + key)}"
        if is_active
        else f"CAST(NULL AS TINYINT) AS {_name(THEME_PREFIX + key)}"
        for key, is_active in theme_states().items()
    ]


def _spread(database: Any, column: str, prefix: str, kind: str) -> list[str]:
    keys = database.execute(
        f"SELECT DISTINCT unnest(json_keys({column})) AS k FROM {_RAW}"  # noqa: S608
        f" WHERE {column} NOT IN ('', '{{}}') ORDER BY k"
    ).fetchall()
    return [
        f"TRY_CAST(json_extract_string({column}, {_path(key)}) AS {kind}) AS {_name(prefix + key)}"
        for (key,) in keys
    ]


def _path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")
    return f"'$.\"{escaped}\"'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _fetch_sqlite(source: Source, columns: Sequence[str], select: str) -> pa.Table:
    """Return what SQLite has written as lines of CSV; `%w` doubles the quotes within a text."""
    is_text = {name: source.types.get(name, "VARCHAR") == "VARCHAR" for name in columns}
    line = ",".join('"%w"' if text else "%s" for text in is_text.values())
    cells = ", ".join(f"COALESCE(q.{c}, '')" if text else f"q.{c}" for c, text in is_text.items())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT printf('{line}', {cells}) FROM ({select}) q")  # noqa: S608
        lines = "\n".join(chain.from_iterable(cursor.fetchall())).encode()
    texts = dict.fromkeys(columns, pa.string())
    if not lines:
        return pa.schema(texts).empty_table()
    return pa_csv.read_csv(
        pa.BufferReader(lines),
        pa_csv.ReadOptions(column_names=list(columns), block_size=LINES_AT_ONCE),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(column_types=texts),
    )


def _fetch(statement: str) -> pa.Table:
    with dbapi.connect(_postgresql_address()) as opened, opened.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetch_arrow_table()


_PARTS = ("USER", "PASSWORD", "HOST", "PORT", "NAME")


def _postgresql_address() -> str:
    parts = {key: quote(str(connection.settings_dict[key]), safe="") for key in _PARTS}
    port = f":{parts['PORT']}" if parts["PORT"] else ""
    login = f"{parts['USER']}:{parts['PASSWORD']}@" if parts["USER"] else ""
    host = parts["HOST"] if not parts["HOST"].startswith("%2F") else ""
    socket = f"?host={parts['HOST']}" if not host and parts["HOST"] else ""
    return f"postgresql://{login}{host}{port}/{parts['NAME']}{socket}"
