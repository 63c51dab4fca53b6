"""The look at PostgreSQL's plans: what it finds wrong, and that it gets through everything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import needs
from tools import postgres
from tools.plans.watching import plan_of

BIG = {"capture_response": 10_000_000}


def scan(read, given, *, kind="Seq Scan", removed=0, loops=1, **more):
    return {
        "Node Type": kind, "Relation Name": "capture_response", "Actual Rows": given,
        "Actual Loops": loops, "Rows Removed by Filter": removed or read - given, **more,
    }  # fmt: skip


def told(tree, ms=1.0):
    return {"Plan": tree, "Planning Time": 0.1, "Execution Time": ms}


def judged(tree, ms=1.0):
    return plan_of("a page", "SELECT ...", told(tree, ms), BIG).verdict


def test_verdict_is_silent_about_few_rows_of_an_index():
    few = scan(50, 50, kind="Index Scan", **{"Index Name": "response_newest"})
    assert judged(few) == ""


def test_verdict_names_a_big_table_that_is_read_from_end_to_end():
    assert "reads all of capture_response" in judged(scan(10_000_000, 9_000_000))


def test_verdict_forgives_a_scan_that_a_limit_ends():
    limited = {"Node Type": "Limit", "Actual Rows": 51, "Actual Loops": 1, "Plans": [scan(51, 51)]}
    assert judged(limited) == ""


def test_verdict_tells_how_many_rows_are_read_for_one():
    wasted = scan(200_000, 10, kind="Index Scan", **{"Index Name": "response_newest"})
    assert judged(wasted) == "reads 20,000 rows for one"


def test_verdict_counts_every_worker_of_a_parallel_scan():
    shared = scan(0, 10, removed=99_990, loops=3)
    gathered = {"Node Type": "Gather", "Actual Rows": 30, "Actual Loops": 1, "Plans": [shared]}
    assert judged(gathered) == "reads 10,000 rows for one"


def test_verdict_takes_what_is_counted_for_used():
    inner = scan(5_000, 5_000, kind="Index Only Scan", **{"Index Name": "response_newest"})
    count = {"Node Type": "Aggregate", "Actual Rows": 1, "Actual Loops": 1, "Plans": [inner]}
    assert (
        judged({"Node Type": "Sort", "Actual Rows": 1, "Actual Loops": 1, "Plans": [count]}) == ""
    )


def test_verdict_says_what_is_slow():
    assert judged(scan(1, 1, kind="Index Scan"), ms=70) == "slow"


@pytest.mark.postgres
@pytest.mark.slow
def test_every_piece_of_work_is_explained_on_a_small_base():
    needs("PostgreSQL", postgres.binaries() is not None, postgres.HOW)
    root = Path(__file__).parent.parent
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EMPTYCHAIR_")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tools.plans",
         "--responses", "10000", "--customers", "3000"],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    purposes = {row.split(" | ")[0].removeprefix("| ") for row in rows}
    wanted = {
        *("answer to an invitation", "200 answers in one commit", "whom to remind"),
        *("what follows: dispatch, claim, deliver", "board", "customers, search by name"),
        *("responses of a quarter long ago", "copied to the warehouse: responses"),
        *("my data", "a customer erased"),
    }
    assert wanted <= purposes
    assert len(purposes) > 90
