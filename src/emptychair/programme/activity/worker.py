"""The worker: turns activities into deliveries, hands them out, and keeps periodic work going.

Several workers may run side by side. A delivery is claimed by a conditional update, its effect
and its removal commit together, and a claim whose worker died is free again when its lease ends.
"""

import logging
import threading
import time
import traceback
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any, Literal, get_args

from django.db import close_old_connections, connection, transaction
from django.db.models import F, Q, QuerySet

from emptychair.programme.activity.models import Activity, Delivery, Routine
from emptychair.programme.activity.pausing import Pauses
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.handover import HandoverError, UnreachableError
from emptychair.programme.lib.tokens import new_id

Handler = Callable[[Activity], None]
HandlerOfMany = Callable[[Sequence[Activity]], None]
Settle = Callable[[], None]
Lane = Literal["fresh", "quick", "slow"]
LANES: tuple[Lane, ...] = get_args(Lane)
Direction = Literal["inside", "outward"]  # what a delivery does: change rows, or leave the house
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
# Sends something out of the house, then returns what to write down about it.
OutwardHandler = Callable[[Activity, int], Settle]
LEASE = timedelta(seconds=60)
BACK_OFF = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 20
BATCH = 50
SHARED_SECONDS = 0.02  # so long may deliveries share a transaction: answers wait for its lock
AT_ONCE = 25  # so many are handed at once to a handler that takes many: about as long
STRANGERS_EVERY = timedelta(minutes=1)
logger = logging.getLogger(__name__)


class LaterError(Exception):
    """Raised by a handler whose work is not due before `at`; it counts as no attempt."""

    def __init__(self, at: datetime, why: str) -> None:
        super().__init__(why)
        self.at = at


@dataclass(frozen=True)
class Only:
    """A handler that few activities concern: `among` picks those out of many at once.

    Nothing is owed for the others, so a thousand promoters cost one query and no delivery.

    Attributes:
        handler: what is done for one.
        among: picks those that it concerns.
        together: does the same for many in fewer statements; when it fails, each is tried alone.
    """

    handler: Handler
    among: Callable[[Sequence[Activity]], Sequence[Activity]]
    together: HandlerOfMany | None = None


@dataclass(frozen=True)
class Periodic:
    """Work done again `every` so often, by one worker at a time.

    Each lane has a thread of its own: `fresh` is for what keeps the figures up to date and for
    nothing else, `slow` for what may take longer than a second.
    """

    every: timedelta
    work: Callable[[], None]
    lane: Lane = "quick"


