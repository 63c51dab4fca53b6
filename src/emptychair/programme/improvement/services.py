"""Writes of the outer loop: scenarios saved, initiatives proposed, decided, run and finished."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.analysis.rootcause.whatif import Outcome
from emptychair.programme.accounts.models import User
from emptychair.programme.activity.services import record
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError

_State = Initiative.State


@transaction.atomic
def save_scenario(
    *,
    name: str,
    segment: str,
    shifts: Mapping[str, float],
    reach: float,
    success: float,
    cost: Decimal | None,
    outcome: Outcome,
    by: User,
) -> Scenario:
    """Keep what was supposed with what it may bring.

    Raises:
        RefusedError: it has no name.
    """
    name = name.strip()[:120]
    if not name:
        raise RefusedError("scenario_unnamed", _("Give the scenario a name first."))
    made = Scenario.objects.create(
        name=name,
        segment=segment,
        shifts=dict(shifts),
        reach_share=reach,
        success_share=success,
        cost=cost,
        associated_points=outcome.associated_points * reach,
        effect_points=outcome.effect_points,
        low_points=outcome.low_points,
        high_points=outcome.high_points,
        money=outcome.money,
        money_low=outcome.money_low,
        money_high=outcome.money_high,
        kappa_mean=outcome.kappa.mean,
        saved_by=by,
    )
    record("scenario.saved", made.public_id, actor=by.public_id, name=name)
    return made


@transaction.atomic
def remove_scenario(scenario: Scenario, *, by: User) -> None:
    """Forget a scenario; initiatives made of it stay."""
    record("scenario.removed", scenario.public_id, actor=by.public_id, name=scenario.name)
    scenario.delete()


@transaction.atomic
def propose(scenario: Scenario, *, by: User) -> Initiative:
    """Make an initiative of a scenario, owned by who proposes it."""
    made = Initiative.objects.create(
        name=scenario.name,
        owner=by,
        segments=[scenario.segment] if scenario.segment else [],
        drivers=list(scenario.shifts),
        cost=scenario.cost,
        associated_points=scenario.associated_points,
        expected_points=scenario.effect_points,
        expected_low=scenario.low_points,
        expected_high=scenario.high_points,
    )
    record("initiative.proposed", made.public_id, actor=by.public_id, name=made.name)
    return made


@transaction.atomic
def decide(initiative: Initiative, *, by: User) -> None:
    """Decide on an initiative; from now on its expected effect stands.

    Raises:
        RefusedError: it is decided already.
    """
    _move(initiative, _State.PROPOSED, _State.DECIDED, decided_at=now())
    record(
        "initiative.decided",
        initiative.public_id,
        actor=by.public_id,
        expected_points=initiative.expected_points,
    )


@transaction.atomic
def start(initiative: Initiative, *, by: User) -> None:
    """Note that work has begun.

    Raises:
        RefusedError: it is not decided, or has begun already.
    """
    _move(initiative, _State.DECIDED, _State.RUNNING, started_on=today())
    record("initiative.started", initiative.public_id, actor=by.public_id)


@transaction.atomic
def finish(
    initiative: Initiative, *, measured_points: float, standard_error: float, by: User
) -> None:
    """Note what an initiative brought, so that the next ones are reckoned better.

    Raises:
        RefusedError: it is not running, or the figures are none.
    """
    if not (isfinite(measured_points) and abs(measured_points) <= 200):
        raise RefusedError("measured_effect", _("A measured effect lies between −200 and 200."))
    if not (isfinite(standard_error) and 0 < standard_error <= 200):
        raise RefusedError("measured_error", _("The standard error must be above 0."))
    _move(
        initiative,
        _State.RUNNING,
        _State.FINISHED,
        finished_on=today(),
        measured_points=measured_points,
        measured_error=standard_error,
    )
    record(
        "initiative.finished",
        initiative.public_id,
        actor=by.public_id,
        measured_points=measured_points,
    )


def _move(initiative: Initiative, before: str, after: str, **fields: object) -> None:
    """Move an initiative on; of two people doing it at once, exactly one does."""
    rows = Initiative.objects.filter(pk=initiative.pk, state=before)
    if not rows.update(state=after, **fields):
        raise RefusedError(
            "initiative_state",
            _("Somebody has moved the initiative on already; open the page anew."),
        )
    initiative.refresh_from_db()
