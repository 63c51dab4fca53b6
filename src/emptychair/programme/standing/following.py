"""Keep standings true: after every change of what they rest on, and as the calendar goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from emptychair.programme.customers.building import twelve_months
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now, today
from emptychair.programme.standing.models import Rule

BATCH = 2_000
_CUSTOMERS_OF = {
    "customers": "SELECT id FROM customers_customer WHERE code IN ({changed})",
    "values": "SELECT id FROM customers_customer WHERE code IN ({changed})",
    "invitations": "SELECT customer_id FROM capture_invitation WHERE public_id IN ({changed})",
    "responses": (
        "SELECT customer_id FROM capture_response WHERE public_id IN ({changed})"
        " AND customer_id IS NOT NULL"
        " UNION SELECT customer_id FROM standing_standing WHERE response IN ({changed})"
    ),
}
_COLUMNS = (
    *("unit_id", "account_id", "role", "is_key", "state", "score"),
    *("answered_at", "answered_on", "response", "revenue"),
)
# The latest counted answer decides, ties by the id, as `analysis.customers.buckets` has it.
_STANDINGS = """
    INSERT INTO standing_standing (customer_id, {columns})
    SELECT q.id, q.unit_id, q.account_id, q.role,
           q.account_id IS NOT NULL AND q.role IN ({roles}),
           CASE WHEN q.left_at IS NOT NULL AND q.left_at <= %s THEN 'left'
                WHEN r.id IS NULL AND q.is_asked THEN 'never_answered'
                WHEN r.id IS NULL THEN 'never_asked'
                WHEN r.answered_on < %s THEN 'too_old'
                WHEN r.score >= 9 THEN 'promoter'
                WHEN r.score >= 7 THEN 'passive'
                ELSE 'detractor' END,
           r.score, r.answered_at, r.answered_on, COALESCE(r.public_id, ''), q.revenue
    FROM (SELECT c.id, c.unit_id, c.account_id, c.left_at,
                 SUBSTR(LOWER(COALESCE({role}, '')), 1, 60) AS role,
                 EXISTS (SELECT 1 FROM capture_invitation i
                         WHERE i.customer_id = c.id AND i.sent_at IS NOT NULL) AS is_asked,
                 (SELECT x.id FROM capture_response x
                  WHERE x.customer_id = c.id AND x.held_reason = ''
                  ORDER BY x.answered_at DESC, x.public_id DESC LIMIT 1) AS latest,
                 COALESCE((SELECT SUM(v.revenue) FROM customers_value v
                           WHERE v.customer_id = c.id AND v.month >= %s AND v.month < %s), 0)
                     AS revenue
          FROM customers_customer c WHERE {which}) q
    LEFT JOIN capture_response r ON r.id = q.latest
    WHERE true
    ON CONFLICT (customer_id) DO UPDATE SET {taken}"""
# In words on the page of accounts; unknown is never called safe.
HEALTH_SQL = """
    CASE WHEN SUM(CASE WHEN s.is_key AND s.state = 'detractor' THEN 1 ELSE 0 END) > 0
           OR SUM(CASE WHEN s.state = 'detractor' THEN 1 ELSE 0 END)
              > SUM(CASE WHEN s.state = 'promoter' THEN 1 ELSE 0 END) THEN 'risk'
         WHEN SUM(CASE WHEN s.state IN ('passive', 'promoter') THEN 1 ELSE 0 END) = 0
           OR (SUM(CASE WHEN s.is_key THEN 1 ELSE 0 END) > 0
               AND SUM(CASE WHEN s.is_key AND s.state IN ('passive', 'promoter')
                       THEN 1 ELSE 0 END) = 0) THEN 'unknown'
         ELSE 'safe' END"""
_ACCOUNTS = """
    INSERT INTO standing_accountstanding (account_id, health, contacts, answered, detractors,
        promoters, key_contacts, key_silent, key_detractors, revenue)
    SELECT s.account_id, {health}, COUNT(*),
           SUM(CASE WHEN s.state IN ('detractor', 'passive', 'promoter') THEN 1 ELSE 0 END),
           SUM(CASE WHEN s.state = 'detractor' THEN 1 ELSE 0 END),
           SUM(CASE WHEN s.state = 'promoter' THEN 1 ELSE 0 END),
           SUM(CASE WHEN s.is_key THEN 1 ELSE 0 END),
           SUM(CASE WHEN s.is_key AND s.state IN ('too_old', 'never_answered', 'never_asked')
               THEN 1 ELSE 0 END),
           SUM(CASE WHEN s.is_key AND s.state = 'detractor' THEN 1 ELSE 0 END),
           SUM(s.revenue)
    FROM standing_standing s
    WHERE s.account_id IN ({accounts}) AND s.state <> 'left'
    GROUP BY s.account_id"""


def current_rule() -> Rule:
    """Return what the programme has agreed on, or what holds until it does."""
    return Rule.objects.order_by("pk").first() or Rule()


def oldest_day(rule: Rule, day: date) -> date:
    """Return the first day whose answers still say something of `day`."""
    return day - timedelta(days=rule.oldest_answer_days - 1)


def follow(table: str, first_change: int, last_change: int) -> None:
    """Bring the standings of all customers touched by that range of changes up to date.

    Args:
        table: of the warehouse, whose changes they are; events touch no standing.
        first_change: id of the first change noted.
        last_change: id of the last.
    """
    if table not in _CUSTOMERS_OF:
        return
    changed = (
        f"SELECT key FROM activity_change WHERE \"table\" = '{table}'"  # noqa: S608
        f" AND id BETWEEN {first_change:d} AND {last_change:d}"
    )
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS_OF[table].format(changed=changed))
        customers = sorted({key for (key,) in cursor.fetchall()})
    refresh(customers)


def refresh(customers: Sequence[int]) -> None:
    """Bring the standings of these customers, and of their accounts, up to date."""
    rule, day = current_rule(), today()
    for start in range(0, len(customers), BATCH):
        _refresh_some(rule, day, customers[start : start + BATCH])


def follow_calendar() -> None:
    """Bring every standing in line with today and the rule, once a day and after each change."""
    rule, day = current_rule(), today()
    mark = _mark(rule, day)
    if rule.followed == mark:
        return
    last = 0
    while batch := list(
        Customer.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        _refresh_some(rule, day, batch)
        last = batch[-1]
    # Only what was followed: somebody may have changed the rule meanwhile.
    if not Rule.objects.update(followed=mark):
        Rule.objects.create(followed=mark)


def is_following(rule: Rule) -> bool:
    """Say whether every standing is in line with the rule and with a recent day."""
    agreed = _mark(rule, today()).partition(" ")[2]
    return bool(rule.followed) and rule.followed.partition(" ")[2] == agreed


def _mark(rule: Rule, day: date) -> str:
    agreed = json.dumps([rule.oldest_answer_days, rule.role_trait, sorted(rule.key_roles)])
    return f"{day} {agreed}"[:200]


@transaction.atomic
def _refresh_some(rule: Rule, day: date, customers: Sequence[int]) -> None:
    touched = _accounts_of(customers)
    start, stop = twelve_months(day)
    roles = [role.lower() for role in rule.key_roles] or [""]
    statement = _STANDINGS.format(
        columns=", ".join(_COLUMNS),
        roles=", ".join(["%s"] * len(roles)),
        role=_role_sql(),
        which=f"c.id IN ({_places(customers)})",
        taken=", ".join(f"{name} = excluded.{name}" for name in _COLUMNS),
    )
    adapt = connection.ops.adapt_datefield_value
    moment = connection.ops.adapt_datetimefield_value(now())
    oldest = adapt(oldest_day(rule, day))
    trait = _role_path(rule.role_trait)
    with connection.cursor() as cursor:
        cursor.execute(
            statement, [*roles, moment, oldest, trait, adapt(start), adapt(stop), *customers]
        )
    _refresh_accounts(touched | _accounts_of(customers))


def _role_sql() -> str:
    if connection.vendor == "sqlite":
        return "CAST(json_extract(c.traits, %s) AS TEXT)"
    return "c.traits ->> %s"


def _role_path(trait: str) -> str:
    if connection.vendor == "sqlite":
        return '$."' + trait.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return trait


def _accounts_of(customers: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT account_id FROM standing_standing WHERE account_id IS NOT NULL"  # noqa: S608
            f" AND customer_id IN ({_places(customers)})",
            list(customers),
        )
        return {key for (key,) in cursor.fetchall()}


def _refresh_accounts(accounts: Iterable[int]) -> None:
    wanted = sorted(accounts)
    if not wanted:
        return
    places = _places(wanted)
    statement = _ACCOUNTS.format(health=HEALTH_SQL, accounts=places)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM standing_accountstanding WHERE account_id IN ({places})",  # noqa: S608
            wanted,
        )
        cursor.execute(statement, wanted)


def _places(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))