class Worker:
    """Runs until `stop` is set; every step is safe to repeat after a kill."""

    def __init__(
        self,
        handlers: Mapping[str, Sequence[Handler | Only]],
        routines: Mapping[str, Periodic],
        outward: Mapping[str, Sequence[OutwardHandler]] | None = None,
    ) -> None:
        self.name = new_id()
        self.stop = threading.Event()
        outward = outward or {}
        inner = [one for some in handlers.values() for one in some]
        self._inner = {name_of(plain): plain for one in inner for plain in [_plain(one)]}
        self._outward = {name_of(one): one for some in outward.values() for one in some}
        choosy = {name_of(one.handler): one for one in inner if isinstance(one, Only)}
        self._among = {name: one.among for name, one in choosy.items()}
        self._together = {n: one.together for n, one in choosy.items() if one.together is not None}
        self._names = {
            action: [
                *(name_of(_plain(one)) for one in handlers.get(action, ())),
                *(name_of(one) for one in outward.get(action, ())),
            ]
            for action in {*handlers, *outward}
        }
        self._routines = routines
        self._pauses = Pauses()
        self._strangers: list[str] = []  # handlers of an older or a newer version
        self._strangers_at: datetime | None = None

    def run(self, idle_seconds: float = 0.2) -> None:
        """Work until `stop` is set, resting `idle_seconds` whenever nothing is due."""
        Routine.objects.bulk_create(
            [Routine(name=name) for name in self._routines], ignore_conflicts=True
        )
        # Nothing waits for a slow mail server but mail, nor follow-ups for a long import.
        works: dict[str, Callable[[], bool]] = {
            **{lane: partial(self.turn_routines, lane) for lane in LANES},
            **{direction: partial(self.follow_up, direction) for direction in DIRECTIONS},
        }
        threads = [
            threading.Thread(target=self._repeat, args=(work, idle_seconds), name=f"worker-{name}")
            for name, work in works.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _repeat(self, work: Callable[[], bool], idle_seconds: float) -> None:
        while not self.stop.is_set():
            try:
                busy = work()
            except Exception:  # the database may be away: keep trying, say so
                logger.exception("worker: a step failed, trying again")
                close_old_connections()
                busy = False
                self.stop.wait(1)
            if not busy:
                self.stop.wait(idle_seconds)
        connection.close()

    def step(self) -> bool:
        """Do everything that is due now; return whether there was anything."""
        followed = [self.follow_up(direction) for direction in DIRECTIONS]
        return any([*followed, *(self.turn_routines(lane) for lane in LANES)])

    def follow_up(self, direction: Direction) -> bool:
        """Hand out what follows from what happened; return whether there was anything."""
        dispatched = self.dispatch() if direction == "inside" else 0
        claimed = self.claim(direction)
        if direction == "inside":
            self._deliver_together(claimed)
        else:
            self._deliver_in_turn(claimed)
        return bool(dispatched or claimed)

    def dispatch(self) -> int:
        """Turn new activities into one delivery per handler; return how many were new."""
        if not Activity.objects.filter(dispatched=False).exists():
            return 0  # looking costs no write lock
        with transaction.atomic():
            return self._dispatch()

    def _dispatch(self) -> int:
        waiting = Activity.objects.filter(dispatched=False).order_by("pk")
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        activities = list(waiting[:500])
        owed = defaultdict(list)
        for activity in activities:
            for name in self._names.get(activity.action, ()):
                owed[name].append(activity)
        Delivery.objects.bulk_create(
            [
                Delivery(activity=activity, handler=name)
                for name, some in owed.items()
                for activity in self._concerned(name, some)
            ],
            ignore_conflicts=True,
        )
        Activity.objects.filter(pk__in=[a.pk for a in activities]).update(dispatched=True)
        return len(activities)

    def _concerned(self, name: str, activities: Sequence[Activity]) -> Sequence[Activity]:
        """Return the activities that concern a handler; all of them where looking fails."""
        if name not in self._among:
            return activities
        try:
            with transaction.atomic():
                return self._among[name](activities)
        except Exception:  # each then fails for itself, and nothing else waits for it
            logger.exception("what concerns %s cannot be told", name)
            return activities

    def claim(self, direction: Direction) -> list[Delivery]:
        """Lease the deliveries that are due, including those whose last lease ran out.

        Each handler has its own queue: a million mails that wait for their relay delay no case.
        """
        moment = now()
        due = Delivery.objects.filter(~Q(state=Delivery.State.DEAD), due_at__lte=moment)
        names = self._names_of(direction, moment)
        if not due.filter(handler__in=names).exists():
            return []
        with transaction.atomic():
            return [
                delivery
                for name in names
                for delivery in self._claim(
                    due.filter(handler=name).order_by("due_at", "pk"), moment
                )
            ]

    def _names_of(self, direction: Direction, moment: datetime) -> list[str]:
        """Return the handlers to claim for; those nobody knows fail inside, where all see it."""
        if direction == "outward":
            return [name for name in self._outward if name not in self._pauses]
        if self._strangers_at is None or moment - self._strangers_at > STRANGERS_EVERY:
            there = Delivery.objects.values_list("handler", flat=True).distinct()
            self._strangers = sorted({*there} - {*self._inner, *self._outward})
            self._strangers_at = moment
        return [*self._inner, *self._strangers]

    def _claim(self, due: QuerySet[Delivery], moment: datetime) -> list[Delivery]:
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        was_due = dict(due[:BATCH].values_list("pk", "due_at"))
        if not was_due:
            return []
        # While leased, `due_at` is the end of the lease.
        Delivery.objects.filter(pk__in=was_due).update(
            state=Delivery.State.LEASED,
            leased_by=self.name,
            due_at=moment + LEASE,
            attempts=F("attempts") + 1,
        )
        leased = Delivery.objects.filter(pk__in=was_due).select_related("activity")
        claimed = sorted(leased, key=lambda one: (was_due[one.pk], one.pk))
        for delivery in claimed:
            delivery.due_at = was_due[delivery.pk]  # its place in the queue
        return claimed

    def _give_back(self, delivery: Delivery, why: str = "") -> None:
        """Put a delivery back at its place; nothing was tried, so nothing is counted."""
        Delivery.objects.filter(pk=delivery.pk, leased_by=self.name).update(
            state=Delivery.State.DUE,
            leased_by="",
            due_at=delivery.due_at,
            attempts=delivery.attempts - 1,
            error=why or delivery.error,
        )

    def _deliver_in_turn(self, claimed: Iterable[Delivery]) -> None:
        for delivery in claimed:
            if delivery.handler in self._pauses:
                self._give_back(delivery)
            else:
                self.deliver(delivery)

    def _deliver_together(self, claimed: Iterable[Delivery]) -> None:
        """Deliver in as few transactions as their lock allows; each still fails for itself."""
        alone: list[Delivery] = []
        for name, some in groupby(claimed, key=lambda delivery: delivery.handler):
            if name in self._together:
                alone += self._deliver_at_once(self._together[name], list(some))
            else:
                alone += some
        waiting = deque(alone)
        while waiting:
            shared: list[Delivery] = []
            try:
                with transaction.atomic():
                    end = time.monotonic() + SHARED_SECONDS
                    while waiting and (not shared or time.monotonic() < end):
                        shared.append(waiting.popleft())
                        self.deliver(shared[-1])
            except Exception:  # what they share has failed, not one of them
                logger.warning("%d deliveries are tried one by one", len(shared), exc_info=True)
                self._deliver_in_turn(shared)

    def _deliver_at_once(
        self, handler: HandlerOfMany, claimed: Sequence[Delivery]
    ) -> list[Delivery]:
        """Hand many to a handler that takes many; return those that must be tried alone."""
        failed: list[Delivery] = []
        for first in range(0, len(claimed), AT_ONCE):
            some = claimed[first : first + AT_ONCE]
            try:
                with transaction.atomic():
                    mine = self._end([delivery.pk for delivery in some])
                    handler([delivery.activity for delivery in some if delivery.pk in mine])
            except Exception:  # one of them, or what they share: trying each tells which
                logger.warning("%d deliveries are tried one by one", len(some), exc_info=True)
                failed += some
        return failed

    def _end(self, deliveries: Sequence[int]) -> set[int]:
        """Remove deliveries that are still this worker's; return which were."""
        mine = Delivery.objects.filter(pk__in=deliveries, leased_by=self.name)
        if connection.features.has_select_for_update:
            mine = mine.select_for_update()
        found = set(mine.values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=found).delete()
        return found

    def deliver(self, delivery: Delivery) -> None:
        """Run one handler and end its delivery, or note the failure and when to try again."""
        mine = Delivery.objects.filter(pk=delivery.pk, leased_by=self.name)
        try:
            if delivery.handler in self._outward:
                self._deliver_outward(delivery, mine)
            else:
                self._deliver_inside(delivery, mine)
        except LaterError as later:
            delivery.due_at = later.at
            self._give_back(delivery, str(later))
        except UnreachableError as error:
            self._give_back(delivery, str(error))
            self._pauses.begin(delivery.handler, str(error))
        except Exception as error:
            known = isinstance(error, HandoverError)
            said = str(error) if known else traceback.format_exc()[-2000:]
            mine.update(**_after_failure(delivery, now(), said))
            logger.warning("delivery %s to %s failed", delivery.pk, delivery.handler)

    def _deliver_inside(self, delivery: Delivery, mine: QuerySet[Delivery]) -> None:
        """The handler's effect and the end of the delivery commit together."""
        handler = self._inner[delivery.handler]
        with transaction.atomic():
            if mine.delete()[0]:
                handler(delivery.activity)

    def _deliver_outward(self, delivery: Delivery, mine: QuerySet[Delivery]) -> None:
        """What leaves the house cannot be rolled back: the attempt is on record before it does.

        A worker killed between sending and settling leaves an attempt without an end; the next
        one is told so by its number and may send the same message id once more.
        """
        # A full lease for each: a slow service must not have two workers send the same.
        if not mine.filter(due_at__gt=now()).update(due_at=now() + LEASE):
            return
        settle = self._outward[delivery.handler](delivery.activity, delivery.attempts)
        self._pauses.end(delivery.handler)
        with transaction.atomic():
            if mine.delete()[0]:
                settle()

    def turn_routines(self, lane: Lane = "quick") -> bool:
        """Do the periodic work of a lane whose time has come."""
        moment, done = now(), False
        names = [name for name, periodic in self._routines.items() if periodic.lane == lane]
        for routine in Routine.objects.filter(next_at__lte=moment, name__in=names):
            periodic = self._routines[routine.name]
            # Compare-and-set: of two workers one takes the turn.
            won = Routine.objects.filter(pk=routine.pk, next_at=routine.next_at).update(
                next_at=moment + periodic.every
            )
            if won:
                done = True
                self._turn(routine.name, periodic)
        return done

    def _turn(self, name: str, periodic: Periodic) -> None:
        try:
            periodic.work()
        except Exception:
            logger.exception("routine %s failed, next turn in %s", name, periodic.every)


def _plain(handler: Handler | Only) -> Handler:
    return handler.handler if isinstance(handler, Only) else handler


def name_of(handler: Callable[..., Any]) -> str:
    """Return the stable name under which deliveries to `handler` are stored."""
    return f"{handler.__module__.rsplit('programme.', 1)[-1]}.{handler.__qualname__}"


def _after_failure(delivery: Delivery, moment: datetime, error: str) -> dict[str, object]:
    attempts = delivery.attempts
    wait = min(LONGEST_WAIT, BACK_OFF * 2 ** (attempts - 1))
    dead = attempts >= MOST_ATTEMPTS
    return {
        "state": Delivery.State.DEAD if dead else Delivery.State.DUE,
        "leased_by": "",
        "due_at": moment + wait,
        "error": error,
    }
