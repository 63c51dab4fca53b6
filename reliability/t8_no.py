"""T8: who says no, on any path, gets nothing more: over no channel, from no unit, by no file."""

import base64
import json
import os
import random
import subprocess
import sys
from urllib.parse import urlencode

from reliability.harness import Installation, installation, request
from reliability.post import ROOT, Relay, start_worker, wait_until_empty

PEOPLE = {"pr": 4, "nightly": 84, "release": 84}  # on each path
FORGED = {"pr": 300, "nightly": 10_000, "release": 10_000}
SECRET = "hooks:a word for the test"
PATHS = (
    *("link", "oneclick", "mydata", "erase", "reply", "smsstop", "bounce", "complaint"),
    *("provider", "staff", "file", "linkagain"),
)
SMALL = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}


def run(size: str, seed: int, database_url: str) -> dict[str, object]:
    """Let people say no on twelve paths, bring them back in every way, then send all there is."""
    with installation(database_url) as under_test:
        under_test.prepare()
        _serve(under_test)
        people = _people(under_test, PEOPLE[size])
        effects = _forge(under_test, people, FORGED[size], random.Random(seed))
        refused = sum(not _say_no(under_test, one) for one in people if one["path"] != "none")
        _bring_back(under_test, people)
        relay = Relay()
        got = _send(under_test, people, relay, "first")
        noes = {one["name"] for one in people if one["path"] != "none"}
        wrong = [to for to in got if _owner(to) in noes and not _is_other_number(to)]
        reached = {_owner(to) for to in got} - noes
        asked = {one["name"] for one in people if one["path"] == "none"}
        _ask_all(under_test, "again")
        careless = _send(under_test, people, relay, "second", SENDING_CONTROL="ignores_noes")
    return {
        "faults": len(noes) + FORGED[size],
        "acked": len(noes) - refused,
        "paths": len(PATHS),
        "messages_after_no": len(wrong),
        "wrong": wrong[:5],
        "forged_tokens_with_effect": effects,
        "others_reached_share": round(len(reached) / len(asked), 3),
        "control": {
            "name": "a_worker_that_does_not_ask",
            "caught": sum(_owner(to) in noes for to in careless) - len(wrong),
        },
        "met": len(wrong) == effects == refused == 0 and reached == asked,
    }


