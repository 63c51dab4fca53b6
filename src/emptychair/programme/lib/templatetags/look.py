"""Template tags of the look: navigation, icons and numbers as the reader's language writes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_datetime, get_timezone
from babel.numbers import format_decimal
from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

register = template.Library()


@dataclass(frozen=True)
class Place:
    """A page of the main navigation; it is shown when its address exists and the role may open it.

    `step` is the number of the programme's question that the page answers.
    """

    view: str
    need: str
    label: object
    step: str = ""


PLACES = (
    Place("visibility:today", "today.read", _("Today")),
    Place("customers:customers", "customer.read", _("Customers")),
    Place("visibility:delivery", "delivery.read", _("Delivery"), "1"),
    Place("rootcause:drivers", "rootcause.read", _("Root cause"), "2"),
    Place("comments:themes", "comment.read", _("Root cause"), "2"),  # for whom the first is not
    Place("closedloop:cases", "case.read", _("Actions"), "3"),
    Place("organisation:home", "organisation.read", _("Organisation")),
    Place("surveys:surveys", "survey.read", _("Surveys")),
    Place("exchange:data", "data.read", _("Data")),
    Place("accounts:people", "unit.change", _("People")),
)


@dataclass(frozen=True)
class NavigationLink:
    """One link of the main navigation as a template shows it."""

    url: str
    label: str
    step: str
    is_current: bool


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[NavigationLink]:
    """Return the links of the main navigation that exist and that the reader may follow."""
    request: HttpRequest | None = context.get("request")
    here = request.path if request else ""
    allowed = context.get("allowed") or set()
    return list(_links(here, allowed))


def _links(here: str, allowed: set[str]) -> Iterator[NavigationLink]:
    answered: set[str] = set()
    for place in PLACES:
        if place.need not in allowed or place.step in answered:
            continue
        try:
            url = reverse(place.view)
        except NoReverseMatch:  # a page of a slice that is not installed
            continue
        answered.update(filter(None, [place.step]))
        is_current = here == url or (url != "/" and here.startswith(url))
        yield NavigationLink(url, str(place.label), place.step, is_current)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return the icon `name` of `icons.svg`, hidden from screen readers: words stand beside it."""
    address = staticfiles_storage.url("ec/icons.svg")
    return format_html(
        '<svg class="ec-icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        address,
        name,
    )


@register.filter
def bucket(score: int) -> str:
    """Return the bucket of a score from 0 to 10."""
    return "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"


@register.filter
def number(value: float | None, digits: int = 0) -> str:
    """Return a number as the reader's language writes it, with a true minus sign."""
    if value is None:
        return ""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, pattern, locale=locale()).replace("-", "\u2212")


@register.filter
def day(value: date | None) -> str:
    """Return a date as the reader's language writes it."""
    return "" if value is None else format_date(value, "medium", locale=locale())


@register.filter
def moment(value: datetime | None) -> str:
    """Return a moment in the organisation's time zone as the reader's language writes it."""
    if value is None:
        return ""
    pattern = "d. MMM y HH.mm" if locale() == "da_DK" else "d MMM y HH:mm"
    zone = get_timezone(settings.TIME_ZONE)
    return format_datetime(value, pattern, tzinfo=zone, locale=locale())


def locale() -> str:
    """Return the locale of the reader's language."""
    return {"sv": "sv_SE", "da": "da_DK"}.get(get_language() or "en", "en_GB")
