"""T5: no link, key or id can be guessed, and who tries is stopped before a token is looked up."""

import json
import math
import secrets
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from reliability.harness import installation, request

GUESSES = {"pr": 6_000, "nightly": 100_000, "release": 1_000_000}
ADDRESSES = 1_000
ALONE = 60  # guesses of one address
ALLOWED = 20  # of them before it has to wait
BITS = {"invitation": 128, "link": 128, "response": 128, "api key": 128, "submission": 128}
KINDS = ("s", "r", "u", "me", "k")


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Guess from many addresses and from one; look for order in every id that leaves."""
    del seed
    with installation(database_url) as under_test:
        valid = under_test.prepare()
        under_test.start("web")
        under_test.wait_until_up()
        port = under_test.port
        hits, tried, stopped = _from_many(port, GUESSES[size])
        reached = _from_one(port)
        others = sum(request(port, "GET", valid)[0] == 200 for _ in range(20))
        ids = json.loads(under_test.run_code(_IDS))
    weak = [name for name, made in ids.items() if not _is_strong(made, BITS[name])]
    return {
        "faults": tried,
        "hits": hits,
        "stopped": stopped,
        "ub95": round(3 / tried, 6),
        "looked_up_from_one_address": reached,
        "others_served": others,
        "bits": {name: round(_bits(made)) for name, made in ids.items()},
        "weak_or_ordered_ids": weak,
        "control": {"name": "a_valid_link_is_a_hit", "caught": others},
        "met": hits == 0 and reached <= ALLOWED and others == 20 and not weak,
    }


def _from_many(port: int, guesses: int) -> tuple[int, int, int]:
    addresses = [
        ".".join(str(1 + secrets.randbelow(222)) for _ in range(4)) for _ in range(ADDRESSES)
    ]

    def guess(number: int) -> int:
        headers = {"X-Forwarded-For": addresses[number % ADDRESSES]}
        path = f"/{KINDS[number % len(KINDS)]}/{secrets.token_urlsafe(18)}"
        return request(port, "GET", path, headers=headers)[0]

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(guess, range(guesses)))
    misses = sum(status in (404, 429) for status in replies)
    return guesses - misses, guesses, replies.count(429)


def _from_one(port: int) -> int:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    replies = [
        request(port, "GET", f"/s/{secrets.token_urlsafe(18)}", headers=headers)[0]
        for _ in range(ALONE)
    ]
    return sum(status != 429 for status in replies)


def _bits(made: list[str]) -> float:
    """Return the bits of an id: its length times those of its alphabet, as far as it is seen."""
    letters = {letter for one in made for letter in one}
    return min(len(one) for one in made) * math.log2(max(2, len(letters)))


def _is_strong(made: list[str], bits: int) -> bool:
    """Say whether ids are long enough, all different, and in no order."""
    ups = sum(a < b for a, b in pairwise(made))
    half = (len(made) - 1) / 2
    in_order = abs(ups - half) > 4 * math.sqrt(len(made) / 12)
    return _bits(made) >= bits and len(set(made)) == len(made) and not in_order


_IDS = """
import json
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now
from emptychair.programme.capture.models import Link, Response, Survey
survey = Survey.objects.get()
links = [Link.objects.create(survey=survey).public_id for _ in range(300)]
responses = [Response(survey=survey).public_id for _ in range(300)]
from emptychair.programme.accounts.keys import new_key
print(json.dumps({
    "invitation": [tokens.new_token() for _ in range(300)],
    "link": links,
    "response": responses,
    "api key": [new_key()[1] for _ in range(300)],
    "submission": [tokens.timed_id(now()) for _ in range(300)],
}))
"""
