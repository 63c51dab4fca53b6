"""From a huddle: what a team raised becomes an initiative, and the team hears what came of it."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.closedloop.huddles import note_initiative, promise_answer
from emptychair.programme.closedloop.models import Raised
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.lib.clock import local_date
from emptychair.programme.lib.errors import RefusedError


@transaction.atomic
def propose_raised(
    one: Raised, *, name: str, scenario: Scenario | None, answer_on: date, by: User
) -> Initiative:
    """Make an initiative of what a team raised, owned by who proposes it.

    Args:
        one: what was raised.
        name: of the initiative.
        scenario: what it may bring, if that was reckoned.
        answer_on: when the team is told what was decided.
        by: who proposes it.

    Raises:
        RefusedError: it has no name, the date is not within a year, or a colleague was quicker.
    """
    name = name.strip()[:120]
    if not name:
        raise RefusedError("initiative_unnamed", _("Give the initiative a name first."))
    # Promising writes to the row first, so that of two people at once the second waits here.
    promise_answer(one, on=answer_on, by=by)
    if Initiative.objects.filter(raised=one).exists():
        raise RefusedError("initiative_there", _("A colleague made an initiative of it already."))
    made = Initiative.objects.create(name=name, owner=by, raised=one, **_expected(scenario))
    record("initiative.proposed", made.public_id, actor=by.public_id, name=made.name)
    return made


def tell_team(activity: Activity) -> None:
    """Write down for the team where the initiative stands that began in its huddle."""
    rows = Initiative.objects.filter(public_id=activity.subject).select_related("raised", "owner")
    initiative = rows.first()
    if initiative is None or initiative.raised is None:
        return
    dates = {
        Initiative.State.PROPOSED: local_date(activity.at),
        Initiative.State.DECIDED: local_date(initiative.decided_at or activity.at),
        Initiative.State.RUNNING: initiative.started_on,
        Initiative.State.FINISHED: initiative.finished_on,
    }
    state = Initiative.State(initiative.state)
    note_initiative(
        initiative.raised,
        name=initiative.name,
        state=state,
        on=dates[state] or local_date(activity.at),
        points=initiative.measured_points,
        decided_by=None if state == Initiative.State.PROPOSED else initiative.owner,
    )


def _expected(scenario: Scenario | None) -> dict[str, object]:
    if scenario is None:
        return {}
    return {
        "segments": [scenario.segment] if scenario.segment else [],
        "drivers": list(scenario.shifts),
        "cost": scenario.cost,
        "associated_points": scenario.associated_points,
        "expected_points": scenario.effect_points,
        "expected_low": scenario.low_points,
        "expected_high": scenario.high_points,
    }
