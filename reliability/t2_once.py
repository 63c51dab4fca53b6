"""T2: an answer counts once, whatever is repeated, raced, changed or cut."""

import http.client
import json
import random
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from reliability.harness import Installation, installation, submit

ROUNDS = {"pr": 20, "nightly": 200, "release": 1000}
LOGICAL = {"pr": 500, "nightly": 10_000, "release": 100_000}
PARALLEL = 64


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Repeat in parallel, change bodies, cut replies; count rows."""
    with installation(database_url) as under_test:
        path = under_test.prepare()
        under_test.start("web")
        under_test.wait_until_up()
        different = sum(_barrage(under_test, path) - 1 for _ in range(ROUNDS[size]))
        answered_409 = sum(_other_body(under_test, path) == 409 for _ in range(50))
        hostile = _hostile_network(under_test, path, LOGICAL[size], random.Random(seed))
        rows, ids, events = _counts(under_test)
        expected = ROUNDS[size] + 50 + hostile
        caught = _control(under_test)
    well = different == 0 and answered_409 == 50 and rows == ids == events == expected
    return {
        "faults": ROUNDS[size] * PARALLEL + hostile,
        "acked": expected,
        "rows": rows,
        "dup": rows - expected,
        "different_replies": different,
        "conflicts_told": answered_409,
        "control": {"name": "no_unique_index", "caught": caught},
        "met": well,
    }


def _barrage(under_test: Installation, path: str) -> int:
    submission_id, barrier = secrets.token_urlsafe(18), Barrier(PARALLEL)

    def send(_: int) -> tuple[int, bytes]:
        barrier.wait()
        return submit(under_test.port, path, submission_id, 9)

    with ThreadPoolExecutor(PARALLEL) as pool:
        return len(set(pool.map(send, range(PARALLEL))))


def _other_body(under_test: Installation, path: str) -> int:
    submission_id = secrets.token_urlsafe(18)
    submit(under_test.port, path, submission_id, 9)
    return submit(under_test.port, path, submission_id, 1)[0]


def _hostile_network(
    under_test: Installation, path: str, logical: int, chance: random.Random
) -> int:
    """Send each answer once, but double a tenth and cut a twentieth of the replies."""

    def one(fate: float) -> None:
        submission_id = secrets.token_urlsafe(18)
        if fate < 0.05:
            _send_and_hang_up(under_test.port, path, submission_id)
        for _ in range(2 if fate < 0.15 else 1):
            try:
                submit(under_test.port, path, submission_id, 7)
            except (OSError, http.client.HTTPException):
                submit(under_test.port, path, submission_id, 7)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, [chance.random() for _ in range(logical)]))
    return logical


def _send_and_hang_up(port: int, path: str, submission_id: str) -> None:
    body = json.dumps({"submission_id": submission_id, "score": 7})
    with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )


def _counts(under_test: Installation) -> tuple[int, int, int]:
    printed = under_test.run_code(
        "from emptychair.programme.capture.models import *\n"
        "from emptychair.programme.activity.models import Activity\n"
        "ids = LedgerEntry.objects.values('submission_id').distinct().count()\n"
        "events = Activity.objects.filter(action='response.recorded').count()\n"
        "print(Response.objects.count(), ids, events)"
    )
    rows, ids, events = (int(number) for number in printed.split())
    return rows, ids, events


def _control(under_test: Installation) -> int:
    """Without the unique index the same entry must be able to come twice, and be noticed."""
    under_test.stop()
    return int(
        under_test.run_code(
            "from django.db import connection\n"
            "from emptychair.programme.capture.models import *\n"
            "field = LedgerEntry._meta.get_field('submission_id')\n"
            "from django.db.models import CharField\n"
            "loose = CharField(max_length=64); loose.set_attributes_from_name('submission_id')\n"
            "loose.model = LedgerEntry\n"
            "with connection.schema_editor() as editor:\n"
            "    editor.alter_field(LedgerEntry, field, loose)\n"
            "entry = LedgerEntry.objects.first(); entry.pk = None; entry.save(force_insert=True)\n"
            "total = LedgerEntry.objects.count()\n"
            "print(total - LedgerEntry.objects.values('submission_id').distinct().count())"
        )
    )
