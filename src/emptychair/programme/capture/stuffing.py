"""Finds answers to open links that one source sent in numbers, and holds them apart.

An office, a school class or a shop's network sends many answers too. What tells stuffing from
these is that its answers are not mixed as people's are: the chance that so many fall into one
bucket, given what the link brought before, is next to nothing. A whole source is held, not only
its low or high scores, so that holding does not move the score either.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q

from emptychair.programme.capture.holding import hold
from emptychair.programme.capture.models import LedgerEntry, Link, Origin, Response
from emptychair.programme.lib.clock import now

BATCH = 2_000
KEPT = timedelta(days=7)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASELINE = timedelta(days=90)
ENOUGH_BEFORE = 50  # answers from which a link's own mixture is known
# Shares that people may well send from one place, while a link's own mixture is not known.
UNKNOWN_SHARES = (0.6, 0.5, 0.8)
LEAST_SHARE, MOST_SHARE = 0.2, 0.85
SPARE_SHARE = 0.05
CHANCE = {"source": 1e-4, "network": 1e-6}
LEAST = {"source": 6, "network": 20}
KIOSK_CHANCE, KIOSK_LEAST = 1e-8, 50  # a kiosk is one source by nature
FAST, FAST_ANSWERS = timedelta(seconds=10), 20
NEXT_PERSON = timedelta(seconds=2.5)  # no two people answer at one kiosk within less
BURST_ANSWERS, BURST_TIMES, BURST_SAME_SHARE = 50, 10, 0.9
COPIES, COPIED_LETTERS = 6, 25
REASONS = ("one_source", "one_network", "burst", "copies", "kiosk_rapid")
Shares = tuple[float, float, float]
_KEPT_SECONDS = 300.0
_baselines: dict[tuple[int, str, str], tuple[float, Shares]] = {}


@dataclass(frozen=True)
class Cluster:
    """What one source brought to one link within a time: how many, in which buckets."""

    link: str
    origin: str
    counts: tuple[int, int, int]  # detractors, passives, promoters

    @property
    def n(self) -> int:
        return sum(self.counts)


def hold_stuffing() -> None:
    """Judge what came in since the last time, and hold what was stuffed."""
    new = list(Origin.objects.filter(is_judged=False).order_by("pk")[:BATCH])
    if not new:
        return
    moment = now()
    links = {one.public_id: one for one in _links(new)}
    for reason, responses in _suspects(new, links, moment):
        counted = _not_released(responses)
        for first in range(0, len(counted), BATCH):
            hold(counted[first : first + BATCH], reason=reason)
    with transaction.atomic():
        Origin.objects.filter(pk__in=[origin.pk for origin in new]).update(is_judged=True)


def forget_origins() -> None:
    """Remove what tells where answers came from, once it is a week old."""
    Origin.objects.filter(at__lt=now() - KEPT).delete()


def _links(new: Sequence[Origin]) -> list[Link]:
    wanted = {origin.link for origin in new}
    return list(Link.objects.select_related("survey", "unit").filter(public_id__in=wanted))


def _suspects(
    new: Sequence[Origin], links: dict[str, Link], moment: datetime
) -> Iterator[tuple[str, list[str]]]:
    """Yield reasons with the responses they apply to."""
    for kind in ("source", "network"):
        origins = sorted({getattr(origin, kind) for origin in new})
        for within in (HOUR, DAY):
            for cluster in _clusters(kind, origins, moment - within):
                if cluster.link in links and _is_odd(kind, within, cluster, links[cluster.link]):
                    yield f"one_{kind}", _responses_of(kind, cluster, moment - within)
    for cluster in _clusters("source", sorted({o.source for o in new}), moment - FAST):
        if cluster.n >= FAST_ANSWERS and not _is_kiosk(links.get(cluster.link)):
            yield "one_source", _responses_of("source", cluster, moment - DAY)
    for link in links.values():
        yield "burst", _burst(link, moment)
        yield "copies", _copies(link, moment)
        if _is_kiosk(link):
            yield "kiosk_rapid", _rapid(link, moment)


def _is_odd(kind: str, within: timedelta, cluster: Cluster, link: Link) -> bool:
    least, chance = LEAST[kind], CHANCE[kind]
    if _is_kiosk(link):
        if within < DAY:
            return False
        least, chance = KIOSK_LEAST, KIOSK_CHANCE
    if cluster.n < least:
        return False
    shares = baseline(link, now() - DAY)
    return any(
        chance_of(count, cluster.n, share) < chance
        for count, share in zip(cluster.counts, shares, strict=True)
    )


def chance_of(count: int, n: int, share: float) -> float:
    """Return the probability of `count` or more out of `n` when each has probability `share`.

    Examples:
        >>> round(chance_of(6, 6, 0.2), 6), round(chance_of(1, 2, 0.5), 2)
        (6.4e-05, 0.75)
    """
    if count <= n * share:
        return 1.0
    logs = (math.lgamma(n + 1), math.lgamma(count + 1), math.lgamma(n - count + 1))
    term = logs[0] - logs[1] - logs[2]
    term = math.exp(term + count * math.log(share) + (n - count) * math.log(1 - share))
    total = 0.0
    for successes in range(count, n + 1):
        total += term
        term *= (n - successes) / (successes + 1) * share / (1 - share)
        if term < total * 1e-12:
            break
    return min(1.0, total)


def baseline(link: Link, until: datetime) -> Shares:
    """Return the largest shares of each bucket that the link's people are known to send."""
    unit = link.unit.code if link.unit else ""
    key = (link.survey_id, link.channel, unit)
    kept = _baselines.get(key)
    if kept is None or time.monotonic() - kept[0] > _KEPT_SECONDS:
        kept = _baselines[key] = (time.monotonic(), _shares(link, unit, until))
    return kept[1]


