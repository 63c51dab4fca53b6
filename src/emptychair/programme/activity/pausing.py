"""Services that cannot be reached are left alone for a while."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from emptychair.programme.lib.clock import now

SHORTEST, LONGEST = timedelta(seconds=5), timedelta(minutes=5)
ALARM_AFTER = timedelta(minutes=15)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pause:
    """How long nothing is handed to a service that cannot be reached."""

    since: datetime
    until: datetime
    length: timedelta


class Pauses:
    """The pauses of one worker, by handler."""

    def __init__(self) -> None:
        self._pauses: dict[str, Pause] = {}

    def __contains__(self, handler: str) -> bool:
        pause = self._pauses.get(handler)
        return pause is not None and pause.until > now()

    def begin(self, handler: str, why: str) -> None:
        """Leave a service alone for a while, longer each time; say so when it lasts."""
        before, moment = self._pauses.get(handler), now()
        since = before.since if before else moment
        length = min(LONGEST, before.length * 2) if before else SHORTEST
        self._pauses[handler] = Pause(since, moment + length, length)
        log = logger.error if moment - since > ALARM_AFTER else logger.warning
        log("%s cannot be reached since %s, next try in %s: %s", handler, since, length, why)

    def end(self, handler: str) -> None:
        """Forget a pause: the service was reached."""
        self._pauses.pop(handler, None)
