"""The base: who is in which bucket and what they are worth, as a picture and as a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.analysis.show.base import BasePart, base_chart
from emptychair.analysis.show.charts import Chart
from emptychair.analysis.show.words import Words
from emptychair.programme.accounts.models import Unit
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.customers.models import Segment
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.lists import Column
from emptychair.programme.relations import naming
from emptychair.programme.standing.following import current_rule, is_following, oldest_day
from emptychair.programme.standing.models import BUCKETS, SILENT, Standing, State
from emptychair.programme.standing.queries import Part, narrowed, parts, standings
from emptychair.programme.visibility.pictures import ChartBlock, chart_block

FILTERS: Final = ("state", "segment", "unit", "key", "search")


@dataclass(frozen=True)
class Stat:
    """One small figure with its label."""

    label: str
    value: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True)
class BasePage:
    """The picture of the base; without a chart there is nobody in it."""

    chart: ChartBlock | None
    stats: tuple[Stat, ...]
    oldest_answer_days: int
    oldest_on: date
    is_following: bool


def base_page(
    filters: Mapping[str, str], scope: Scope, words: Words, *, may_take_files: bool
) -> BasePage:
    """Return the picture of those customers that segment and unit leave."""
    rule = current_rule()
    found = parts_of(filters, scope)
    total = sum(part.customers for part in found.values())
    block = None
    if total:
        query = _kept(filters)

        def file_url(kind: str) -> str:
            return reverse("customers:base_chart", args=[kind]) + query

        block = chart_block(
            _chart(found, filters, words),
            words,
            file_url=file_url if may_take_files else None,
            table_open=True,
        )
    return BasePage(
        chart=block,
        stats=_stats(found, words) if total else (),
        oldest_answer_days=rule.oldest_answer_days,
        oldest_on=oldest_day(rule, today()),
        is_following=is_following(rule),
    )


def parts_of(filters: Mapping[str, str], scope: Scope) -> dict[str, Part]:
    """Return count and revenue of each state among those whom segment and unit leave."""
    kept = {name: filters[name] for name in ("segment", "unit") if filters.get(name)}
    return parts(narrowed(standings(scope), kept, search_names=False))


def chart_of(filters: Mapping[str, str], scope: Scope, words: Words) -> Chart:
    """Return the picture of the base as a chart."""
    return _chart(parts_of(filters, scope), filters, words)


def _chart(found: Mapping[str, Part], filters: Mapping[str, str], words: Words) -> Chart:
    states = (*BUCKETS, *SILENT)
    shown = [
        BasePart(
            state=str(state),
            name=naming.state_names(state),
            customers=found[state].customers if state in found else 0,
            money=float(found[state].revenue) if state in found else 0.0,
        )
        for state in states
    ]
    links = [reverse("customers:customers") + _kept(filters, state=state) for state in states]
    return base_chart(shown, words, naming.money, links)


def _stats(found: Mapping[str, Part], words: Words) -> tuple[Stat, ...]:
    total = sum(part.customers for part in found.values())
    money = sum(float(part.revenue) for part in found.values())
    known = [part for state, part in found.items() if state in BUCKETS]
    n, worth = sum(part.customers for part in known), sum(float(one.revenue) for one in known)
    risk = found.get(State.DETRACTOR)
    stats = [
        Stat(_("Customers"), words.number(total)),
        Stat(_("Revenue, twelve whole months"), naming.short_money(money)),
        Stat(
            _("In a bucket today"),
            words.share(n / total),
            _("%(share)s of the revenue") % {"share": words.share(worth / money)} if money else "",
        ),
    ]
    if risk is not None and money:
        share = words.share(float(risk.revenue) / money)
        stats.append(Stat(_("Revenue with detractors"), naming.short_money(risk.revenue), share))
    return tuple(stats)


def _kept(filters: Mapping[str, str], **changes: str) -> str:
    query = {name: filters[name] for name in ("segment", "unit") if filters.get(name)} | changes
    return f"?{urlencode(query)}" if query else ""


def customers_of(filters: Mapping[str, str], scope: Scope) -> QuerySet[Standing]:
    """Return the customers that the filters leave, the most valuable first."""
    found = narrowed(standings(scope), filters, search_names=scope.pii)
    segments = Segment.objects.order_by("priority", "name")
    related = ["customer", "account", *(["customer__contact"] if scope.pii else [])]
    return found.select_related(*related).prefetch_related(Prefetch("customer__segments", segments))


def columns(scope: Scope) -> tuple[Column, ...]:
    """Return the columns of the list; names are shown to those who may know them."""
    units = dict(Unit.objects.values_list("pk", "name"))
    shown = [
        Column("customer_id", _("Customer"), lambda s: s.customer.code, url=_customer_url),
        Column("bucket", _("Bucket"), lambda s: naming.state_name(s.state)),
        Column("score", _("Latest score"), lambda s: s.score, kind="score"),
        Column(
            "answered_on",
            _("Latest answer"),
            lambda s: s.answered_on,
            "answered_on",
            "day",
            empty_last=True,
        ),
        Column("revenue", _("Revenue"), lambda s: float(s.revenue), "revenue", "number"),
        Column("segments", _("Segments"), _segments),
        Column("unit", _("Unit"), lambda s: units.get(s.unit_id, "")),
        Column(
            "account", _("Account"), lambda s: s.account.name if s.account else "", url=_account_url
        ),
    ]
    if scope.pii:
        shown.insert(1, Column("name", _("Name"), _name))
    return tuple(shown)


def _name(standing: Standing) -> str:
    contact = getattr(standing.customer, "contact", None)
    return contact.name if contact else ""


def _segments(standing: Standing) -> str:
    return ", ".join(segment.name for segment in standing.customer.segments.all())


def _customer_url(standing: Standing) -> str:
    return reverse("customers:customer", args=[standing.pk])


def _account_url(standing: Standing) -> str:
    return reverse("customers:account", args=[standing.account_id]) if standing.account_id else ""
