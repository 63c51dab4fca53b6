"""A large made-up company, written by PostgreSQL itself: a few minutes where rows would take hours.

Ids, moments and words follow from the row's number, so that two fillings are alike. Rows of one
table stand in the order of time, as they do where they came one by one.
"""

import time
from collections.abc import Iterator

from django.db import connection

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.capture.models import Link, Survey, Wording
from emptychair.programme.capture.services import add_standard_wordings
from emptychair.programme.closedloop.models import Rule
from emptychair.programme.comments.services import install_themes
from emptychair.programme.customers.models import Segment
from emptychair.programme.lib.clock import today
from emptychair.programme.standing.following import HEALTH_SQL

OWNER, MANAGER = "owner@example.com", "manager@example.com"
UNITS = 200
DAYS = 1_095
HANDLER = "capture.sending.send_invitation"
WORDS = (
    *("kassan", "personalen", "leveransen", "priset", "butiken", "alltid", "vänlig", "snabb"),
    *("långsam", "kön", "väntade", "timme", "igen", "faktura", "fel", "hjälp", "tack", "bra"),
    *("dålig", "service", "varan", "trasig", "ny", "kvalitet", "app", "inloggning", "krånglig"),
    *("enkel", "rekommenderar", "aldrig", "mer", "köper", "gärna", "tillbaka", "telefon", "svar"),
)
_FUNCTIONS = f"""
    CREATE FUNCTION pg_temp.h(i bigint, salt int) RETURNS int STABLE LANGUAGE sql
        AS $$ SELECT hashint8(i * 64 + salt) & 2147483647 $$;
    CREATE FUNCTION pg_temp.id(kind text, i bigint) RETURNS text STABLE LANGUAGE sql
        AS $$ SELECT substr(md5(kind || i), 1, 22) $$;
    CREATE FUNCTION pg_temp.sha(text text) RETURNS text STABLE LANGUAGE sql
        AS $$ SELECT encode(sha256(text::bytea), 'hex') $$;
    CREATE FUNCTION pg_temp.word(i bigint, salt int) RETURNS text STABLE LANGUAGE sql
        AS $$ SELECT ('{{{",".join(WORDS)}}}'::text[])[1 + pg_temp.h(i, salt) % {len(WORDS)}] $$;
    CREATE FUNCTION pg_temp.ago(i bigint, n bigint) RETURNS timestamptz STABLE LANGUAGE sql
        AS $$ SELECT now() - (n - i) * (interval '{DAYS} days' / n) $$"""

# One in ten comments holds a word that hardly any other has.
_COMMENT = """
    CASE WHEN pg_temp.h(i, 1) % 10 < 3 THEN concat_ws(' ', pg_temp.word(i, 2), pg_temp.word(i, 3),
        pg_temp.word(i, 4), pg_temp.word(i, 5), pg_temp.word(i, 6), pg_temp.word(i, 7),
        CASE WHEN pg_temp.h(i, 8) % 10 = 0 THEN 'ord' || pg_temp.h(i, 9) % 200000 END)
    ELSE '' END"""
# More who are content than not, as in most companies.
_SCORE = "('{{0,2,4,5,6,6,7,7,8,8,8,9,9,9,9,10,10,10,10,10}}'::int[])[1 + pg_temp.h(i, 10) % 20]"
_ACCOUNTS = """
    INSERT INTO customers_account (code, name)
    SELECT 'a' || i, 'Firm ' || i FROM generate_series(1, {accounts}) i"""
_CUSTOMERS = """
    INSERT INTO customers_customer (code, account_id, unit_id, language, country, contactable,
        created_at, left_at, left_reason, traits, source)
    SELECT 'c' || i, CASE WHEN i % 5 = 0 THEN 1 + i % {accounts} END,
        (SELECT min(id) FROM accounts_unit) + i % {units}, 'sv',
        CASE WHEN i % 3 = 0 THEN 'DK' ELSE 'SE' END, i % 50 > 0,
        now() - pg_temp.h(i, 11) % 2000 * interval '1 day',
        CASE WHEN i % 20 = 7 THEN now() - pg_temp.h(i, 12) % 700 * interval '1 day' END, '',
        jsonb_build_object('size', i % 100, 'level', CASE WHEN i % 7 = 0 THEN 'gold' ELSE 'base'
            END, 'role', CASE WHEN i % 10 = 0 THEN 'decision maker' ELSE 'user' END), ''
    FROM generate_series(1, {customers}) i"""
