"""Alerts: every tracked series watched at once, one alert per real change.

Each series has a baseline that is locked before anyone looks. The e-detector of `monitor` gives
evidence that may be looked at daily; over all series the list is chosen by e-BH, so that on
average one false alert comes at most once in ten years, however many series there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.analysis.delivery.differences import difference_of_buckets
from emptychair.analysis.delivery.monitor import MEAN_DAYS_TO_FALSE_ALARM, Alarm, monitor_counts
from emptychair.analysis.delivery.multiplicity import e_benjamini_hochberg
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.accounts.models import Role, User
from emptychair.programme.activity.services import record
from emptychair.programme.insight.models import Alert, Watch
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.warehouse import layer

BASELINE_DAYS: Final = 182
OPEN_DAYS: Final = 91  # after the baseline, on the day a series is first watched
FEWEST_IN_BASELINE: Final = 25
FEWEST_TO_BLAME: Final = 25
TOLD: Final = (Role.ADMIN, Role.OWNER)
Series = tuple[str, str]  # segment and unit; blank means everyone
Days = Mapping[date, ScoreCounts]
_last_watched = ""


@dataclass(frozen=True)
class _Found:
    """A watch with its days and what the detector says of them."""

    watch: Watch
    days: Days
    alarm: Alarm


def watch_series() -> None:
    """Look at every series and raise what really changed, unless nothing is new."""
    global _last_watched
    mark = f"{layer.version()} {today()}"
    if mark == _last_watched or layer.version() == "-1":
        return
    start = layer.first_day()
    if start is None:
        return
    series = _series(start, today())
    _lock_baselines(series, start, today())
    raise_alerts([found for found in _evidence(series) if found])
    _last_watched = mark


def raise_alerts(found: Sequence[_Found]) -> None:
    """Store an alert for every series on the e-BH list; an open one is brought up to date."""
    if not found:
        return
    level = 1 / MEAN_DAYS_TO_FALSE_ALARM
    listed = e_benjamini_hochberg([one.alarm.evidence for one in found], level)
    for place in listed:
        needed = len(found) * MEAN_DAYS_TO_FALSE_ALARM / len(listed)
        _store(found[place], needed, watched=len(found))


@transaction.atomic
def acknowledge_alert(alert: Alert, *, by: User, note: str = "") -> None:
    """Note that somebody has seen to an alert; its series gets a baseline after the change.

    Raises:
        RefusedError: a colleague was faster.
    """
    won = Alert.objects.filter(pk=alert.pk, acknowledged_at=None).update(
        acknowledged_at=now(), acknowledged_by=by, note=note.strip()[:500]
    )
    if not won:
        raise RefusedError(
            "alert_already_acknowledged", _("A colleague acknowledged it before you.")
        )
    Watch.objects.filter(segment=alert.segment, unit=alert.unit).update(
        baseline_from=alert.began_latest_on,
        baseline_until=alert.began_latest_on + timedelta(days=BASELINE_DAYS - 1),
        locked_at=now(),
    )
    record("alert.acknowledged", alert.public_id, actor=by.public_id)


def _series(start: date, end: date) -> dict[Series, dict[date, ScoreCounts]]:
    """Return the counts per day of everyone, every segment and every unit."""
    found: dict[Series, dict[date, ScoreCounts]] = {}
    for (day,), n in layer.counts(start=start, end=end, every="day").items():
        found.setdefault(("", ""), {})[day] = n
    for (day, segment), n in layer.counts(["segment"], start=start, end=end, every="day").items():
        found.setdefault((segment, ""), {})[day] = n
    for (day, unit), n in layer.counts(["unit"], start=start, end=end, every="day").items():
        if unit:
            found.setdefault(("", unit), {})[day] = n
    return found


def _lock_baselines(series: Mapping[Series, Days], start: date, end: date) -> None:
    """Give every new series a baseline: the half year before the last quarter, or less."""
    known = {watch.group for watch in Watch.objects.all()}
    days = (end - start).days + 1
    until = end - timedelta(days=min(OPEN_DAYS, days // 2))
    first = max(start, until - timedelta(days=BASELINE_DAYS - 1))
    Watch.objects.bulk_create(
        [
            Watch(segment=segment, unit=unit, baseline_from=first, baseline_until=until)
            for (segment, unit), counts in sorted(series.items())
            if (segment, unit) not in known
            and sum(n.n for day, n in counts.items() if first <= day <= until) >= FEWEST_IN_BASELINE
        ],
        ignore_conflicts=True,
    )


def _evidence(series: Mapping[Series, Days]) -> list[_Found]:
    found = []
    for watch in Watch.objects.order_by("segment", "unit"):
        days = {
            day: n for day, n in series.get(watch.group, {}).items() if day >= watch.baseline_from
        }
        # A baseline that still grows, or whose answers were erased, is nothing to hold against.
        if today() <= watch.baseline_until or not any(day <= watch.baseline_until for day in days):
            continue
        alarms = monitor_counts(
            {watch.group: days}, baseline_until=watch.baseline_until, mean_days_to_false_alarm=1
        )
        found += [_Found(watch, days, alarm) for alarm in alarms]
    return found


@transaction.atomic
def _store(found: _Found, needed: float, *, watched: int) -> None:
    """Raise one alert, or bring the open one of the same series and direction up to date."""
    watch = found.watch
    # The evidence needed is split over both directions by the library; e-BH counts them itself.
    alarms = monitor_counts(
        {watch.group: found.days},
        baseline_until=watch.baseline_until,
        mean_days_to_false_alarm=needed / 2,
    )
    alarm = next(one for one in alarms if one.direction == found.alarm.direction)
    if alarm.alarm_at is None or alarm.change_at is None:
        return
    details = {
        "alarm_on": alarm.alarm_at,
        "began_on": alarm.change_at,
        "began_earliest_on": alarm.change_low_on,
        "began_latest_on": alarm.change_high_on,
        "baseline_from": watch.baseline_from,
        "baseline_until": watch.baseline_until,
        "baseline_points": alarm.baseline_points,
        "baseline_n": alarm.baseline_n,
        "since_points": alarm.since_points,
        "since_n": alarm.since_n,
        "difference_points": alarm.difference_points,
        "low_points": alarm.low_points,
        "high_points": alarm.high_points,
        "evidence": alarm.evidence,
        "threshold": needed,
        "watched": watched,
        "likely_segment": _likely_segment(watch, alarm),
    }
    alert, is_new = Alert.objects.update_or_create(
        segment=watch.segment,
        unit=watch.unit,
        direction=alarm.direction,
        acknowledged_at=None,
        defaults=details,
    )
    if is_new:
        record("alert.raised", alert.public_id)
        for user in User.objects.filter(role__in=TOLD, is_active=True):
            record("alert.mail_due", alert.public_id, user=user.public_id)
        for channel in range(len(settings.CHAT)):
            record("alert.chat_due", alert.public_id, channel=channel)


def _likely_segment(watch: Watch, alarm: Alarm) -> str:
    """Return the segment whose own change explains most of the alarm; empty if none does."""
    if watch.segment or alarm.change_at is None:
        return watch.segment
    unit = {"unit": watch.unit}
    before = layer.counts(
        ["segment"], start=watch.baseline_from, end=watch.baseline_until, filters=unit
    )
    since = layer.counts(["segment"], start=alarm.change_at, end=today(), filters=unit)
    sign = -1 if alarm.direction == "down" else 1
    best, most = "", 0.0
    for key, counts in since.items():
        earlier = before.get(key, ScoreCounts())
        if min(counts.n, earlier.n) < FEWEST_TO_BLAME:
            continue
        found = difference_of_buckets(
            (earlier.detractors, earlier.passives, earlier.promoters),
            (counts.detractors, counts.passives, counts.promoters),
        )
        surely = sign * (found.high if sign < 0 else found.low)
        weight = sign * found.difference * counts.n
        if surely > 0 and weight > most:
            best, most = str(key[0]), weight
    return best
