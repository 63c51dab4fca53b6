"""T4: a wrong, forged, expired or cross-purpose token never reads or writes anything."""

import json

from reliability.harness import installation, request, submit

TOKENS = {"pr": 5, "nightly": 200, "release": 200}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Try every neighbour of valid tokens at every address that takes one."""
    del seed
    with installation(database_url) as under_test:
        under_test.prepare()
        made = json.loads(under_test.run_code(_make(TOKENS[size])))
        under_test.start("web")
        under_test.wait_until_up()
        bodies, tried, wrong = set(), 0, 0
        for kind, token in made["tokens"]:
            for bad in _neighbours(token, made["others"][kind]):
                status, body = request(under_test.port, "GET", f"/{kind}/{bad}")
                wrong += status not in (404, 400)
                bodies.add((status, body if status == 404 else b""))
                if kind == "s":
                    wrong += submit(under_test.port, f"/s/{bad}", "x" * 20, 9)[0] != 404
                tried += 1
        through = sum(
            request(under_test.port, "GET", f"/{kind}/{token}")[0] == 200
            for kind, token in made["tokens"]
        )
        written = int(under_test.run_code(_COUNT))
    distinct = len({body for status, body in bodies if status == 404})
    return {
        "faults": tried,
        "lost": 0,
        "writes": written,
        "let_through": wrong,
        "reply_bodies": distinct,
        "control": {"name": "valid_tokens_open", "caught": through},
        "met": written == 0 and wrong == 0 and distinct == 1,
    }


_COUNT = (
    "from emptychair.programme.capture.models import *\n"
    "from emptychair.programme.customers.models import *\n"
    "print(Response.objects.count() + Suppression.objects.count())"
)


def _make(number: int) -> str:
    return (
        "import json\nfrom datetime import timedelta\n"
        "from emptychair.programme.capture.models import *\n"
        "from emptychair.programme.customers.models import Customer\n"
        "from emptychair.programme.lib import tokens\n"
        "from emptychair.programme.lib.clock import now\n"
        "s = Survey.objects.get(); made = []; later = now() + timedelta(1)\n"
        f"for n in range({number}):\n"
        "    c = Customer.objects.create(code=f'C{n}'); t = tokens.new_token()\n"
        "    Invitation.objects.create(customer=c, survey=s, channel='email',"
        " token_hash=tokens.token_hash(t))\n"
        "    made += [('s', t), ('u', tokens.sign('unsubscribe', c.code, later)),"
        " ('me', tokens.sign('my-data', c.code, later))]\n"
        "old = now() - timedelta(seconds=1)\n"
        "x = tokens.new_token()\n"
        "Invitation.objects.create(customer=c, survey=s, channel='email',"
        " token_hash=tokens.token_hash(x), expires_at=old)\n"
        "u, m = tokens.sign('unsubscribe', 'C0', later), tokens.sign('my-data', 'C0', later)\n"
        "others = {'s': [u, x], 'u': [m, tokens.sign('unsubscribe', 'C0', old)],"
        " 'me': [u, tokens.sign('my-data', 'C0', old)]}\n"
        "print(json.dumps({'tokens': made, 'others': others}))"
    )


def _neighbours(token: str, others: list[str]) -> list[str]:
    """Return the token with one bit flipped, cut, in other case, padded, and those of others."""
    flipped = []
    for place, letter in enumerate(token):
        value = ALPHABET.index(letter)
        flipped += [
            token[:place] + ALPHABET[value ^ (1 << bit)] + token[place + 1 :] for bit in range(6)
        ]
    cut = [token[:length] for length in range(1, len(token))]
    shaped = [token.swapcase(), token + "=", token + "==", token + "A", "A" + token]
    return [*flipped, *cut, *shaped, *others]
