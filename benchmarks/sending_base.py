"""Planning and sending, measured inside an installation (see B10)."""

# ruff: noqa: E402  Django must be set up before its models are imported

import django

django.setup()

import itertools
import smtplib
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from django.conf import settings

from emptychair.programme.activity.worker import Worker
from emptychair.programme.capture import inviting, letters, sending
from emptychair.programme.capture.models import Invitation, Survey
from emptychair.programme.lib import mail
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import is_working_day, working_days

BATCH = 20  # mails of one turn
CADENCE_DAYS = 91
DUE_SHARE = 0.2  # of those whom no quarantine holds back


def measure(mails: int) -> None:
    """Print how many were planned and in what time, then seconds a mail of the four ways."""
    survey = Survey.objects.get()
    day = _working_day()
    survey.kind, survey.cadence_days = Survey.Kind.RELATIONSHIP, CADENCE_DAYS
    survey.asks_from = _asks_from(day)
    survey.save()
    began = time.perf_counter()
    planned = inviting.plan_relationship(survey, day)
    planning = time.perf_counter() - began
    sending.may_reach = lambda *_: True  # benchmarks run at night too
    due = iter(
        Invitation.objects.filter(outcome="planned").select_related("survey", "customer__contact")
    )
    ready = [_as_sent(next(due)) for _ in range(BATCH)]
    ways = {
        "ours": lambda: [sending._hand_over(one) for one in itertools.islice(due, BATCH)],
        "whole": _by_worker,
        "bare": lambda: _bare(ready, kept=False),
        "kept": lambda: _bare(ready, kept=True),
    }
    taken = _in_turn(ways, max(3, mails // BATCH))
    print(planned, planning, *(taken[name] / BATCH for name in ways))


def _working_day() -> date:
    day = today()
    while not is_working_day(day, "SE"):
        day += timedelta(days=1)
    return day


def _asks_from(day: date) -> date:
    """Return the day from which a share of the cadence's working days has passed on `day`."""
    start, wanted = day, DUE_SHARE * CADENCE_DAYS * 5 / 7
    while working_days(start, day, "SE") < wanted:
        start -= timedelta(days=1)
    return start


def _as_sent(invitation: Invitation) -> tuple[str, bytes]:
    """Return the address and the finished message of an invitation."""
    from django.core import mail as django_mail

    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    django_mail.outbox = []
    letter = letters.letter_of(invitation)
    mail.send(letter)
    settings.EMAIL_BACKEND = backend
    return letter.to, django_mail.outbox[0].message().as_bytes(linesep="\r\n")


def _bare(ready: Sequence[tuple[str, bytes]], *, kept: bool) -> None:
    """Send finished messages as a loop of the standard library does."""
    wire = None
    for to, message in ready:
        if wire is None:
            wire = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT)
        wire.sendmail(settings.DEFAULT_FROM_EMAIL, [to], message)
        if not kept:
            wire.quit()
            wire = None
    if wire is not None:
        wire.quit()


def _by_worker() -> None:
    """Let the worker send one batch: queue, check, render, hand over, settle."""
    chosen = Invitation.objects.filter(outcome="planned", token_hash=None).order_by("-pk")[:BATCH]
    Invitation.objects.filter(pk__in=[one.pk for one in chosen]).update(
        planned_at=now() - timedelta(minutes=1)
    )
    sending.queue_due()
    worker = Worker({}, {}, {"invitation.due": [sending.send_invitation]})
    while worker.step():
        pass


def _in_turn(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    for way in ways.values():
        way()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(some) for name, some in taken.items()}
