"""Stored findings as records of the library again, with the names people know."""

from dataclasses import fields
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from emptychair.analysis.rootcause.journey import Moment
from emptychair.analysis.rootcause.records import Driver, DriverGroup
from emptychair.programme.comments.queries import theme_names
from emptychair.programme.journeys.models import Driver as DriverModel
from emptychair.programme.rootcause.models import Finding


def finding_of(kind: str, segment: str = "") -> Finding | None:
    """Return a stored finding."""
    return Finding.objects.filter(kind=kind, segment=segment).first()


def driver_group(found: Finding | None) -> DriverGroup | None:
    """Return the drivers of a finding; None where there is nothing to say."""
    if found is None or not found.result:
        return None
    stored = found.result["group"]
    made = [_driver(one) for one in stored["drivers"]]
    known = {field.name: stored[field.name] for field in fields(DriverGroup)}
    return DriverGroup(**{**known, "group": tuple(stored["group"]), "drivers": made})


def _driver(stored: dict[str, Any]) -> Driver:
    known: dict[str, Any] = {field.name: stored.get(field.name) for field in fields(Driver)}
    return Driver(**{**known, "members": tuple(stored["members"])})


def moments_of(found: Finding | None) -> list[Moment]:
    """Return the touchpoints of a finding."""
    if found is None:
        return []
    stored = found.result.get("moments", [])
    return [Moment(**{**one, "group": tuple(one["group"])}) for one in stored]


def driver_names() -> dict[str, str]:
    """Return what drivers are called in the reader's language, by slug."""
    language = (get_language() or "")[:2]
    rows = DriverModel.objects.values_list("slug", "name", "names")
    return {slug: names.get(language) or name for slug, name, names in rows}


def cause_names() -> dict[str, str]:
    """Return what drivers and themes are called, drivers by slug and themes by `theme_` and key.

    A theme says that it comes from comments: a driver that is rated may have the same name.
    """
    language = (get_language() or "")[:2]
    themes = {
        f"theme_{key}": _("Comments: %(theme)s") % {"theme": name}
        for key, name in theme_names(language).items()
    }
    return driver_names() | themes
