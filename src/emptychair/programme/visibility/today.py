"""What came in since the reader was last here."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from emptychair.analysis.show.words import Words
from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.models import Response
from emptychair.programme.capture.queries import responses_behind
from emptychair.programme.lib.clock import local_date, now, today
from emptychair.programme.visibility import names
from emptychair.programme.visibility.alerts import AlertCard, alerts_of, cards_of
from emptychair.programme.visibility.queries import (
    BUCKETS,
    BucketPart,
    Comment,
    Figure,
    change_between,
    comments_of,
    counts_of,
    figure_of,
    fine_print_url,
)
from emptychair.programme.visibility.selection import Selection, selection_of
from emptychair.programme.warehouse import layer

VISIT: Final = timedelta(hours=1)  # a pause longer than this begins a new visit
FIRST_VISIT_SHOWS: Final = timedelta(days=7)
HEADLINE: Final = "30d"
SHOWN: Final = 4
_SINCE: Final = "today_since"


@dataclass(frozen=True)
class NoticeLine:
    """One line of a notice; what it is about leads somewhere too."""

    text: str
    url: str
    about: str = ""
    about_url: str = ""


@dataclass(frozen=True)
class Notice:
    """Something a slice wants known today: a sentence, its lines, and where all of it stands."""

    name: str
    title: str
    sentence: str
    lines: tuple[NoticeLine, ...]
    url: str
    url_label: str


# Returns what a reader must know today, or None.
NoticeSource = Callable[[User], Notice | None]
_NOTICES: dict[str, NoticeSource] = {}


def add_notice(name: str, source: NoticeSource) -> None:
    """Let a slice above tell something on Today; call it once, in the `ready` of its app."""
    _NOTICES[name] = source


def notices_for(user: User) -> tuple[Notice, ...]:
    """Return what slices above want `user` to know today."""
    found = (source(user) for source in _NOTICES.values())
    return tuple(notice for notice in found if notice is not None)


@dataclass(frozen=True)
class TodayPage:
    """Everything the live part of Today shows."""

    is_empty: bool
    version: str
    since: datetime
    is_first_visit: bool
    answers: int
    comments: int
    buckets: tuple[BucketPart, ...]
    answers_url: str
    figure: Figure
    figure_url: str
    wins: tuple[Comment, ...]
    worries: tuple[Comment, ...]
    alerts: tuple[AlertCard, ...]
    notices: tuple[Notice, ...]


def since_last_visit(
    session: MutableMapping[str, Any], user: User, moment: datetime
) -> tuple[datetime, bool]:
    """Return from when on things are new to `user`, and whether this is the first visit.

    Reading the page again within the hour shows the same news again.
    """
    kept, last = session.get(_SINCE), user.seen_at
    if kept is None or last is None or moment - last > VISIT:
        since = moment - FIRST_VISIT_SHOWS if last is None else last
        kept = {"since": since.isoformat(), "is_first": last is None}
        session[_SINCE] = kept
    return datetime.fromisoformat(kept["since"]), kept["is_first"]


def today_page(
    scope: Scope,
    since: datetime,
    words: Words,
    *,
    is_first: bool,
    notices: tuple[Notice, ...] = (),
) -> TodayPage:
    """Return the live part of Today.

    Args:
        scope: what the reader may see.
        since: from when on answers are new.
        words: the reader's language.
        is_first: whether the reader was never here before.
        notices: what slices above want known.
    """
    version = layer.version()
    everything = responses_behind(scope)
    new = everything.filter(answered_at__gt=since)
    told = _bucket_counts(new)
    n = sum(told[bucket] for bucket in BUCKETS)
    selection = selection_of({"period": HEADLINE}, today=today(), first_day=None)
    figure = _headline(selection, scope, words)
    first_day = local_date(since)
    behind = replace(selection, start=first_day, end=max(first_day, today()))
    return TodayPage(
        is_empty=not everything.exists(),
        version=version,
        since=since,
        is_first_visit=is_first,
        answers=n,
        comments=told["comments"],
        buckets=tuple(
            BucketPart(
                bucket,
                names.bucket_names(bucket),
                told[bucket],
                words.share(told[bucket] / n) if n else "",
                _behind(behind, bucket=bucket),
            )
            for bucket in BUCKETS
        ),
        answers_url=_behind(behind),
        figure=figure,
        figure_url=reverse("visibility:delivery") + selection.address(),
        wins=_comments(everything, 9, 10, since),
        worries=_comments(everything, 0, 6, since),
        alerts=cards_of(alerts_of(scope).filter(acknowledged_at=None)[:SHOWN], words),
        notices=notices,
    )


def remember_visit(user: User) -> None:
    """Note that `user` has now seen Today."""
    User.objects.filter(pk=user.pk).update(seen_at=now())


def _headline(selection: Selection, scope: Scope, words: Words) -> Figure:
    total = counts_of(selection, scope)
    change = change_between(counts_of(selection.before(), scope), total, words)
    return figure_of(
        total, words, change=change, url=_behind(selection), card_url=fine_print_url(selection)
    )


def _bucket_counts(new: QuerySet[Response]) -> dict[str, int]:
    return new.order_by().aggregate(
        detractor=Count("pk", filter=Q(score__lte=6)),
        passive=Count("pk", filter=Q(score__range=(7, 8))),
        promoter=Count("pk", filter=Q(score__gte=9)),
        comments=Count("pk", filter=~Q(comment="")),
    )


def _comments(
    responses: QuerySet[Response], low: int, high: int, since: datetime
) -> tuple[Comment, ...]:
    chosen = responses.filter(score__range=(low, high)).exclude(comment="")[:SHOWN]
    return comments_of(chosen, new_after=since)


def _behind(selection: Selection, **narrower: object) -> str:
    return reverse("visibility:responses") + selection.behind(**narrower)
