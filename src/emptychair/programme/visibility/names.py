"""The names people know behind the codes in the figures."""

from collections.abc import Callable, Iterable, Mapping

from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit
from emptychair.programme.customers.models import Segment
from emptychair.programme.journeys.queries import stage_names, touchpoint_names
from emptychair.programme.surveys import labels


def names_of(dimension: str) -> Mapping[str, str]:
    """Return code to name of every value of a dimension that has names of its own."""
    return _SOURCES[dimension]()


def label(dimension: str) -> str:
    """Return what a dimension is called above a picker."""
    return {
        "segment": _("Segment"),
        "unit": _("Unit"),
        "channel": _("Channel"),
        "stage": _("Stage"),
        "touchpoint": _("Touchpoint"),
    }[dimension]


def label_of_all(dimension: str) -> str:
    """Return the choice that leaves a dimension open."""
    return {
        "segment": _("All customers"),
        "unit": _("All units"),
        "channel": _("All channels"),
        "stage": _("All stages"),
        "touchpoint": _("All touchpoints"),
    }[dimension]


def bucket_name(bucket: str) -> str:
    """Return the name of a bucket for one response."""
    return {
        "detractor": _("Detractor"),
        "passive": _("Passive"),
        "promoter": _("Promoter"),
    }[bucket]


def bucket_names(bucket: str) -> str:
    """Return the name of a bucket for many responses."""
    return {
        "detractor": _("Detractors"),
        "passive": _("Passives"),
        "promoter": _("Promoters"),
    }[bucket]


def every_name(every: str) -> str:
    """Return the name of a length of periods."""
    return {
        "day": _("Day"),
        "week": _("Week"),
        "month": _("Month"),
        "quarter": _("Quarter"),
    }[every]


def preset_name(preset: str) -> str:
    """Return the name of a preset period."""
    return {
        "30d": _("Last 30 days"),
        "90d": _("Last 90 days"),
        "12m": _("Last 12 months"),
        "year": _("This year"),
        "all": _("From the beginning"),
        "custom": _("Dates of your own"),
    }[preset]


def held_reason(reason: str) -> str:
    """Return why a response is stored but not counted, in words."""
    words = labels.label(labels.HELD, reason)
    return words[:1].lower() + words[1:]


def _channels() -> dict[str, str]:
    return {
        "email": _("E-mail"),
        "sms": _("SMS"),
        "link": _("Link"),
        "widget": _("In the app"),
        "kiosk": _("Kiosk"),
        "import": _("Import"),
        "api": _("API"),
    }


def _segments() -> dict[str, str]:
    ordered = Segment.objects.order_by("-is_key", "priority", "name")
    return dict(ordered.values_list("slug", "name"))


def in_priority(dimension: str, codes: Iterable[str]) -> list[str]:
    """Return `codes` in their order, segments as the programme values them: key ones first."""
    listed = list(codes)
    if dimension != "segment":
        return listed
    places = {slug: place for place, slug in enumerate(_segments())}
    return sorted(listed, key=lambda code: places.get(code, len(places)))


def _units() -> dict[str, str]:
    return dict(Unit.objects.values_list("code", "name"))


_SOURCES: Mapping[str, Callable[[], dict[str, str]]] = {
    "segment": _segments,
    "unit": _units,
    "channel": _channels,
    "stage": stage_names,
    "touchpoint": touchpoint_names,
}