def _shares(link: Link, unit: str, until: datetime) -> Shares:
    rows = Response.objects.filter(
        survey=link.survey_id,
        channel=link.channel,
        unit=unit,
        held_reason="",
        answered_at__gt=until - BASELINE,
        answered_at__lte=until,
    )
    counts = rows.aggregate(
        low=Count("id", filter=Q(score__lte=6)),
        middle=Count("id", filter=Q(score__range=(7, 8))),
        high=Count("id", filter=Q(score__gte=9)),
    )
    n = sum(counts.values())
    if n < ENOUGH_BEFORE:
        return UNKNOWN_SHARES
    low, middle, high = (
        min(MOST_SHARE, max(LEAST_SHARE, count / n + SPARE_SHARE)) for count in counts.values()
    )
    return low, middle, high


def _clusters(kind: str, origins: Sequence[str], since: datetime) -> Iterator[Cluster]:
    """Yield what each of `origins` brought to each link since then, held ones of ours included."""
    for first in range(0, len(origins), 500):
        some = origins[first : first + 500]
        places = ", ".join(["%s"] * len(some))
        marks = ", ".join(["%s"] * (len(REASONS) + 1))
        rows = _rows(
            f"SELECT o.link, o.{kind}, SUM(CASE WHEN r.score <= 6 THEN 1 ELSE 0 END),"  # noqa: S608
            " SUM(CASE WHEN r.score BETWEEN 7 AND 8 THEN 1 ELSE 0 END),"
            " SUM(CASE WHEN r.score >= 9 THEN 1 ELSE 0 END)"
            " FROM capture_origin o JOIN capture_response r ON r.public_id = o.response"
            f" WHERE o.{kind} IN ({places}) AND o.at > %s AND r.held_reason IN ({marks})"
            f" GROUP BY o.link, o.{kind}",
            [*some, _adapt(since), "", *REASONS],
        )
        for link, origin, low, middle, high in rows:
            yield Cluster(link, origin, (low, middle, high))


def _responses_of(kind: str, cluster: Cluster, since: datetime) -> list[str]:
    found = Origin.objects.filter(link=cluster.link, at__gt=since, **{kind: cluster.origin})
    return list(found.values_list("response", flat=True))