_CONTACTS = """
    INSERT INTO customers_contact (customer_id, name, email, phone)
    SELECT i, initcap(substr(md5('f' || i % 3000), 1, 6)) || ' '
            || initcap(substr(md5('l' || pg_temp.h(i, 13) % 40000), 1, 8)),
        'c' || i || '@example.com', CASE WHEN i % 4 = 0 THEN '+4670' || i ELSE '' END
    FROM generate_series(1, {customers}) i"""
_MEMBERS = """
    INSERT INTO customers_membership (customer_id, segment_id)
    SELECT i, s.id FROM customers_segment s, generate_series(1, {customers}) i
    WHERE i % (5 + s.priority) = 0"""
_SAID_NO = """
    INSERT INTO customers_suppression (address_hash, reason, at)
    SELECT pg_temp.sha('no' || i), 'unsubscribed', now() FROM generate_series(1, {customers} / 40) i
    """
_MESSAGES = """
    INSERT INTO customers_message (public_id, contact_id, channel, about, text, at, read_by)
    SELECT pg_temp.id('m', i), 1 + pg_temp.h(i, 14) % {customers}, 'email', '', 'Hej', """ + (
    """pg_temp.ago(i, {customers} / 100), '' FROM generate_series(1, {customers} / 100) i"""
)
_EVENTS = """
    INSERT INTO customers_event (customer_id, at, kind, amount)
    SELECT 1 + pg_temp.h(i, 15) % {customers}, pg_temp.ago(i, 2 * {customers}),
        ('{{purchase,purchase,login,support,complaint,renewal}}'::text[])[1 + i % 6],
        CASE WHEN i % 6 < 2 THEN pg_temp.h(i, 16) % 90000 / 100.0 END
    FROM generate_series(1, 2 * {customers}::bigint) i"""
_VALUES = """
    INSERT INTO customers_value (customer_id, month, revenue)
    SELECT i, (date_trunc('month', now()) - m * interval '1 month')::date,
        pg_temp.h(i * 8 + m, 17) % 90000 / 100.0
    FROM generate_series(1, 3) m, generate_series(1, {customers}::bigint) i"""
# Four of ten asks are answered, the last few wait for their hour.
_ASKS = """
    INSERT INTO capture_invitation (public_id, token_hash, customer_id, survey_id, channel, unit,
        employee, event_id, planned_at, sent_at, answered_at, expires_at, outcome,
        suppressed_reason, message_id)
    SELECT pg_temp.id('i', i), CASE WHEN i <= {sent} THEN pg_temp.sha('token' || i) END, c,
        {first_survey} + i % 2, 'email', 'u' || c % {units}, '',
        CASE WHEN i % 2 = 1 AND i < 4 * {customers} THEN (i + 1) / 2 END, at,
        CASE WHEN i <= {sent} AND i % 20 > 0 THEN at END,
        CASE WHEN i % 5 < 2 AND i <= {sent} AND i % 20 > 0 THEN at + interval '1 day' END,
        at + interval '60 days',
        CASE WHEN i > {sent} THEN 'planned' WHEN i % 20 = 0 THEN 'suppressed'
             WHEN i % 5 < 2 THEN 'answered' ELSE 'sent' END,
        CASE WHEN i <= {sent} AND i % 20 = 0 THEN 'quarantine_asked_any' ELSE '' END, ''
    FROM (SELECT i, 1 + (i * 7919) % {customers} AS c,
            CASE WHEN i <= {sent} THEN pg_temp.ago(i, {sent})
                 ELSE now() + (i - {sent} - {due}) * interval '1 second' END AS at
          FROM generate_series(1, {sent} + {planned}::bigint) i) k"""
