"""Ask the customer again some weeks after a case was closed: once, whatever the quarantines."""

from django.db import transaction

from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.capture.letters import channel_for
from emptychair.programme.capture.models import Invitation
from emptychair.programme.closedloop.models import Case
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.worktime import next_reachable

BATCH = 500


def plan_second_asks() -> None:
    """Plan the second question of cases whose day has come."""
    due = Case.objects.filter(ask_again_on__lte=today(), asked_again=None).exclude(response=None)
    for case in due.select_related("customer__contact", "response__survey")[:BATCH]:
        plan_second_ask(case)


@transaction.atomic
def plan_second_ask(case: Case) -> None:
    """Plan the second question of one case; several workers, or one twice, plan it once."""
    customer = case.customer
    taken = Case.objects.filter(pk=case.pk, asked_again=None).exclude(ask_again_on=None)
    if customer is None or case.response is None or not taken.select_for_update().exists():
        return
    survey = case.response.survey
    invitation = Invitation.objects.create(
        customer=customer,
        survey=survey,
        channel=channel_for(survey, customer),
        unit=case.unit,
        employee=case.response.employee,
        planned_at=next_reachable(now(), customer.country),
    )
    Case.objects.filter(pk=case.pk).update(asked_again=invitation, ask_again_on=None)
    mark_changed("invitations", [invitation.public_id])
    mark_changed("cases", [case.public_id])
    record("case.asked_again", case.public_id, invitation=invitation.public_id)
