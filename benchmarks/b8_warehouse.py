"""B8: first load of the warehouse from SQLite, then one more answer."""

from reliability.harness import installation

from benchmarks.harness import Figure

ROWS = {"small": 100_000, "medium": 1_000_000, "full": 10_000_000}
LOAD = """
import time
from emptychair.programme.capture.models import *
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.warehouse import services
from emptychair.programme.lib.clock import now, today
from datetime import timedelta
survey = Survey.objects.get()
def make(first, number):
    rows = [Response(survey=survey, score=n % 11, channel="link", answered_at=now(),
            answered_on=today() - timedelta(n % 1000)) for n in range(first, first + number)]
    Response.objects.bulk_create(rows, batch_size=5000)
    mark_changed("responses", [r.public_id for r in rows])
for first in range(0, {rows}, 50_000): make(first, min(50_000, {rows} - first))
began = time.monotonic()
while services.copy_changes("responses"): pass
copied = time.monotonic()
services.refresh_layer()
summed = time.monotonic()
make(0, 1)
again = time.monotonic()
services.synchronise()
print(copied - began, summed - copied, time.monotonic() - again)
"""


def run(size: str) -> list[Figure]:
    """Load a fresh installation and time each step inside it."""
    rows = ROWS[size]
    with installation() as under_test:
        under_test.prepare()
        printed = under_test.run_code(LOAD.replace("{rows}", str(rows)))
    copy, sums, one = (float(number) for number in printed.split())
    return [
        Figure("B8", f"first load, {rows:,} rows", rows / copy, "rows/s", "target 200,000"),
        Figure("B8", f"all sums of {rows:,} rows", sums, "s"),
        Figure("B8", "one more answer", one, "s", "target 3 s"),
    ]