def _serve(under_test: Installation) -> None:
    """Start the web server as of a company with a mail provider and an SMS gateway."""
    settings = {
        "EMPTYCHAIR_MAIL": "postmark:",
        "EMPTYCHAIR_MAIL_KEYS": "server_token=none",
        "EMPTYCHAIR_HOOK_SECRET": SECRET,
        "EMPTYCHAIR_MAIL_RETURN": "nps@in.example.com",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        under_test.start("web")
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    under_test.wait_until_up()


def _people(under_test: Installation, number: int) -> list[dict]:
    """Make people who were asked once, each with a mail in the queue, an SMS and a reminder."""
    paths = [*PATHS, "none"]
    return json.loads(under_test.run_code(_MAKE.format(paths=paths, number=number)))


_MAKE = """
import json
from datetime import timedelta
from django.conf import settings
from django.db import transaction
settings.MAIL_RETURN = 'nps@in.example.com'
from emptychair.programme.capture import letters, sending
from emptychair.programme.capture.models import *
from emptychair.programme.customers.models import *
from emptychair.programme.lib import mail, tokens
from emptychair.programme.lib.clock import now
sending.may_reach = lambda *_: True
survey = Survey.objects.get()
past, made = now() - timedelta(days=9), []
with transaction.atomic():
    for path in {paths}:
        for n in range({number}):
            index = len(made)
            name = f'{{path}}{{n}}'
            someone = Customer.objects.create(code=name, country='SE', language='sv')
            email, phone = f'{{name}}@exämple.com', f'+4670{{1000000 + index}}'
            Contact.objects.create(customer=someone, email=email, phone=phone)
            first = Invitation.objects.create(survey=survey, customer=someone, channel='email',
                outcome='sent', sent_at=past, planned_at=past)
            for channel in ('email', 'sms'):
                Invitation.objects.create(survey=survey, customer=someone, channel=channel,
                    planned_at=past, reminder_of=first if channel == 'email' else None)
            links = letters.links_of(first)
            made.append(dict(path=path, name=name, phone=phone, id=first.public_id,
                say_no=links.say_no, my_data=links.my_data,
                bounce=mail.return_address('b', first.public_id),
                reply=mail.return_address('r', first.public_id)))
while Invitation.objects.filter(outcome='planned', token_hash=None).exists():
    sending.queue_due()
print(json.dumps(made))
"""


def _forge(under_test: Installation, people: list[dict], number: int, chance: random.Random) -> int:
    """Try tokens that are almost right; return how many had an effect."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for _ in range(number):
        one = chance.choice(people)
        token = one["say_no"].rpartition("/")[2]
        place = chance.randrange(len(token) - 1)
        kind = chance.randrange(3)
        if kind == 0:
            other = chance.choice(letters.replace(token[place], ""))
            token = token[:place] + other + token[place + 1 :]
        elif kind == 1:
            token = token[: place + 1]
        else:
            token = one["my_data"].rpartition("/")[2]
        request(under_test.port, "POST", f"/u/{token}", b"List-Unsubscribe=One-Click", **SMALL)
    return int(
        under_test.run_code(
            "from emptychair.programme.customers.models import *\n"
            "print(Suppression.objects.count())"
        )
    )


def _say_no(under_test: Installation, one: dict) -> bool:
    """Say no as one person on the person's path; return whether it was taken."""
    path = one["path"]
    if path in ("link", "linkagain", "oneclick", "mydata", "erase"):
        return _on_a_page(under_test, one)
    if path in ("smsstop", "complaint", "provider"):
        return _by_hook(under_test, one)
    if path in ("reply", "bounce"):
        return _by_mail(under_test, one)
    code = (
        "from emptychair.programme.customers.consent import suppress\n"
        "from emptychair.programme.customers.models import *\n"
        f"suppress(Customer.objects.get(code={one['name']!r}), 'staff', actor='owner')\n"
    )
    under_test.run_code(code if path == "staff" else _import(_row(one["name"], one, "nej")))
    return True


def _on_a_page(under_test: Installation, one: dict) -> bool:
    address = one["my_data"] if one["path"] in ("mydata", "erase") else one["say_no"]
    said = {
        "oneclick": {"List-Unsubscribe": "One-Click"},
        "mydata": {"wish": "stop"},
        "erase": {"wish": "erase", "sure": "1"},
    }.get(one["path"], {})
    path = "/" + address.partition("//")[2].partition("/")[2]
    body = urlencode(said).encode() or b"x=1"
    return request(under_test.port, "POST", path, body, **SMALL)[0] in (200, 302, 303)


def _by_hook(under_test: Installation, one: dict) -> bool:
    word = base64.b64encode(SECRET.encode()).decode()
    headers = {"Authorization": f"Basic {word}", "Content-Type": "application/json"}
    at = {"Metadata": {"letter": one["id"]}, "MessageID": one["id"]}
    path, said = {
        "smsstop": ("/hooks/sms/inbound", {"from": one["phone"], "text": "STOPP", "id": "1"}),
        "complaint": (
            "/hooks/mail/events",
            {**at, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 1,
             "Email": "x@example.com", "BouncedAt": "2026-03-03T10:00:00Z"},
        ),
        "provider": (
            "/hooks/mail/events",
            {**at, "RecordType": "SubscriptionChange", "SuppressSending": True,
             "Recipient": "x@example.com", "SuppressionReason": "ManualSuppression",
             "Origin": "Recipient", "ChangedAt": "2026-03-03T10:00:00Z"},
        ),
    }[one["path"]]  # fmt: skip
    body = json.dumps(said).encode()
    return request(under_test.port, "POST", path, body, headers)[0] in (200, 204)


def _by_mail(under_test: Installation, one: dict) -> bool:
    reply = f"From: x@example.com\nTo: {one['reply']}\nMessage-ID: <{one['id']}>\n\nAvregistrera\n"
    bounce = (
        f"From: MAILER-DAEMON@mx\nTo: {one['bounce']}\nMessage-ID: <{one['id']}b>\n"
        'MIME-Version: 1.0\nContent-Type: multipart/report; boundary="B"\n\n--B\n'
        "Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n--B--\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "emptychair", "receive"],
        input=(reply if one["path"] == "reply" else bounce).encode(),
        env={**under_test.environment, "EMPTYCHAIR_MAIL_RETURN": "nps@in.example.com"},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    return done.stdout.decode().strip() in ("stop", "address")


HEAD = "customer_id;email;phone;country;contactable"


def _row(code: str, one: dict, may: str) -> str:
    return f"{code};{one['name']}@exämple.com;{one['phone']};SE;{may}"


def _import(*rows: str) -> str:
    content = "\\r\\n".join([HEAD, *rows])
    return (
        "from emptychair.programme.accounts.models import *\n"
        "from emptychair.programme.exchange import running, services\n"
        "user = User.objects.first() or User.objects.create_user('o@example.com', 'x' * 14,"
        " name='O', role='owner')\n"
        f"data = '{content}'.encode()\n"
        "made = services.upload(kind='customers', name='f.csv', chunks=[data], size=len(data),"
        " by=user)\n"
        "running.work_off(); made.refresh_from_db()\n"
        "services.confirm(made, survey='', survey_name='', survey_kind='relationship', by=user)\n"
        "running.work_off(); made.refresh_from_db()\n"
        "assert made.state == 'done', (made.state, made.problem)\n"
    )


def _bring_back(under_test: Installation, people: list[dict]) -> None:
    """Import everybody anew as willing: as they were, and as others with the same addresses."""
    rows = []
    for one in people:
        name, phone = one["name"], one["phone"]
        local = f"070-{phone[5:8]} {phone[8:10]} {phone[10:12]}"
        rows += [
            f"{name};{name}@exämple.com;{phone};SE;ja",
            f"upper-{name};{name.upper()}@EXÄMPLE.com;;SE;ja",
            f"plus-{name};{name}+shop@xn--exmple-cua.com;;SE;ja",
            f"phone-{name};;{local};SE;ja",
        ]
    under_test.run_code(_import(*rows))
    _ask_all(under_test, "after")


def _ask_all(under_test: Installation, slug: str) -> None:
    """Plan a question of another survey for everybody, over both channels."""
    under_test.run_code(
        "from datetime import timedelta\n"
        "from emptychair.programme.capture.models import *\n"
        "from emptychair.programme.capture.services import add_standard_wordings\n"
        "from emptychair.programme.customers.models import *\n"
        "from emptychair.programme.lib.clock import now\n"
        f"s = Survey.objects.create(slug={slug!r}, name='Other', state='open')\n"
        "add_standard_wordings(s); at = now() - timedelta(hours=1)\n"
        "Invitation.objects.bulk_create([Invitation(survey=s, customer=c, channel=channel,"
        " planned_at=at) for c in Customer.objects.all() for channel in ('email', 'sms')])"
    )


def _send(
    under_test: Installation, people: list[dict], relay: Relay, name: str, **control: str
) -> list[str]:
    """Let two workers send everything; return to whom messages went, over all channels."""
    with relay.up():
        for number in range(2):
            start_worker(under_test, f"{name}{number}", relay, **control)
        left = wait_until_empty(under_test, 180)
    for worker in (f"{name}0", f"{name}1"):
        process = under_test.processes.pop(worker)
        process.terminate()
        process.wait()
    assert left == 0, f"{left} messages neither left nor were refused"
    folder = under_test.folder / "sms"
    texts = [json.loads(path.read_text())["to"] for path in sorted(folder.glob("*.json"))]
    owners = {one["phone"]: one["name"] for one in people}
    return [to for to, _ in relay.taken] + [f"{owners[number]}@sms" for number in texts]


def _is_other_number(to: str) -> bool:
    """Say whether it went to the phone of one whose mail address is dead: nobody said no there."""
    return to.startswith("bounce") and to.endswith("@sms")


def _owner(address: str) -> str:
    """Return the person behind an address, however it is spelled."""
    return address.partition("@")[0].partition("+")[0].casefold()
