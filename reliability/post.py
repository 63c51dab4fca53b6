"""Relays and workers for the tests of sending."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from emptychair.programme.lib.tests.relays import free_port
from reliability.harness import Installation

ROOT = Path(__file__).parent.parent


@dataclass
class Relay:
    """A mail server on this machine that takes mail as its mood is, and remembers what it took."""

    port: int = field(default_factory=free_port)
    mood: Any = None  # recipient -> what happens to this try, see `handle_RCPT`
    seconds: float = 0.0  # how long it thinks about each message
    taken: list[tuple[str, str]] = field(default_factory=list)  # recipient, Message-ID
    cut: list[str] = field(default_factory=list)  # Message-IDs taken, but the reply was cut
    faults: dict[str, int] = field(default_factory=dict)

    async def handle_RCPT(self, server, session, envelope, address, _options):  # noqa: N802
        what = self.mood(address) if self.mood else "take"
        self.faults[what] = self.faults.get(what, 0) + 1
        session.what = what
        if what == "hang":
            await asyncio.sleep(6)
        if what == "cut before":
            server.transport.abort()
        if what[:3].isdigit():
            return what
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if session.what == "later":
            return "451 4.3.0 busy"
        head = envelope.content.decode("utf-8", "replace")
        name = head.partition("Message-ID: <")[2].partition("@")[0]
        self.taken.append((envelope.rcpt_tos[0], name))
        if session.what == "cut after":
            self.cut.append(name)
            server.transport.abort()
        await asyncio.sleep(self.seconds)  # it has the message, and has not said so
        return "250 OK"

    @contextlib.contextmanager
    def up(self) -> Iterator["Relay"]:
        """Take calls while the block runs."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    @property
    def counts(self) -> dict[str, int]:
        """How many messages each Message-ID was taken as."""
        counts: dict[str, int] = {}
        for _, name in self.taken:
            counts[name] = counts.get(name, 0) + 1
        return counts


def start_worker(under_test: Installation, name: str, relay: Relay, **more: str) -> None:
    """Start a worker that sends through `relay`."""
    environment = {
        **under_test.environment,
        "EMPTYCHAIR_MAIL": f"smtp://127.0.0.1:{relay.port}?tls=none",
        "EMPTYCHAIR_MAIL_RETURN": "nps@in.example.com",
        **more,
    }
    under_test.processes[name] = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "reliability.sending_worker"],
        env=environment,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("SHOW") else subprocess.DEVNULL,
    )


def kill_worker(under_test: Installation, name: str) -> None:
    """Kill a worker with SIGKILL."""
    process = under_test.processes.pop(name)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def invite(under_test: Installation, number: int, prefix: str) -> list[str]:
    """Plan invitations by mail for new customers; return their public ids in order."""
    return json.loads(
        under_test.run_code(
            "import json\nfrom datetime import timedelta\n"
            "from emptychair.programme.capture.models import *\n"
            "from emptychair.programme.customers.models import *\n"
            "from emptychair.programme.lib.clock import now\n"
            "s = Survey.objects.first(); at = now() - timedelta(days=1); made = []\n"
            "from django.db import transaction\n"
            "with transaction.atomic():\n"
            f"  for n in range({number}):\n"
            f"    c = Customer.objects.create(code=f'{prefix}{{n}}', country='SE')\n"
            f"    Contact.objects.create(customer=c, email=f'{prefix}{{n}}@example.com')\n"
            "    made.append(Invitation.objects.create(survey=s, customer=c, channel='email',"
            " planned_at=at + timedelta(seconds=n)).public_id)\n"
            "print(json.dumps(made))"
        )
    )


def states(under_test: Installation, prefix: str) -> dict[str, tuple[str, bool]]:
    """Return outcome and suppression of each invitation by its public id."""
    found = json.loads(
        under_test.run_code(
            "import json\n"
            "from emptychair.programme.capture.models import *\n"
            "from emptychair.programme.customers.consent import is_suppressed\n"
            f"rows = Invitation.objects.filter(customer__code__startswith='{prefix}')\n"
            "print(json.dumps({i.public_id: [i.outcome, is_suppressed(i.customer)]"
            " for i in rows.select_related('customer')}))"
        )
    )
    return {key: (outcome, bool(no)) for key, (outcome, no) in found.items()}


def wait_until_empty(under_test: Installation, seconds: float) -> int:
    """Wait until nothing waits to be sent; return how much still does."""
    began, left = time.monotonic(), -1
    while time.monotonic() - began < seconds:
        left = int(
            under_test.run_code(
                "from emptychair.programme.activity.models import *\n"
                "from emptychair.programme.capture.models import *\n"
                "print(Delivery.objects.count() + Activity.objects.filter(dispatched=False).count()"
                " + Invitation.objects.filter(outcome='planned', token_hash=None).count())"
            )
        )
        if left == 0:
            break
        time.sleep(0.3)
    return left


class Moods:
    """Chance, drawn in one thread, repeatable by its seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    def draw(self, weights: dict[str, float]) -> str:
        """Return one of the names, each as likely as its weight."""
        with self._lock:
            return self._chance.choices(list(weights), list(weights.values()))[0]
