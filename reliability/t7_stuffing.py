"""T7: stuffing of open links moves no score unseen; honest crowds are neither refused nor held."""

import json
import random
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from reliability.harness import Installation, installation, request, some_address, submit

VOTES = {"pr": 60, "nightly": 400, "release": 2_000}
BEFORE = 400  # answers that each link had in the weeks before
MIXTURE = (
    [10] * 22 + [9] * 23 + [8] * 17 + [7] * 10 + [6] * 6 + [5] * 6 + [3] * 6 + [1] * 4 + [0] * 6
)
MOST_SHIFT_POINTS = 1.0
MOST_FALSE_SHARE = 0.02
BROWSER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"}


@dataclass
class Sent:
    """What one attack or one honest crowd sends: votes with score, address, and seconds ago."""

    name: str
    is_honest: bool
    votes: list[tuple[int, str]]
    seconds_apart: float = 0.0
    headers: Callable[[str], dict[str, str]] = lambda address: {"X-Forwarded-For": address}
    said: dict[str, object] = field(default_factory=dict)
    channel: str = "link"
    same_id: bool = False
    as_form: bool = False


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Attack one link each way, let crowds answer at others, and look at what counts."""
    dice = random.Random(seed)
    all_sent = [*_attacks(VOTES[size], dice), *_crowds(dice)]
    with installation(database_url) as under_test:
        under_test.prepare()
        names = [(one.name, one.channel) for one in all_sent]
        links = json.loads(under_test.run_code(_make(names)))
        under_test.start("web")
        under_test.wait_until_up()
        refused = {one.name: _send(under_test, links[one.name], one) for one in all_sent}
        under_test.run_code(_spread({links[o.name]: o.seconds_apart for o in all_sent}))
        under_test.start("worker")
        _wait_until_judged(under_test)
        found = json.loads(under_test.run_code(_RESULT))
        restored = json.loads(under_test.run_code(_RESTORE))
    return _figures(all_sent, links, refused, found, restored)


def _figures(all_sent, links, refused, found, restored) -> dict[str, object]:
    shifts, raw, missed = {}, {}, []
    honest = held = stored = 0
    for one in all_sent:
        counts = found["links"][links[one.name]]
        if one.is_honest:
            honest += counts["sent"]
            held += counts["held"]
            continue
        shifts[one.name] = round(abs(counts["counted_points"] - counts["before_points"]), 2)
        raw[one.name] = round(abs(counts["all_points"] - counts["before_points"]), 2)
        stored += counts["sent"]
        if shifts[one.name] > MOST_SHIFT_POINTS:
            missed.append(one.name)
    refused_people = sum(refused[one.name] for one in all_sent if one.is_honest)
    false_share = held / honest
    return {
        "faults": stored,
        "attacks": len(shifts),
        "largest_shift_points": max(shifts.values()),
        "moved": missed,
        "honest": honest,
        "honest_refused": refused_people,
        "false_hold_share": round(false_share, 4),
        "spoofed_sources": found["spoofed_sources"],
        "restored_share": restored["share"],
        "control": {
            "name": "attacks_that_move_the_score_unheld",
            "caught": sum(shift > MOST_SHIFT_POINTS for shift in raw.values()),
        },
        "met": not missed
        and refused_people == 0
        and false_share <= MOST_FALSE_SHARE
        and found["spoofed_sources"] == 1
        and restored["share"] == 1,
    }


def _attacks(votes: int, dice: random.Random) -> list[Sent]:
    one = "198.51.100.66"

    def from_many(score: int) -> list[tuple[int, str]]:
        return [(score, some_address()) for _ in range(votes)]

    def attack(name: str, voted: list[tuple[int, str]], **more: object) -> Sent:
        return Sent(name, False, voted, **more)  # type: ignore[arg-type]

    rotating = [(0, f"2001:db8:7:7::{number:x}") for number in range(votes)]
    wider = [(0, f"2001:db8:8:{number:x}::1") for number in range(votes)]
    spoofing = [(0, f"{some_address()}, {one}") for _ in range(votes)]
    noisy = [(dice.choice(MIXTURE) if number % 3 == 0 else 0, one) for number in range(votes)]
    flood = [(0, address) for address in [some_address() for _ in range(votes // 4)] * 8]
    agents, same_words = iter(range(10**9)), {"comment": "The best shop of them all!"}
    return [
        attack("cookies cleared", [(0, one)] * votes),
        attack("praise from one address", [(10, one)] * votes),
        attack("mixed with noise", noisy, seconds_apart=30),
        attack("slow drip", [(0, one)] * votes, seconds_apart=1_200),
        attack("low scores at random", [(dice.randrange(7), one) for _ in range(votes)]),
        attack("addresses of one IPv6 household", rotating, seconds_apart=20),
        attack("households of one IPv6 network", wider, seconds_apart=20),
        attack("forged forwarding header", spoofing, seconds_apart=20),
        attack(
            "forged client", [(0, one)] * votes, seconds_apart=20,
            headers=lambda address: {
                "X-Forwarded-For": address,
                "User-Agent": f"Mozilla/5.0 (Phone {next(agents)})",
                "Cookie": f"client={secrets.token_hex(8)}",
            },
        ),
        attack("payload sent again", [(0, one)] * votes, same_id=True),
        attack("many votes of many addresses", flood),
        attack(
            "scripts that say so", from_many(0),
            headers=lambda a: {"X-Forwarded-For": a, "User-Agent": "python-requests/2.32"},
        ),
        attack("forms filled in whole", from_many(0), said={"leave_empty": "http://x.example"}),
        attack("forms sent at once", from_many(0), as_form=True),
        attack("one vote from each of many", from_many(0)),
        attack("one comment from many", from_many(10), said=same_words),
        attack(
            "kiosk tapped by a child", [(0, one)] * votes, seconds_apart=1, channel="kiosk"
        ),
    ]  # fmt: skip


def _crowds(dice: random.Random) -> list[Sent]:
    def crowd(name: str, addresses: list[str], apart: float, channel: str = "link") -> Sent:
        votes = [(dice.choice(MIXTURE), address) for address in addresses]
        return Sent(name, True, votes, apart, lambda a: {"X-Forwarded-For": a, **BROWSER},
                    channel=channel)  # fmt: skip

    homes = [address for _ in range(60) for address in [some_address()] * dice.randint(1, 4)]
    return [
        crowd("office behind one address", ["203.0.113.1"] * 80, 30),
        crowd("school class", ["203.0.113.2"] * 30, 6),
        crowd("shop's own network", ["203.0.113.3"] * 150, 300),
        crowd("families", homes, 60),
        crowd("letter to many", [some_address() for _ in range(300)], 2),
        crowd("kiosk", ["203.0.113.4"] * 120, 40, "kiosk"),
        crowd("provider with one network", [f"100.64.3.{n}" for n in range(200)], 90),
    ]


def _send(under_test: Installation, link: str, sent: Sent) -> int:
    """Send everything; return how many were refused."""
    path, once = f"/s/{link}", secrets.token_urlsafe(18)

    def vote(one: tuple[int, str]) -> int:
        score, address = one
        headers = sent.headers(address)
        if sent.as_form:
            return _send_form(under_test.port, path, score, headers)
        submission_id = once if sent.same_id else secrets.token_urlsafe(18)
        return submit(under_test.port, path, submission_id, score, headers, **sent.said)[0]

    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(vote, sent.votes))
    return sum(status not in (200, 201, 303) for status in replies)


def _send_form(port: int, path: str, score: int, headers: dict[str, str]) -> int:
    _, page = request(port, "GET", path, headers=headers)
    given = page.partition(b'name="submission_id" value="')[2].partition(b'"')[0]
    body = b"submission_id=" + given + b"&score=" + str(score).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return request(port, "POST", path, body, {**headers, **kind})[0]


def _wait_until_judged(under_test: Installation) -> None:
    code = (
        "from emptychair.programme.capture.models import Origin\n"
        "print(Origin.objects.filter(is_judged=False).count())"
    )
    deadline = time.monotonic() + 120
    while int(under_test.run_code(code)):
        if time.monotonic() > deadline:
            raise TimeoutError("the worker did not judge what came in within two minutes")
        time.sleep(0.5)


def _make(names: list[tuple[str, str]]) -> str:
    """Return code that makes a link for each name, with answers of the weeks before."""
    return (
        "import json, random\nfrom datetime import timedelta\n"
        "from emptychair.programme.accounts.models import Unit\n"
        "from emptychair.programme.capture.models import *\n"
        "from emptychair.programme.lib.clock import now, local_date\n"
        "s = Survey.objects.get(); made = {}; dice = random.Random(7)\n"
        f"for n, (name, channel) in enumerate({names!r}):\n"
        "    u = Unit.objects.create(code=f'u{n}', name=name)\n"
        "    made[name] = Link.objects.create(survey=s, unit=u, channel=channel).public_id\n"
        f"    rows = []\n    for m in range({BEFORE}):\n"
        "        at = now() - timedelta(days=2 + m % 60)\n"
        f"        rows.append(Response(survey=s, score=dice.choice({MIXTURE!r}), channel=channel,"
        " unit=u.code, answered_at=at, answered_on=local_date(at), source='before'))\n"
        "    Response.objects.bulk_create(rows)\n"
        "print(json.dumps(made))"
    )


def _spread(apart: dict[str, float]) -> str:
    """Return code that dates what was sent as far apart as the senders would have been."""
    return (
        "from datetime import timedelta\n"
        "from emptychair.programme.capture.models import *\n"
        "from emptychair.programme.lib.clock import now\n"
        "moment = now()\n"
        f"for link, apart in {apart!r}.items():\n"
        "    for n, o in enumerate(Origin.objects.filter(link=link).order_by('pk')):\n"
        "        at = moment - timedelta(seconds=apart * n)\n"
        "        if apart:\n"
        "            Origin.objects.filter(pk=o.pk).update(at=at)\n"
        "            Response.objects.filter(public_id=o.response).update(answered_at=at)"
    )


_RESULT = """
import json
from emptychair.programme.capture.models import *
def points(rows):
    scores = [r.score for r in rows]
    return 100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)
links = {}
for link in Link.objects.exclude(unit=None).select_related('unit'):
    rows = list(Response.objects.filter(unit=link.unit.code))
    sent = [r for r in rows if r.source != 'before']
    links[link.public_id] = {
        'before_points': points([r for r in rows if r.source == 'before']),
        'counted_points': points([r for r in rows if not r.held_reason]),
        'all_points': points(rows),
        'sent': len(sent),
        'held': sum(bool(r.held_reason) for r in sent),
    }
spoofed = Link.objects.get(unit__name='forged forwarding header').public_id
sources = Origin.objects.filter(link=spoofed).values('source').distinct().count()
print(json.dumps({'links': links, 'spoofed_sources': sources}))
"""
_RESTORE = """
import json
from emptychair.programme.capture.holding import release
from emptychair.programme.capture.models import *
held = list(Response.objects.exclude(held_reason='').values_list('public_id', flat=True))
done = sum(release(held[n:n + 1000], by='test') for n in range(0, len(held), 1000))
left = Response.objects.exclude(held_reason='').count()
print(json.dumps({'share': done / len(held) if held and not left else 0}))
"""
