"""T3: nothing is dropped silently: what was sent is stored or was refused with a code."""

import json
import random
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from reliability.harness import installation, request

REQUESTS = {"pr": 1_000, "nightly": 20_000, "release": 100_000}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Send good and bad answers of many kinds; the books must balance by reason."""
    chance = random.Random(seed)
    with installation(database_url) as under_test:
        path = under_test.prepare()
        under_test.start("web")
        under_test.wait_until_up()
        fates = [chance.choice(FAULTS) for _ in range(REQUESTS[size])]

        def send(fault: tuple[str, bytes, dict[str, str]]) -> tuple[str, str]:
            expected, body, headers = fault
            unique = body.replace(b"ID", secrets.token_urlsafe(18).encode())
            status, reply = request(under_test.port, "POST", path, unique, headers)
            return expected, "stored" if status == 201 else json.loads(reply)["code"]

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(send, fates))
        stored = int(under_test.run_code(_COUNT))
        after_loss = int(under_test.run_code(_LOSE_ONE + _COUNT))
    said = Counter(answer for _, answer in results)
    wrong = sum(expected != answer for expected, answer in results)
    refused = sum(said.values()) - said["stored"]
    difference = len(fates) - stored - refused
    return {
        "faults": len(FAULTS),
        "sent": len(fates),
        "stored": stored,
        "refused": dict(said - Counter(stored=said["stored"])),
        "difference": difference,
        "told_wrongly": wrong,
        "control": {"name": "one_row_removed", "caught": len(fates) - after_loss - refused},
        "met": difference == 0 and wrong == 0 and stored == said["stored"],
    }


_COUNT = "from emptychair.programme.capture.models import *\nprint(Response.objects.count())"
_LOSE_ONE = (
    "from django.db import transaction\nfrom emptychair.programme.capture.models import *\n"
    "with transaction.atomic():\n"
    "    permit = ErasurePermit.objects.create()\n"
    "    Response.objects.first().delete(); permit.delete()\n"
)


def _good(**fields: object) -> bytes:
    return json.dumps({"submission_id": "ID", **fields}).encode()


FAULTS: list[tuple[str, bytes, dict[str, str]]] = [
    *[("stored", _good(score=score), JSON) for score in range(11)],
    ("stored", _good(score=9, comment="Å"), JSON),
    ("score", _good(score=11), JSON),
    ("score", _good(score="9"), JSON),
    ("score", _good(score=9.5), JSON),
    ("score", _good(), JSON),
    ("submission_id", b'{"submission_id": "short", "score": 1}', JSON),
    ("json_unreadable", b'{"score": 1, "score": 2}', JSON),
    ("json_unreadable", b"{", JSON),
    ("json_shape", b"[1]", JSON),
    ("field_unknown", _good(score=1, admin=True), JSON),
    ("rating", _good(score=1, rating_nonsense=3), JSON),
    ("comment_long", _good(score=1, comment="x" * 10_001), JSON),
    ("too_large", b"x" * 70_000, JSON),
    ("content_type", b"score=9", {**JSON, "Content-Type": "text/plain"}),
]
