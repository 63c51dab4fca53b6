"""T9: a relay that is away, slow, moody or refusing loses nothing and mails nobody twice."""

import json
import random
import time

from reliability.harness import Installation, installation
from reliability.post import (
    Moods,
    Relay,
    invite,
    kill_worker,
    start_worker,
    states,
    wait_until_empty,
)

MAILS = {"pr": 60, "nightly": 1_000, "release": 10_000}
KILLS = {"pr": 6, "nightly": 40, "release": 100}
MOODS = {
    "take": 6.0,
    "421 4.3.2 closing": 1.0,
    "450 4.2.0 greylisted": 1.0,
    "451 4.3.0 later": 1.0,
    "later": 1.0,
    "cut before": 1.0,
    "cut after": 1.0,
    "hang": 0.15,
}
PATIENCE_SECONDS = 240


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Send through a relay in every mood, with several workers, killing some of them."""
    number = MAILS[size]
    with installation(database_url) as under_test:
        under_test.prepare()
        away = _away(under_test, number)
        moody = _moody(under_test, number, seed)
        killed = _killed(under_test, number, KILLS[size], seed)
        plain = _tls_stripped(under_test)
        bounces = _bounced_by_mail(under_test, number)
    with installation(database_url) as under_test:
        under_test.prepare()
        caught = _moody(under_test, number // 2, seed, SENDING_CONTROL="forgets_failures")["lost"]
    parts = (away, moody, killed)
    lost = sum(part["lost"] for part in parts)
    stuck = sum(part["stuck"] for part in parts)
    beyond = sum(part["twice_beyond_bound"] for part in parts)
    well = lost == stuck == beyond == plain == bounces["forged_with_effect"] == 0
    well = well and away["in_order"] and bounces["reports_taken"] == number
    return {
        "faults": moody["faults"] + KILLS[size] + number,
        "acked": sum(part["sent"] for part in parts),
        "lost": lost,
        "stuck": stuck,
        "twice_beyond_bound": beyond,
        "twice_after_cut": moody["twice"],
        "twice_after_kill": killed["twice"],
        "kills": KILLS[size],
        "hard_bounces_suppressed": moody["suppressed"],
        "sent_in_plain_text": plain,
        **bounces,
        "in_order": away["in_order"],
        "recovery_s": away["recovery_s"],
        "control": {"name": "forgets_failures", "caught": caught},
        "met": bool(well and moody["suppressed"] == moody["hard"]),
    }


def _away(under_test: Installation, number: int) -> dict:
    """Nobody answers for a while; then everything goes out once, in order."""
    relay = Relay()
    ids = invite(under_test, number, "away")
    start_worker(under_test, "one", relay)
    time.sleep(6)
    began = time.monotonic()
    with relay.up():
        stuck = wait_until_empty(under_test, PATIENCE_SECONDS)
        recovery = time.monotonic() - began
    under_test.stop()
    order = [name for _, name in relay.taken]
    return {
        **_judged(under_test, relay, "away", stuck, allowed=0),
        "in_order": order == ids,
        "recovery_s": round(recovery, 1),
    }


def _moody(under_test: Installation, number: int, seed: int, **control: str) -> dict:
    """Every reply an MTA may give; two workers."""
    moods, full = Moods(seed), {}
    relay = Relay()

    def mood(address: str) -> str:
        kind = int(address.partition("@")[0].removeprefix("moody")) % 10
        if kind == 8:
            return "550 5.1.1 no such user"
        if kind == 9:
            full[address] = full.get(address, 0) + 1
            return "552 5.2.2 full" if full[address] <= 2 else "take"
        return moods.draw(MOODS)

    relay.mood = mood
    invite(under_test, number, "moody")
    with relay.up():
        for name in ("one", "two"):
            start_worker(under_test, name, relay, **control)
        stuck = wait_until_empty(under_test, PATIENCE_SECONDS)
    under_test.stop()
    found = _judged(under_test, relay, "moody", stuck, allowed=len(relay.cut))
    dead = {
        key
        for key, (outcome, is_suppressed) in states(under_test, "moody").items()
        if outcome == "bounced" and is_suppressed
    }
    return {
        **found,
        # A cut after the dot allows one repeat of that very message, nothing else.
        "twice_beyond_bound": sum(
            times - 1 > min(1, relay.cut.count(name)) for name, times in relay.counts.items()
        ),
        "faults": sum(n for what, n in relay.faults.items() if what != "take"),
        "hard": len([n for n in range(number) if n % 10 == 8]),
        "suppressed": len(dead),
    }


def _killed(under_test: Installation, number: int, kills: int, seed: int) -> dict:
    """Kill a worker while it sends, again and again; another goes on."""
    chance = random.Random(seed)
    relay = Relay(seconds=0.4)
    invite(under_test, number, "killed")
    with relay.up():
        for name in ("one", "two"):
            start_worker(under_test, name, relay)
        while not relay.taken:
            time.sleep(0.05)
        for number_of_kill in range(kills):
            name = ("one", "two")[number_of_kill % 2]
            kill_worker(under_test, name)
            start_worker(under_test, name, relay)
            time.sleep(chance.uniform(1.5, 3))
        stuck = wait_until_empty(under_test, PATIENCE_SECONDS)
    under_test.stop()
    return _judged(under_test, relay, "killed", stuck, allowed=kills)


def _tls_stripped(under_test: Installation) -> int:
    """A relay that does not offer TLS gets nothing from who wants it."""
    relay = Relay()
    invite(under_test, 3, "tls")
    with relay.up():
        start_worker(under_test, "one", relay, EMPTYCHAIR_MAIL=f"smtp://127.0.0.1:{relay.port}")
        time.sleep(5)
    under_test.stop()
    return len(relay.taken)


def _bounced_by_mail(under_test: Installation, number: int) -> dict:
    """A report of each mail comes back, forged first, then signed, then signed once more."""
    invite(under_test, number, "dsn")
    return json.loads(under_test.run_code(_BOUNCES))


_BOUNCES = """
import email, json
from django.conf import settings
settings.MAIL_RETURN = 'nps@in.example.com'
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers.models import Suppression
from emptychair.programme.lib import mail
from emptychair.programme.mailroom.models import Ignored, Report
from emptychair.programme.mailroom.receiving import receive
def report(to, name):
    return email.message_from_string(
        f'To: {to}\\nMessage-ID: <{name}@mx>\\nMIME-Version: 1.0\\n'
        'Content-Type: multipart/report; boundary=B\\n\\n--B\\n'
        'Content-Type: message/delivery-status\\n\\nAction: failed\\nStatus: 5.1.1\\n'
        'Diagnostic-Code: smtp; 550 5.1.1 no such user\\n\\n--B--\\n')