# The asks with an answer, each once; then those who came by a link or another program's word.
_ANSWERS = """
    INSERT INTO capture_response (public_id, survey_id, invitation_id, customer_id, wording_id,
        score, comment, ratings, contact_wanted, language, channel, unit, employee, touchpoint,
        traits, asked_at, answered_at, answered_on, changed_at, held_reason, source)
    SELECT pg_temp.id('r', i),
        CASE WHEN ask IS NOT NULL THEN {first_survey} + ask % 2 ELSE {first_survey} + 2 END, ask,
        CASE WHEN ask IS NOT NULL THEN 1 + (ask * 7919) % {customers}
             WHEN i % 5 > 2 THEN 1 + (i * 104729) % {customers} END,
        {first_wording}, """ + (
    _SCORE
    + ", "
    + _COMMENT
    + """, '{{}}', i % 40 = 0, 'sv',
        CASE WHEN ask IS NOT NULL THEN 'email' WHEN i % 5 > 2 THEN 'api' ELSE 'link' END,
        'u' || CASE WHEN ask IS NOT NULL THEN (1 + (ask * 7919) % {customers}) % {units}
             ELSE pg_temp.h(i, 18) % {units} END,
        '', '', '{{"level": "base"}}', NULL, at, (at AT TIME ZONE 'Europe/Stockholm')::date, at,
        CASE WHEN i % 100 = 0 THEN 'too_fast' WHEN i % 1000 = 1 THEN 'one_source' ELSE '' END,
        ''
    FROM (SELECT i, at, CASE WHEN i % 5 < 2 AND i % 20 > 0 THEN i END AS ask
          FROM (SELECT i, pg_temp.ago(i, {responses}) AS at
                FROM generate_series(1, {responses}::bigint) i) j) k"""
)
_LEDGER = """
    INSERT INTO capture_ledgerentry (submission_id, response_id, kind, body, digest, at)
    SELECT md5('s' || r.id)::uuid::text, r.public_id, 'answer',
        jsonb_build_object('score', r.score, 'comment', r.comment, 'language', 'sv'),
        pg_temp.sha('d' || r.id), r.answered_at
    FROM capture_response r ORDER BY r.id"""
# Two of each answer's number: that it came, and that an ask was sent.
_HAPPENED = """
    INSERT INTO activity_activity (action, subject, actor, at, details, dispatched)
    SELECT CASE WHEN i % 2 = 0 THEN 'response.recorded' ELSE 'invitation.sent' END,
        CASE WHEN i % 2 = 0 THEN pg_temp.id('r', i / 2) ELSE pg_temp.id('i', (i + 1) / 2) END, '',
        pg_temp.ago(i, 2 * {responses}),
        CASE WHEN i % 2 = 0 THEN '{{"score": 9, "bucket": "promoter"}}'
             ELSE '{{"attempt": 1, "uncertain": false}}' END::jsonb, i < 2 * {responses} - {new}
    FROM generate_series(1, 2 * {responses}::bigint) i"""
_OWED = """
    INSERT INTO activity_delivery (activity_id, handler, state, due_at, leased_by, attempts, error)
    SELECT i, '{handler}', CASE WHEN i % 60 = 0 THEN 'dead' ELSE 'due' END,
        now() + (i - {planned} / 2) * interval '1 second', '', 0,
        CASE WHEN i % 60 = 0 THEN 'refused' ELSE '' END
    FROM generate_series(1, {planned}::bigint) i"""
_CHANGES = """
    INSERT INTO activity_change ("table", key)
    SELECT 'responses', pg_temp.id('r', {responses} - i) FROM generate_series(0, {new} - 1) i
    UNION ALL SELECT 'invitations', pg_temp.id('i', {sent} - i) FROM generate_series(0, {new} - 1) i
    UNION ALL SELECT t, 'c' || i FROM unnest('{{customers,values,events}}'::text[]) t,
        generate_series(1, {new} / 2) i"""
_READINGS = """
    INSERT INTO comments_commentreading (response_id, language, themes, sentiment, triage,
        why_unusable, folded, digest, version)
    SELECT id, 'sv', CASE WHEN id % 3 = 0 THEN '|price|' WHEN id % 7 = 0 THEN '|waiting|staff|'
        ELSE '|' END, CASE WHEN score < 7 THEN 'negative' ELSE 'positive' END,
        CASE WHEN id % 50 = 0 THEN 'question' ELSE 'none' END, '',
        translate(lower(comment), 'åäö', 'aao'), md5('sv|' || comment), 1
    FROM capture_response WHERE comment <> '' AND id <= {responses} - {new} ORDER BY id"""
_CASES = """
    INSERT INTO closedloop_case (public_id, about, response_id, customer_id, rule_id, kind, unit,
        owner_id, state, opened_at, due_at, closed_at, outcome, root_cause, is_holdout)
    SELECT pg_temp.id('k', id), 'answer', id, customer_id, {rule}, 'unhappy', unit,
        CASE WHEN id % 3 = 0 THEN {manager} END,
        CASE WHEN n > {open} THEN 'closed'
             ELSE ('{{new,claimed,contacted,waiting}}'::text[])[1 + id % 4] END,
        answered_at, answered_at + interval '8 hours',
        CASE WHEN n > {open} THEN answered_at + interval '3 days' END,
        CASE WHEN n > {open} THEN 'recovered' ELSE '' END, '', false
    FROM (SELECT *, row_number() OVER (ORDER BY id DESC) AS n FROM capture_response
          WHERE score < 5 AND customer_id IS NOT NULL AND held_reason = '') r
    WHERE n <= {open} + {responses} / 25 ORDER BY r.id"""
