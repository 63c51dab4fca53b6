"""Reads of the outer loop."""

from emptychair.analysis.rootcause.kappa import Finished, Kappa, learn_kappa
from emptychair.programme.improvement.models import Initiative

SMALLEST_POINTS = 0.5  # expected effects below it say nothing about a ratio


def learnt_kappa() -> Kappa:
    """Return the share of association that turned out to be cause in finished initiatives."""
    rows = Initiative.objects.filter(state=Initiative.State.FINISHED)
    fields = rows.values_list("associated_points", "measured_points", "measured_error")
    finished = [
        Finished(associated, measured, error)
        for associated, measured, error in fields
        if associated is not None
        and abs(associated) >= SMALLEST_POINTS
        and measured is not None
        and error is not None
    ]
    return learn_kappa(finished)