Invitation.objects.filter(customer__code__startswith='dsn').update(outcome='sent')
ids = list(Invitation.objects.filter(customer__code__startswith='dsn')
    .values_list('public_id', flat=True))
before = Suppression.objects.count()
for key in ids:
    good = mail.return_address('b', key)
    local, _, domain = good.partition('@')
    for bad in (local[:-1] + ('A' if local[-1] != 'A' else 'B'), local.swapcase(),
                local.replace('+b.', '+r.'), local.rpartition('.')[0] + '.'):
        receive(report(f'{bad}@{domain}', key))
forged = Suppression.objects.count() - before
for _ in range(2):
    for key in ids:
        receive(report(mail.return_address('b', key), key))
print(json.dumps({
    'forged_with_effect': forged,
    'reports_taken': Suppression.objects.count() - before - forged,
    'ignored': dict(Ignored.objects.values_list('reason', 'count')),
}))
"""


def _judged(
    under_test: Installation, relay: Relay, prefix: str, stuck: int, *, allowed: int
) -> dict:
    """Hold what the relay took against what the database says."""
    counts = relay.counts
    outcomes = states(under_test, prefix)
    twice = sum(times - 1 for times in counts.values())
    lost = [k for k, (outcome, _) in outcomes.items() if outcome == "sent" and k not in counts]
    return {
        "sent": sum(outcome == "sent" for outcome, _ in outcomes.values()),
        "lost": len(lost),
        "stuck": stuck + sum(outcome == "planned" for outcome, _ in outcomes.values()),
        "twice": twice,
        "twice_beyond_bound": max(0, twice - allowed),
    }