_NOTES = """
    INSERT INTO closedloop_note (case_id, at, step, text)
    SELECT id, opened_at, 'opened', 'Unhappy' FROM closedloop_case"""
_PROMISES = """
    INSERT INTO closedloop_promise (public_id, case_id, text, due_on, made_at, kept_at)
    SELECT pg_temp.id('p', id), id, 'Call again', opened_at::date + 7, opened_at, closed_at
    FROM closedloop_case WHERE id % 5 = 0"""
_STANDINGS = """
    INSERT INTO standing_standing (customer_id, unit_id, account_id, role, is_key, state, score,
        answered_at, answered_on, response, revenue)
    SELECT c.id, c.unit_id, c.account_id, c.traits ->> 'role',
        c.account_id IS NOT NULL AND c.id % 10 = 0,
        CASE WHEN c.left_at <= now() THEN 'left' WHEN r.id IS NULL THEN 'never_answered'
             WHEN r.answered_at < now() - interval '365 days' THEN 'too_old'
             WHEN r.score > 8 THEN 'promoter' WHEN r.score > 6 THEN 'passive' ELSE 'detractor' END,
        r.score, r.answered_at, r.answered_on, coalesce(r.public_id, ''), coalesce(v.revenue, 0)
    FROM customers_customer c
    LEFT JOIN (SELECT customer_id, max(id) AS id FROM capture_response WHERE held_reason = ''
               GROUP BY customer_id) l ON l.customer_id = c.id
    LEFT JOIN capture_response r ON r.id = l.id
    LEFT JOIN (SELECT customer_id, sum(revenue) AS revenue FROM customers_value
               GROUP BY customer_id) v ON v.customer_id = c.id"""
_ACCOUNT_STANDINGS = """
    INSERT INTO standing_accountstanding (account_id, health, contacts, answered, detractors,
        promoters, key_contacts, key_silent, key_detractors, revenue)
    SELECT s.account_id, {health}, count(*),
        count(*) FILTER (WHERE s.score IS NOT NULL), count(*) FILTER (WHERE s.score < 7),
        count(*) FILTER (WHERE s.score > 8), count(*) FILTER (WHERE s.is_key), 0, 0, sum(s.revenue)
    FROM standing_standing s WHERE s.account_id IS NOT NULL AND s.state <> 'left'
    GROUP BY s.account_id"""
_ORIGINS = """
    INSERT INTO capture_origin (response, link, source, network, at, is_judged)
    SELECT public_id, pg_temp.id('l', pg_temp.h(id, 19) % {units}),
        substr(md5('a' || pg_temp.h(id, 20) % 100000), 1, 16),
        substr(md5('n' || pg_temp.h(id, 20) % 2000), 1, 16), answered_at, id < {responses} - {new}
    FROM capture_response WHERE channel = 'link' AND answered_at > now() - interval '7 days'
    ORDER BY id"""
_CANDIDATES = """
    INSERT INTO advocacy_candidate (customer_id, score, comment, answered_at, unit, response_id)
    SELECT s.customer_id, s.score, r.comment, s.answered_at, r.unit, r.id
    FROM standing_standing s JOIN capture_response r ON r.public_id = s.response
    ORDER BY s.answered_at DESC LIMIT 20000"""
_CHANCES = """
    INSERT INTO relations_chance (customer_id, p_detractor, p_passive, p_promoter, p_detractor_low,
        p_detractor_high, possible, given_on)
    SELECT customer_id, p / 3, p / 3, 1 - 2 * p / 3, p / 4, p / 2, '', now()::date
    FROM (SELECT customer_id, pg_temp.h(customer_id, 21) / 2147483647.0 AS p
          FROM standing_standing WHERE state IN ('too_old', 'never_answered')) q"""
_STEPS = {
    "customers_account": _ACCOUNTS,
    "customers_customer": _CUSTOMERS,
    "customers_contact": _CONTACTS,
    "customers_membership": _MEMBERS,
    "customers_suppression": _SAID_NO,
    "customers_message": _MESSAGES,
    "customers_event": _EVENTS,
    "customers_value": _VALUES,
    "capture_invitation": _ASKS,
    "capture_response": _ANSWERS,
    "capture_ledgerentry": _LEDGER,
    "activity_activity": _HAPPENED,
    "activity_delivery": _OWED,
    "activity_change": _CHANGES,
    "comments_commentreading": _READINGS,
    "closedloop_case": _CASES,
    "closedloop_note": _NOTES,
    "closedloop_promise": _PROMISES,
    "standing_standing": _STANDINGS,
    "standing_accountstanding": _ACCOUNT_STANDINGS,
    "capture_origin": _ORIGINS,
    "advocacy_candidate": _CANDIDATES,
    "relations_chance": _CHANCES,
}


