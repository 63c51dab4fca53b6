"""A worker for tests of sending: it works at any hour and waits seconds instead of hours.

`SENDING_CONTROL` seeds a fault that the test must catch: `ignores_noes` sends to who said no,
`forgets_failures` counts as sent what was never taken.
"""

import os
import signal
from datetime import timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402  Django first

from emptychair.programme.activity import pausing, worker  # noqa: E402
from emptychair.programme.capture import outcomes, sending  # noqa: E402
from emptychair.programme.dispatch import HANDLERS, OUTWARD  # noqa: E402
from emptychair.programme.lib import handover, smtp  # noqa: E402

SECONDS = timedelta(seconds=1)
worker.LEASE = 10 * SECONDS
worker.BACK_OFF = 0.2 * SECONDS
pausing.SHORTEST, pausing.LONGEST = 0.2 * SECONDS, SECONDS
smtp.LONGEST_SECONDS = 4
settings.EMAIL_TIMEOUT = 1.5
outcomes.UNCERTAIN_WAIT = 0.5 * SECONDS
outcomes.SOFT_WAITS = (0.3 * SECONDS,) * 3
sending.may_reach = lambda *_: True
control = os.environ.get("SENDING_CONTROL", "")
if control == "ignores_noes":
    sending.is_suppressed = lambda _customer: False
if control == "forgets_failures":
    hand_over = sending._hand_over

    def _careless(invitation):
        try:
            return hand_over(invitation)
        except handover.HandoverError:
            return ""

    sending._hand_over = _careless

if __name__ == "__main__":
    queue = {"capture.queue_due": worker.Periodic(0.3 * SECONDS, sending.queue_due)}
    one = worker.Worker(HANDLERS, queue, OUTWARD)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: one.stop.set())
    one.run(0.05)
