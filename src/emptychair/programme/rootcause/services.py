"""Writes of the pages about causes."""

from django.db import transaction

from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import Survey
from emptychair.programme.journeys.models import Touchpoint


@transaction.atomic
def attach_survey(touchpoint: Touchpoint, survey: Survey, *, by: str) -> None:
    """Let a survey ask about a touchpoint; answers from now on belong to it.

    On a segment's own map it is the company's touchpoint that is asked about.
    """
    asked = touchpoint.measured
    Survey.objects.filter(pk=survey.pk).update(touchpoint=asked)
    record("survey.attached", survey.slug, actor=by, touchpoint=asked.slug)
