"""T6: no mail scanner or link preview votes, says no or burns a link; people do.

A scanner may even send the form, through any of the web processes: its answer is held.
"""

import re
import secrets
import time

from reliability.harness import installation, request, some_address
from reliability.t4_tokens import _make

MAILS = {"pr": 20, "nightly": 1_000, "release": 10_000}
AGENTS = (
    {"User-Agent": "Mozilla/5.0 (compatible; SafeLinks)"},
    {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"},
    {"User-Agent": "facebookexternalhit/1.1"},
    {"X-Moz": "prefetch"},
    {"User-Agent": "curl/8", "Accept": "application/json"},
)


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Open every link of many mails as machines do; then answer each as a person."""
    del seed
    import json

    with installation(database_url) as under_test:
        under_test.prepare()
        made = json.loads(under_test.run_code(_make(MAILS[size])))["tokens"]
        under_test.start("web")
        under_test.wait_until_up()
        visits = 0
        for kind, token in made:
            visits += _scan(under_test.port, kind, token)
            if kind == "s":
                visits += _scan_and_send(under_test.port, token)
        votes, noes, burnt = _state(under_test.run_code(_STATE))
        people = [token for kind, token in made if kind == "s"]
        forms = {token: _open(under_test.port, token) for token in people}
        time.sleep(1.2)  # as long as it takes to read
        answered = sum(_send(under_test.port, token, forms[token]) == 303 for token in people)
        voted, _, _ = _state(under_test.run_code(_STATE))
    return {
        "faults": visits,
        "votes": votes,
        "unsubscribes": noes,
        "links_burnt": burnt + MAILS[size] - answered,
        "control": {"name": "a_person_votes", "caught": voted},
        "met": votes == noes == burnt == 0 and answered == voted == MAILS[size],
    }


_STATE = (
    "from emptychair.programme.capture.models import *\n"
    "from emptychair.programme.customers.models import Suppression\n"
    "print(Response.objects.filter(held_reason='').count(), Suppression.objects.count(),"
    " Invitation.objects.exclude(answered_at=None).count())"
)


def _state(printed: str) -> tuple[int, int, int]:
    votes, noes, answered = (int(number) for number in printed.split())
    return votes, noes, answered


def _scan(port: int, kind: str, token: str) -> int:
    paths = [f"/{kind}/{token}", *(f"/{kind}/{token}?score={n}" for n in (0, 5, 10))]
    visits = 0
    for path in paths:
        request(port, "HEAD", path)
        for agent in AGENTS:
            request(port, "GET", path, headers=agent)
        # A parser that submits every form it finds, by GET.
        request(port, "GET", f"{path.partition('?')[0]}?submission_id={'x' * 20}&score=0&wish=stop")
        visits += len(AGENTS) + 2
    return visits


def _scan_and_send(port: int, token: str) -> int:
    """Open the link of every score and send the form, each over a connection of its own."""
    here = {"X-Forwarded-For": some_address(), "User-Agent": "Mozilla/5.0 Safari/605.1"}
    for score in range(11):
        request(port, "GET", f"/s/{token}?score={score}", headers=here)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"submission_id={secrets.token_urlsafe(18)}&score=0".encode()
    status, _ = request(port, "POST", f"/s/{token}", body, {**here, **kind})
    assert status == 303, "who scans is told nothing"
    return 12


def _open(port: int, token: str) -> bytes:
    _, page = request(port, "GET", f"/s/{token}?score=9")
    given = re.search(rb'name="submission_id" value="([^"]+)"', page)
    assert given
    return given[1]


def _send(port: int, token: str, submission_id: bytes) -> int:
    body = b"submission_id=" + submission_id + b"&score=9"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return request(port, "POST", f"/s/{token}", body, headers)[0]
