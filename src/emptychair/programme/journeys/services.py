"""Writes about drivers."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.text import slugify

from emptychair.programme.activity.services import record
from emptychair.programme.journeys.models import Driver


@transaction.atomic
def add_driver(*, name: str, names: Mapping[str, str], by: str) -> Driver:
    """Add a thing we deliver that customers may rate.

    Args:
        name: in the organisation's language; the stable slug is made of it.
        names: per language, as shown to customers; where one is missing, `name` is shown.
        by: public id of who adds it.
    """
    wish = slugify(name)[:36].strip("-") or "driver"
    taken = set(Driver.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    wishes = [wish, *(f"{wish}-{number}" for number in range(2, len(taken) + 3))]
    slug = next(one for one in wishes if one not in taken)
    shown = {language: text.strip() for language, text in names.items() if text.strip()}
    driver = Driver.objects.create(slug=slug, name=name.strip(), names=shown)
    record("driver.added", driver.slug, actor=by, name=driver.name)
    return driver
