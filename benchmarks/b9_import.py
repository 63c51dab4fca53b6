"""B9: a large CSV of responses comes in: read and previewed, written, taken back.

The floor is what no import can do without: Python's `csv` over the same file and one `executemany`
of its cells into a bare table of the same database file, in one transaction. It checks nothing,
links nothing to a customer and can undo nothing.
"""

import json

from reliability.harness import installation

from benchmarks.harness import Figure

ROWS = {"small": 20_000, "medium": 200_000, "full": 1_000_000}
ROWS_TO_REFUSED = 1_000  # every so many rows a score is none
IMPORT = """
import csv, json, resource, sqlite3
from datetime import date, timedelta
from pathlib import Path
from benchmarks.harness import timed
from django.conf import settings
from emptychair.programme.accounts.models import User
from emptychair.programme.capture.models import LedgerEntry, Response
from emptychair.programme.customers.models import Customer
from emptychair.programme.exchange import services
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.running import work_off

ROWS, REFUSED = {rows}, {refused}
path = Path(settings.MEDIA_ROOT).parent / "large.csv"
first = date(2023, 1, 1)
with path.open("w", newline="") as file:
    write = csv.writer(file).writerow
    write(["response_id", "customer_id", "answered_on", "score", "comment", "unit", "channel"])
    for n in range(ROWS):
        score = "many" if n % REFUSED == 7 else n % 11
        said = f"Svarade snabbt, men leveransen {n} dröjde" if n % 3 == 0 else ""
        write([f"A-{n}", f"K{n * 7919 % (ROWS // 10)}", first + timedelta(n * 1000 // ROWS),
               score, said, f"unit{n % 20}", ("email", "sms")[n % 2]])
by = User.objects.create(email="bench@example.com", name="Bench")

def bare():
    with sqlite3.connect(path.with_name("bare.sqlite3"), isolation_level=None) as database:
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN")
        database.execute("CREATE TABLE answers (a PRIMARY KEY, b, c, d, e, f, g)")
        with path.open(newline="") as file:
            rows = csv.reader(file)
            next(rows)
            database.executemany("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        database.execute("COMMIT")

def read():
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(1 << 20), b"")
        services.upload(kind="responses", name="large.csv", chunks=chunks,
                        size=path.stat().st_size, by=by)
    assert work_off() == 1

def write():
    imported = Import.objects.get()
    assert imported.state == "ready", (imported.state, imported.problem)
    services.confirm(imported, survey="new", survey_name="Large", survey_kind="relationship", by=by)
    assert work_off() == 1

def undo():
    services.undo(Import.objects.get(), by=by)
    assert work_off() == 1

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
taken = {"read": timed(read), "written": timed(write)}
imported = Import.objects.get()
bad = sum(n % REFUSED == 7 for n in range(ROWS))
assert (imported.state, imported.refused_rows, imported.added_rows) == ("done", bad, ROWS - bad)
assert Response.objects.count() == LedgerEntry.objects.count() == ROWS - bad
taken["undone"] = timed(undo)
assert not Response.objects.exists() and not Customer.objects.exists()
taken["memory"] = before / 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
taken["bare"] = timed(bare)
print(json.dumps(taken))
"""


def run(size: str) -> list[Figure]:
    """Bring the file into a fresh installation and time each step inside it."""
    rows = ROWS[size]
    with installation() as under_test:
        under_test.prepare()
        code = IMPORT.replace("{rows}", str(rows), 1).replace("{refused}", str(ROWS_TO_REFUSED), 1)
        taken = json.loads(under_test.run_code(code))
    whole = taken["read"][0] + taken["written"][0]
    processor = taken["read"][1] + taken["written"][1]
    return [
        Figure("B9", f"read and previewed, {rows:,} rows", taken["read"][0], "s"),
        Figure("B9", f"written, {rows:,} rows", taken["written"][0], "s"),
        Figure("B9", f"both, {rows:,} rows", whole, "s", at_most=60 * rows / 1e6),
        Figure("B9", "processor time of both", processor, "s"),
        Figure("B9", "both / bare csv and executemany", whole / taken["bare"][0], "x"),
        Figure("B9", f"undone, {rows:,} rows", taken["undone"][0], "s"),
        Figure("B9", "largest memory of the process", taken["memory"][1], "MB", at_most=400),
        Figure("B9", "memory before it began", taken["memory"][0], "MB"),
    ]
