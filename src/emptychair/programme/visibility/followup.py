"""Does following up work: who waits today, how soon customers were contacted, what it did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emptychair.analysis.show.words import INTERVAL_FROM, Words
from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import Scope, may
from emptychair.programme.closedloop.models import Case
from emptychair.programme.closedloop.queries import inbox, tallies
from emptychair.programme.insight.models import Assessment
from emptychair.programme.lib.clock import now
from emptychair.programme.visibility import names
from emptychair.programme.visibility.today import Notice, NoticeLine

WINDOW_DAYS = 90
SHOWN = 4
MOST_CAUSES = 8


@dataclass(frozen=True)
class UnitRow:
    """How one unit keeps its promises."""

    name: str
    opened: str
    in_time: str
    hours: str
    closed: str
    url: str


@dataclass(frozen=True)
class Cause:
    """What colleagues said lay behind the scores, and how often."""

    name: str
    n: str
    share: str


@dataclass(frozen=True)
class ResultsPage:
    """Everything the page shows; `said` is empty before the worker has compared."""

    total: UnitRow
    units: tuple[UnitRow, ...]
    causes: tuple[Cause, ...]
    said: str
    details: tuple[str, ...]
    computed_at: datetime | None
    is_empty: bool


def waiting_notice(user: User) -> Notice | None:
    """Return who waits for `user` today; None when nobody does."""
    if not may(user, "case.change"):
        return None
    found = tallies(user)
    if not found["overdue"] and not found["mine"] and not found["promises"]:
        return None
    sentence = ngettext(
        "%(n)s customer should have been contacted by now.",
        "%(n)s customers should have been contacted by now.",
        found["overdue"],
    ) % {"n": found["overdue"]}
    if not found["overdue"]:
        sentence = _mine(found["mine"], found["promises"])
    urgent = inbox(user, {"state": "overdue"} if found["overdue"] else {"whose": "mine"})
    return Notice(
        name="waiting",
        title=_("Who waits"),
        sentence=sentence,
        lines=tuple(_line(case) for case in urgent[:SHOWN]),
        url=reverse("closedloop:cases"),
        url_label=_("All cases"),
    )


def _mine(cases: int, promises: int) -> str:
    """Say how many cases are the reader's, and how many promises are due."""
    mine = ngettext("%(n)s case is yours.", "%(n)s cases are yours.", cases) % {"n": cases}
    due = ngettext("%(n)s promise is due.", "%(n)s promises are due.", promises)
    parts = [mine if cases else "", due % {"n": promises} if promises else ""]
    return " ".join(part for part in parts if part)


def _line(case: Case) -> NoticeLine:
    url = reverse("closedloop:case", args=[case.public_id])
    if case.response is None:
        return NoticeLine(_("A key contact says nothing."), url)
    words = case.response.comment.split()
    text = " ".join(words[:14]) if words else _("No comment.")
    return NoticeLine(text, url, about=str(case.response.score), about_url=url)


def results_page(scope: Scope, words: Words) -> ResultsPage:
    """Return how the promises of the last `WINDOW_DAYS` days were kept, and what it did."""
    since = now() - timedelta(days=WINDOW_DAYS)
    cases = Case.objects.filter(opened_at__gt=since, is_holdout=False)
    if scope.units is not None:
        cases = cases.filter(unit__in=scope.units)
    known = names.names_of("unit")
    codes = cases.order_by().values_list("unit", flat=True).distinct()
    stored = Assessment.objects.filter(kind=Assessment.Kind.FOLLOWUP).first()
    result = stored.result if stored and scope.units is None else {}
    return ResultsPage(
        total=_row(_("All"), cases, words, ""),
        units=tuple(
            _row(known.get(code, code) or _("No unit"), cases.filter(unit=code), words, code)
            for code in sorted(codes, key=lambda code: known.get(code, code))
        ),
        causes=_causes(cases, words),
        said=_said(result, words),
        details=_details(result, words),
        computed_at=stored.computed_at if stored else None,
        is_empty=not cases.exists(),
    )


def _row(name: str, cases: QuerySet[Case], words: Words, code: str) -> UnitRow:
    """Return the figures of some cases; a case that is not due yet counts once it is contacted."""
    due = cases.filter(Q(due_at__lt=now()) | Q(first_contact_at__isnull=False))
    counts = cases.aggregate(n=Count("pk"), closed=Count("pk", filter=Q(state=Case.State.CLOSED)))
    n_due = due.count()
    in_time = due.filter(first_contact_at__lte=F("due_at")).count()
    waited = [
        (contact - opened).total_seconds() / 3600
        for opened, contact in cases.values_list("opened_at", "first_contact_at")
        if contact is not None
    ]
    return UnitRow(
        name=name,
        opened=words.number(counts["n"]),
        in_time=words.share(in_time / n_due) if n_due else "\N{EN DASH}",
        hours=words.number(median(waited), 1) if waited else "\N{EN DASH}",
        closed=words.number(counts["closed"]),
        url=f"{reverse('closedloop:cases')}?unit={code}" if code else reverse("closedloop:cases"),
    )


def _causes(cases: QuerySet[Case], words: Words) -> tuple[Cause, ...]:
    closed = cases.exclude(root_cause="")
    total = closed.count()
    rows = closed.order_by().values_list("root_cause").annotate(n=Count("pk")).order_by("-n")
    return tuple(
        Cause(cause, words.number(n), words.share(n / total)) for cause, n in rows[:MOST_CAUSES]
    )


def _said(result: Mapping[str, Any], words: Words) -> str:
    """Return the verdict; without a fair comparison it claims nothing."""
    if not result:
        return ""
    again = min(result["called_again"], result["others_again"])
    if result["difference_points"] is None or again < INTERVAL_FROM:
        return _("Too few have answered again to tell what following up does.")
    values = {
        "points": words.points(result["difference_points"]),
        "low": words.points(result["low_points"]),
        "high": words.points(result["high_points"]),
    }
    if result["compared_with"] == "held_out":
        if result["low_points"] > 0:
            return _("Following up caused %(points)s points (%(low)s to %(high)s).") % values
        return _("No effect of following up is shown yet: %(low)s to %(high)s points.") % values
    if result["low_points"] > 0:
        return (
            _(
                "Those who were contacted lie %(points)s points above those who were not reached"
                " (%(low)s to %(high)s). It goes along with the contact; those who can be reached"
                " may differ anyway."
            )
            % values
        )
    return (
        _(
            "Those who were contacted do not clearly differ from those who were not reached"
            " (%(low)s to %(high)s points)."
        )
        % values
    )


def _details(result: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    if not result or not result["called_again"]:
        return ()
    found = [
        _(
            "Of %(n)s unhappy customers who were contacted and answered again, %(share)s were no"
            " longer unhappy."
        )
        % {
            "n": words.number(result["called_again"]),
            "share": words.share(result["called_recovered_share"]),
        }
    ]
    if result["others_again"]:
        found.append(
            _("Of %(n)s who were not contacted, %(share)s: so much happens by itself.")
            % {
                "n": words.number(result["others_again"]),
                "share": words.share(result["others_recovered_share"]),
            }
        )
    return tuple(found)