def fill(responses: int, customers: int) -> Iterator[tuple[str, float]]:
    """Fill an empty database; yield each table with the seconds it took, indexes included."""
    known = {**_prepare(), **_sizes(responses, customers)}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # right as made: nothing to check
        cursor.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'; SET jit = off")
        cursor.execute(_FUNCTIONS)
        for table, statement in _STEPS.items():
            began = time.monotonic()
            indexes = _without_indexes(cursor, table)
            cursor.execute(statement.format(**known))
            for index in indexes:
                cursor.execute(index)
            cursor.execute(f"ANALYZE {table}")
            yield table, time.monotonic() - began
        cursor.execute("SET session_replication_role = origin")
        began = time.monotonic()
        cursor.execute("VACUUM (ANALYZE)")  # as autovacuum leaves it
        yield "all, vacuumed", time.monotonic() - began
        cursor.execute("RESET ALL")


def _prepare() -> dict[str, object]:
    """Make by hand what there is little of; return the keys that statements need."""
    top = Unit.objects.create(code="u0", name="Unit 0", country="SE")
    Unit.objects.bulk_create(
        [
            Unit(code=f"u{n}", name=f"Unit {n}", country="SE", parent=top if n < 10 else None)
            for n in range(1, UNITS)
        ]
    )
    User.objects.create_user(OWNER, "a long enough password", name="Owner", role=Role.OWNER)
    manager = User.objects.create_user(
        MANAGER, "a long enough password", name="Manager", role=Role.MANAGER,
        unit=Unit.objects.get(code="u33"),
    )  # fmt: skip
    first = Survey.objects.create(
        slug="relationship", name="Relationship", state="open", asks_from=today(), cadence_days=360,
        channel="email",
    )  # fmt: skip
    Survey.objects.create(
        slug="purchase", name="After a purchase", state="open", kind="transactional",
        event_kind="purchase", asks_from=today(), reminder_days=5, channel="email",
    )  # fmt: skip
    anyone = Survey.objects.create(slug="anyone", name="Anyone", state="open")
    for survey in Survey.objects.all():
        add_standard_wordings(survey)
    install_themes()
    Segment.objects.bulk_create(
        [Segment(slug=f"s{n}", name=f"Segment {n}", priority=n, is_key=n < 3) for n in range(1, 6)]
    )
    rule = Rule.objects.create(name="Unhappy", is_on=True, condition={"scores": [0, 6]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT substr(md5('l' || n), 1, 22) FROM generate_series(0, 199) n")
        ids = [key for (key,) in cursor.fetchall()]
    units = list(Unit.objects.order_by("pk"))
    Link.objects.bulk_create(
        [
            Link(
                public_id=key, survey=anyone, unit=unit, channel="kiosk" if n % 10 == 0 else "link"
            )
            for n, (key, unit) in enumerate(zip(ids, units, strict=True))
        ]
    )
    return {
        "first_survey": first.pk,
        "first_wording": Wording.objects.order_by("pk")[0].pk,
        "rule": rule.pk,
        "manager": manager.pk,
        "handler": HANDLER,
        "health": HEALTH_SQL,
        "units": UNITS,
    }


def _sizes(responses: int, customers: int) -> dict[str, int]:
    planned = max(60, customers // 60)
    return {
        "responses": responses,
        "customers": customers,
        "accounts": max(1, customers // 50),
        "sent": responses,
        "planned": planned,
        "due": planned // 20,
        "open": max(20, customers // 60),
        "new": min(5_000, responses // 50),
    }


def _without_indexes(cursor, table: str) -> list[str]:
    """Take away the indexes that no constraint needs; return what makes them again."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = %s::regclass"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [table],
    )
    found = cursor.fetchall()
    unique = _unique(cursor, table)
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    for name, _definition in unique:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    made = [f"ALTER TABLE {table} ADD CONSTRAINT {n} {definition}" for n, definition in unique]
    return [*made, *(definition for _name, definition in found)]


def _unique(cursor, table: str) -> list[tuple[str, str]]:
    """Return the unique constraints on which no other table's foreign key rests."""
    cursor.execute(
        "SELECT quote_ident(c.conname), pg_get_constraintdef(c.oid) FROM pg_constraint c"
        " WHERE c.conrelid = %s::regclass AND c.contype = 'u' AND NOT EXISTS"
        " (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)",
        [table],
    )
    return list(cursor.fetchall())
