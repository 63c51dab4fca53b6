"""The days of a simulated story: its months, and local time to UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

DAY_SECONDS = 86_400
MONTH_DAYS = 365.25 / 12
QUARTER_MONTHS = 3


@dataclass(frozen=True)
class Month:
    """One month of the story: its first of month, and its days from `start` to before `end`."""

    first_on: date
    start: int
    end: int
    is_whole_from_start: bool

    @property
    def is_quarter_start(self) -> bool:
        """Whether a calendar quarter begins with its first day."""
        return self.is_whole_from_start and self.first_on.month % QUARTER_MONTHS == 1

    @property
    def length(self) -> float:
        """How long it is, in months: less than one where the story begins or ends in it."""
        return (self.end - self.start) / MONTH_DAYS


@dataclass(frozen=True)
class Calendar:
    """The days from `first_on` on; day 0 is the first."""

    first_on: date
    days: int
    timezone: str

    def months(self) -> list[Month]:
        """Return the months that the story touches, in order."""
        months, day = [], 0
        while day < self.days:
            today = self.first_on + timedelta(days=day)
            following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
            end = min(self.days, (following - self.first_on).days)
            months.append(Month(today.replace(day=1), day, end, today.day == 1))
            day = end
        return months

    def utc_seconds(self, local: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return moments, given in local days since the first, as seconds since 1970 in UTC.

        The offset of a day is the one at its noon.
        """
        days = np.floor(local).astype(np.int64)
        lowest, highest = (int(days.min()), int(days.max())) if len(days) else (0, 0)
        zone = ZoneInfo(self.timezone)
        offsets = []
        for day in range(lowest, highest + 1):
            noon = datetime.combine(self.first_on + timedelta(days=day), time(12), zone)
            offset = noon.utcoffset()
            offsets.append(offset.total_seconds() if offset else 0.0)
        start = datetime.combine(self.first_on, time(), UTC).timestamp()
        seconds = start + local * DAY_SECONDS - np.array(offsets)[days - lowest]
        return np.asarray(np.floor(seconds)).astype(np.int64)

    def dates(self, day: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
        """Return days of the story as dates."""
        return np.datetime64(self.first_on, "D") + day
