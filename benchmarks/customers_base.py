"""A company of many customers, made and measured inside an installation (see B16)."""

# ruff: noqa: E402  Django must be set up before its models are imported

import django

django.setup()

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.test import Client

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.capture.models import Survey
from emptychair.programme.customers import building
from emptychair.programme.customers.models import Account
from emptychair.programme.customers.services import plan_segment
from emptychair.programme.lib.clock import today
from emptychair.programme.relations.previewing import preview
from emptychair.programme.standing import following
from emptychair.programme.warehouse import services

EMAIL = "bench@example.com"
UNITS = 20
KINDS = ("purchase", "login", "support", "complaint", "renewal")  # one of each per customer
RULE = [
    {"field": "country", "is": ["SE"]},
    {"field": "trait:size", "at_least": 50},
    {"field": "event:purchase", "days": 180, "at_least": 1},
    {"field": "revenue", "at_least": 100},
]


_PEOPLE = """
    INSERT INTO customers_customer (id, code, account_id, unit_id, language, country, contactable,
        created_at, left_reason, traits, source)
    {keys}
    SELECT i, 'c' || i, CASE WHEN i % 5 = 0 THEN 1 + i % {accounts} END, 1 + i % {units}, 'sv',
        CASE WHEN i % 3 = 0 THEN 'DK' ELSE 'SE' END, 1,
        DATETIME('now', '-' || (i % 2000) || ' days'), '',
        '{{"size": ' || (i % 100)
            || ', "level": "' || (CASE WHEN i % 7 = 0 THEN 'gold' ELSE 'base' END)
            || '", "role": "' || (CASE WHEN i % 10 = 0 THEN 'decision maker' ELSE 'user' END)
            || '"}}',
        '' FROM k"""
_CONTACTS = """
    INSERT INTO customers_contact (customer_id, name, email, phone)
    SELECT id, 'Person ' || id, code || '@example.com', '' FROM customers_customer"""
_EVENTS = """
    INSERT INTO customers_event (customer_id, at, kind)
    SELECT id, DATETIME('now', '-' || ABS(RANDOM() % 700) || ' days'), '{kind}'
    FROM customers_customer"""
_VALUES = """
    INSERT INTO customers_value (customer_id, month, revenue)
    SELECT id, '{month}', ABS(RANDOM() % 90000) / 100.0 FROM customers_customer"""
_ASKS = """
    INSERT INTO capture_invitation (public_id, customer_id, survey_id, channel, unit, employee,
        planned_at, sent_at, outcome, suppressed_reason, message_id)
    SELECT 'i' || id, id, {survey}, 'email', '', '', DATETIME('now'), DATETIME('now'), 'sent',
        '', ''
    FROM customers_customer WHERE id % 4 > 0"""
_ANSWERS = """
    INSERT INTO capture_response (public_id, survey_id, customer_id, score, comment, ratings,
        contact_wanted, language, channel, unit, employee, touchpoint, traits, answered_at,
        answered_on, changed_at, held_reason, source, is_unconfirmed, clock)
    SELECT 'r' || id, {survey}, id, ABS(RANDOM() % 11), '', '{{}}', 0, 'sv', 'email',
        'u' || (id % {units}), '', '', '{{}}', DATETIME('now', '-' || (id % 600) || ' days'),
        DATE('now', '-' || (id % 600) || ' days'), DATETIME('now'), '', '', 0, ''
    FROM customers_customer WHERE id % 2 = 1"""
_CHANGED = """
    INSERT INTO activity_change ("table", key)
    SELECT '{table}', code FROM customers_customer"""


def fill(customers: int) -> None:
    """Make so many customers, five events and three months of value each, in SQLite."""
    survey = Survey.objects.get().pk
    Unit.objects.bulk_create([Unit(code=f"u{i}", name=f"Unit {i}") for i in range(UNITS)])
    accounts = max(1, customers // 50)
    Account.objects.bulk_create([Account(code=f"a{i}", name=f"Firm {i}") for i in range(accounts)])
    keys = f"WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < {customers})"
    known = {"keys": keys, "accounts": accounts, "units": UNITS, "survey": survey}
    statements = [_PEOPLE, _CONTACTS, *(_EVENTS.replace("{kind}", kind) for kind in KINDS)]
    statements += [_VALUES.replace("{month}", month) for month in _months()]
    statements += [_ASKS, _ANSWERS]
    statements += [_CHANGED.replace("{table}", name) for name in ("customers", "values", "events")]
    statements += ["INSERT INTO activity_change (\"table\", key) SELECT 'responses', public_id"
                   " FROM capture_response"]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")  # a fill that is cut short is made anew
        cursor.execute("PRAGMA cache_size = -800000")
        for statement in statements:
            cursor.execute(statement.format(**known) if "{" in statement else statement)
    User.objects.create_user(EMAIL, "a long enough password", name="B", role="owner")


def _months() -> list[str]:
    month, found = today().replace(day=1), []
    for _ in range(3):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month.isoformat())
    return found


def measure(customers: int) -> None:
    """Print name and seconds of each piece of work, median of five where it repeats."""
    _print("every standing anew", _once(following.follow_calendar))
    _print("facts copied to the warehouse", _once(_copy_facts))
    gold = {"slug": "gold", "name": "Gold", "priority": 1, "is_key": True, "actor": ""}
    plan_segment(**gold, rule=[{"field": "trait:level", "is": ["gold"]}])
    _print("segment built", _once(building.build_segments))
    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(User.objects.get(email=EMAIL))
    middle = customers // 2
    for name, address in (
        ("list, everybody", "/customers/"),
        ("list, detractors", "/customers/?state=detractor"),
        ("list, silent of a unit", "/customers/?state=never_asked&unit=u3"),
        ("list by latest answer", "/customers/?sort=-answered_on"),
        ("list of a segment", "/customers/?segment=gold"),
        ("list, search by name", f"/customers/?search=Person+{middle}"),
        ("list, page 100", "/customers/?page=100"),
        ("accounts", "/customers/accounts/"),
        ("customer page", f"/customers/{middle}/"),
        ("segments", "/customers/segments/"),
    ):
        _print(name, _median(lambda address=address: _open(client, address)))
    _print("segment preview", _median(lambda: preview(RULE)))


def _copy_facts() -> None:
    """Copy what previews read. Answers are measured by B8."""
    for name in ("customers", "values", "events"):
        while services.copy_changes(name):
            pass


def _open(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)


def _once(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _median(work: Callable[[], object], rounds: int = 5) -> float:
    work()
    return statistics.median(_once(work) for _ in range(rounds))


def _print(name: str, seconds: float) -> None:
    print(f"{name}\t{seconds}", flush=True)
