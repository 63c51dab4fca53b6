"""B8: first load of the warehouse, many changed rows, one erasure; from both databases.

The floor is the bare SELECT of the same columns of the same rows: what the database and its driver
take to hand them over, before anything is written.
"""

import json
from collections.abc import Iterator
from contextlib import nullcontext

from reliability.harness import installation
from tools import postgres

from benchmarks.harness import Figure

ROWS = {"small": 100_000, "medium": 1_000_000, "full": 10_000_000}
CUSTOMERS_TO_ROWS = 5
MAKE = {
    "sqlite": """
WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {rows})
INSERT INTO {into} FROM n""",
    "postgresql": "INSERT INTO {into} FROM generate_series(0, {rows} - 1) AS n(n)",
}
LOAD = """
import json
from datetime import timedelta
from benchmarks.harness import timed
from django.db import connection
from emptychair.programme.activity.models import Change
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now, today
from emptychair.programme.warehouse import services, store, tables
from emptychair.programme.warehouse.engine import engine
from emptychair.programme.warehouse.copying import RESPONSES

ROWS, CUSTOMERS, MAKE = {rows}, {customers}, {make!r}
survey, moment, day = Survey.objects.get().pk, now().isoformat(), today()
text = "CAST({} AS TEXT)".format
# Answers lie in the order in which they came, over a thousand days.
on = (f"date('{day}', '-' || (1000 - n * 1000 / {ROWS}) || ' days')"
      if connection.vendor == "sqlite"
      else f"DATE '{day}' - CAST(1000 - CAST(n AS bigint) * 1000 / {ROWS} AS integer)")
# Their ids are scattered, as random ids are.
id_ = f"'r' || {text('(n * 7919) % 1000003')} || '-' || {text('n')}"
no, yes = ("0", "1") if connection.vendor == "sqlite" else ("false", "true")

def fill(into, rows):
    with connection.cursor() as cursor:
        cursor.execute(MAKE.replace("{into}", into).replace("{rows}", str(rows)))

fill("customers_customer (code, source, language, country, contactable, created_at, left_reason,"
     f" traits) SELECT 'c' || {text('n')}, '', 'sv', 'SE', {yes}, '{moment}', '', '{{}}'",
     CUSTOMERS)
first = Customer.objects.order_by("pk").first().pk
fill("capture_response (public_id, survey_id, customer_id, score, comment, ratings, contact_wanted,"
     " language, channel, unit, employee, touchpoint, traits, answered_at, answered_on, changed_at,"
     f" held_reason, source) SELECT {id_}, {survey}, {first} + n % {CUSTOMERS}, n % 11, '', '{{}}',"
     f" {no}, 'sv', 'email', 'unit' || {text('n % 20')}, '', '', '{{}}', '{moment}', {on},"
     f" '{moment}', '', ''", ROWS)
fill('activity_change ("table", key)' + f" SELECT 'responses', {id_}", ROWS)
fill('activity_change ("table", key)' + f" SELECT 'customers', 'c' || {text('n')}", CUSTOMERS)
if connection.vendor == "postgresql":
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
engine()  # the engine's own start is not what is measured

def copy(name):
    while services.copy_changes(name):
        pass

def bare():
    with connection.cursor() as cursor:
        cursor.execute(RESPONSES.select)
        while cursor.fetchmany(100_000):
            pass

taken = {"bare": timed(bare), "customers": timed(lambda: copy("customers")),
         "responses": timed(lambda: copy("responses")), "sums": timed(services.refresh_layer)}
changed = list(Response.objects.order_by("-pk").values_list("pk", "public_id")[:10_000])
Response.objects.filter(pk__in=[pk for pk, _ in changed]).update(score=3)
mark_changed("responses", [public_id for _, public_id in changed])
taken["changed"] = timed(services.synchronise)
erase(Customer.objects.get(pk=first + 7))
taken["erased"] = timed(services.synchronise)
taken["maintained"] = timed(services.maintain)
there = tables.responses().count().to_pyarrow().as_py()
assert there == Response.objects.count() and not Change.objects.exists(), there
print(json.dumps(taken))
"""


def run(size: str) -> list[Figure]:
    """Load a fresh installation from each database and time each step inside it."""
    return [*_measured("sqlite", ROWS[size]), *_measured("postgresql", ROWS[size])]


def _measured(vendor: str, rows: int) -> Iterator[Figure]:
    server = postgres.server() if vendor == "postgresql" else nullcontext("")
    code = LOAD.replace("{rows}", str(rows), 1).replace("{make!r}", repr(MAKE[vendor]), 1)
    code = code.replace("{customers}", str(rows // CUSTOMERS_TO_ROWS), 1)
    with server as address, installation(address) as under_test:
        under_test.prepare()
        taken = json.loads(under_test.run_code(code))
    copied, bare = taken["responses"], taken["bare"]
    of = f"{vendor}, {rows:,} rows"
    yield Figure("B8", f"first load, {of}", rows / copied[0], "rows/s",
                 at_least=200_000)  # fmt: skip
    yield Figure("B8", f"processor time of it, {of}", copied[1], "s", "of our process")
    yield Figure("B8", f"first load / bare SELECT, {of}", copied[0] / bare[0], "x")
    yield Figure("B8", f"customers, {of}", taken["customers"][0], "s")
    yield Figure("B8", f"all sums, {of}", taken["sums"][0], "s")
    yield Figure("B8", f"10,000 changed rows, {of}", taken["changed"][0], "s", at_most=3)
    yield Figure("B8", f"erasure of one customer, {of}", taken["erased"][0], "s", at_most=10)
    yield Figure("B8", f"compaction, {of}", taken["maintained"][0], "s")
