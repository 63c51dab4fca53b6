"""Correction for customers who answer because of what they would answer, from those asked twice."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from scipy import stats

from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.delivery.weighting import BucketCell, raked
from emptychair.analysis.sums.panel import PanelCell

FEWEST_PAIRS = 300
FEWEST_PER_BUCKET = 30

_FEWEST_PER_VALUE = 20
_STEPS = 60
_TOLERANCE = 1e-8
_LARGEST_ERROR = 0.15
_SCORES = np.array([-1.0, 0.0, 1.0])


@dataclass(frozen=True)
class AnswerDependent:
    """The NPS of a base whose customers answer more or less readily by what they think of us.

    Attributes:
        nps: estimate, on -1 to 1.
        standard_error: jackknife over hash groups of customers.
        low: lower limit.
        high: upper limit.
        n_effective: independent answers of the same precision.
        rates: response rate of detractors, passives and promoters, other traits equal.
        answers: invitations answered.
        pairs: those of customers who had answered before.
    """

    nps: float
    standard_error: float
    low: float
    high: float
    n_effective: float
    rates: tuple[float, float, float]
    answers: int
    pairs: int


def answer_dependent(
    cells: Sequence[PanelCell],
    margins: Sequence[Mapping[Hashable, float]],
    confidence: float = 0.95,
) -> AnswerDependent | None:
    """Estimate the NPS of all customers where answering depends on the answer itself.

    What a customer said before tells much of what they think now, and is known of those who
    do not answer this time as well. So the weights 1 + exp(-z'b), with z the present bucket
    and the traits, are chosen so that the weighted answers match all delivered invitations
    in earlier buckets and traits. The result is then raked to the traits of the base.

    Args:
        cells: delivered invitations, from `panel_cells`.
        margins: customers of the base by value of each trait.
        confidence: coverage of the interval.

    Returns:
        The estimate; None where too few were asked twice, or no weights do what is asked.

    References:
        Chang & Kott (2008), "Using calibration weighting to adjust for nonresponse under a
        plausible model", Biometrika 95(3), 555-571. Kott & Chang (2010), "Using calibration
        weighting to adjust for nonignorable unit nonresponse", JASA 105, 1265-1275.
    """
    pairs = sum(cell.answers for cell in cells if cell.before is not None)
    if pairs < FEWEST_PAIRS:
        return None
    panel = _Panel(cells, margins)
    if min(panel.whole().answered.sum(axis=0)) * panel.answers_per_weight < FEWEST_PER_BUCKET:
        return None
    start = panel.solved(panel.whole(), None)
    if start is None:
        return None
    nps, shares = panel.nps(panel.whole(), start)
    deviations = []
    for group in panel.groups:
        rest = panel.without(group)
        beta = panel.solved(rest, start)
        if beta is None:
            return None
        deviations.append(panel.nps(rest, beta)[0] - nps)
    count = len(panel.groups)
    error = sqrt((count - 1) / count * sum(d * d for d in deviations))
    if not isfinite(error) or not 0 < error <= _LARGEST_ERROR:
        return None
    margin = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * error
    rates = 1 / (1 + np.exp(-panel.bucket_terms(start)))
    return AnswerDependent(
        nps=nps,
        standard_error=error,
        low=max(-1.0, nps - margin),
        high=min(1.0, nps + margin),
        n_effective=(shares[0] + shares[2] - nps * nps) / error**2,
        rates=(float(rates[0]), float(rates[1]), float(rates[2])),
        answers=sum(cell.answers for cell in cells),
        pairs=pairs,
    )


@dataclass(frozen=True)
class _Sums:
    """Weights per combination of traits and earlier answer."""

    delivered: Floats
    answered: Floats

    def __sub__(self, other: _Sums) -> _Sums:
        return _Sums(self.delivered - other.delivered, self.answered - other.answered)


class _Panel:
    """The cells as arrays, and the equations that the weights have to fulfil."""

    def __init__(
        self, cells: Sequence[PanelCell], margins: Sequence[Mapping[Hashable, float]]
    ) -> None:
        self.margins = margins
        names = sorted({(cell.traits, cell.before) for cell in cells}, key=repr)
        place = {name: i for i, name in enumerate(names)}
        self.traits = [traits for traits, _ in names]
        self.groups = sorted({cell.group for cell in cells})
        parts = {
            group: _Sums(np.zeros(len(names)), np.zeros((len(names), 3))) for group in self.groups
        }
        for cell in cells:
            row = place[cell.traits, cell.before]
            parts[cell.group].delivered[row] += cell.delivered
            parts[cell.group].answered[row] += cell.answered
        self._parts = parts
        self._total = _Sums(
            np.sum([part.delivered for part in parts.values()], axis=0),
            np.sum([part.answered for part in parts.values()], axis=0),
        )
        answers = sum(cell.answers for cell in cells)
        self.answers_per_weight = answers / max(float(self._total.answered.sum()), 1e-12)
        self._design = self._dummies(cells)
        earlier = np.array([[before == s for s in (-1, 0, 1)] for _, before in names], dtype=float)
        fresh = np.array([[before is None] for _, before in names], dtype=float)
        if not fresh.any():
            fresh = fresh[:, :0]
        self._targets = np.hstack([earlier, fresh, self._design])
        self._shared = np.hstack([fresh, self._design])

    def _dummies(self, cells: Sequence[PanelCell]) -> Floats:
        """Return one column per value of each trait but its first, where enough answered."""
        columns = [np.zeros((len(self.traits), 0))]
        for place in range(len(self.traits[0])):
            answers: dict[Hashable, int] = {}
            for cell in cells:
                value = cell.traits[place]
                answers[value] = answers.get(value, 0) + cell.answers
            if min(answers.values()) >= _FEWEST_PER_VALUE:
                columns += [
                    np.array([[float(traits[place] == value)] for traits in self.traits])
                    for value in sorted(answers, key=repr)[1:]
                ]
        return np.hstack(columns)

    def whole(self) -> _Sums:
        return self._total

    def without(self, group: int) -> _Sums:
        return self._total - self._parts[group]

    @staticmethod
    def bucket_terms(beta: Floats) -> Floats:
        return beta[:3]

    def _eta(self, beta: Floats) -> Floats:
        return np.asarray(beta[:3][None, :] + (self._shared @ beta[3:])[:, None])

    def solved(self, sums: _Sums, start: Floats | None) -> Floats | None:
        """Return the coefficients whose weights match all invitations; None if there are none."""
        wanted = sums.delivered @ self._targets
        beta = np.zeros(3 + self._shared.shape[1]) if start is None else start.copy()
        if start is None:
            rate = float(sums.answered.sum() / sums.delivered.sum())
            beta[:3] = np.log(rate / max(1 - rate, 1e-9))
        scale = float(sums.delivered.sum())
        miss = self._miss(sums, beta, wanted)
        for _ in range(_STEPS):
            if np.abs(miss).max() <= _TOLERANCE * scale:
                return beta
            step = np.linalg.lstsq(self._slope(sums, beta), miss, rcond=None)[0]
            factor = 1.0
            while factor > 1e-6:
                tried = self._miss(sums, beta + factor * step, wanted)
                if np.abs(tried).sum() < np.abs(miss).sum():
                    break
                factor /= 2
            beta, miss = beta + factor * step, tried
        return None

    def _miss(self, sums: _Sums, beta: Floats, wanted: Floats) -> Floats:
        weights = 1 + np.exp(np.clip(-self._eta(beta), -30, 30))
        return np.asarray(wanted - (sums.answered * weights).sum(axis=1) @ self._targets)

    def _slope(self, sums: _Sums, beta: Floats) -> Floats:
        odds = sums.answered * np.exp(np.clip(-self._eta(beta), -30, 30))
        shared = (odds.sum(axis=1)[:, None] * self._targets).T @ self._shared
        return np.asarray(-np.hstack([self._targets.T @ odds, shared]))

    def nps(self, sums: _Sums, beta: Floats) -> tuple[float, Floats]:
        """Return the NPS and the bucket shares of the base under these weights."""
        weighted = sums.answered * (1 + np.exp(np.clip(-self._eta(beta), -30, 30)))
        totals: dict[tuple[Hashable, ...], Floats] = {}
        for traits, row in zip(self.traits, weighted, strict=True):
            totals[traits] = totals.get(traits, np.zeros(3)) + row
        cells = [BucketCell(traits, 0.0, *row) for traits, row in totals.items() if row.sum() > 0]
        fit = raked(cells, self.margins, largest_weight=None) if self.margins else None
        factors = np.array([1.0 if fit is None else fit.weights[cell.cell] for cell in cells])
        rows = np.array([[cell.detractors, cell.passives, cell.promoters] for cell in cells])
        shares = (factors[:, None] * rows).sum(axis=0)
        shares = shares / shares.sum()
        return float(shares @ _SCORES), shares