def _burst(link: Link, moment: datetime) -> list[str]:
    """Return the answers of an hour that brought far more than usual, nearly all the same."""
    rows = _lately(link, moment - HOUR)
    if len(rows) < BURST_ANSWERS or _is_kiosk(link):
        return []
    usual = _usual_in_an_hour(link, moment)
    if len(rows) < BURST_TIMES * usual:
        return []
    bare: dict[int, list[str]] = {}
    sources: dict[str, list[str]] = {}
    counts = [0, 0, 0]
    for response, source, score, is_bare in rows:
        sources.setdefault(source, []).append(response)
        counts[0 if score <= 6 else 1 if score <= 8 else 2] += 1
        if is_bare:
            bare.setdefault(score, []).append(response)
    commonest = max(bare.values(), key=len, default=[])
    if len(commonest) >= BURST_SAME_SHARE * len(rows):
        return commonest
    shares = baseline(link, moment - DAY)
    pairs = zip(counts, shares, strict=True)
    if any(chance_of(count, len(rows), share) < CHANCE["network"] for count, share in pairs):
        return [one for some in sources.values() if len(some) > 1 for one in some]
    return []


def _usual_in_an_hour(link: Link, moment: datetime) -> float:
    unit = link.unit.code if link.unit else ""
    before = Response.objects.filter(
        survey=link.survey_id,
        channel=link.channel,
        unit=unit,
        held_reason="",
        answered_at__gt=moment - timedelta(days=30),
        answered_at__lte=moment - HOUR,
    )
    return before.count() / (30 * 24)


def _copies(link: Link, moment: datetime) -> list[str]:
    """Return answers of a day whose long comment came again and again, letter for letter."""
    rows = _rows(
        "SELECT r.comment, r.public_id FROM capture_origin o"
        " JOIN capture_response r ON r.public_id = o.response"
        " WHERE o.link = %s AND o.at > %s AND LENGTH(r.comment) >= %s",
        [link.public_id, _adapt(moment - DAY), COPIED_LETTERS],
    )
    same: dict[str, list[str]] = {}
    for comment, response in rows:
        same.setdefault(comment.strip().casefold(), []).append(response)
    return [one for some in same.values() if len(some) >= COPIES for one in some]


def _rapid(link: Link, moment: datetime) -> list[str]:
    """Return what a kiosk got sooner after the answer before than another person can give it."""
    rows = _rows(
        "SELECT r.public_id, r.answered_at FROM capture_origin o"
        " JOIN capture_response r ON r.public_id = o.response"
        " WHERE o.link = %s AND o.at > %s AND r.clock <> 'bounded' ORDER BY r.answered_at",
        [link.public_id, _adapt(moment - HOUR)],
    )
    times = [(response, _moment(at)) for response, at in rows]
    return [after[0] for before, after in pairwise(times) if after[1] - before[1] < NEXT_PERSON]


def _lately(link: Link, since: datetime) -> list[tuple[str, str, int, bool]]:
    rows = _rows(
        "SELECT o.response, o.source, r.score, r.comment = '' FROM capture_origin o"
        " JOIN capture_response r ON r.public_id = o.response"
        " WHERE o.link = %s AND o.at > %s",
        [link.public_id, _adapt(since)],
    )
    return [(response, source, score, bool(bare)) for response, source, score, bare in rows]


def _not_released(responses: Sequence[str]) -> list[str]:
    """Return those that count and that no colleague has released."""
    found: list[str] = []
    for first in range(0, len(responses), BATCH):
        some = responses[first : first + BATCH]
        released = LedgerEntry.objects.filter(response__public_id__in=some, kind="release")
        kept = set(released.values_list("response__public_id", flat=True))
        counted = Response.objects.filter(public_id__in=some, held_reason="")
        found += [one for one in counted.values_list("public_id", flat=True) if one not in kept]
    return found


def _is_kiosk(link: Link | None) -> bool:
    return link is not None and link.channel == "kiosk"


def _rows(statement: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _adapt(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _moment(value: Any) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
