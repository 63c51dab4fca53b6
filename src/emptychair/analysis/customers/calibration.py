"""Whether predicted chances come true: calibration, doubt, and the scores that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

import numpy as np
import numpy.typing as npt
from scipy import optimize

from emptychair.analysis.checks import check_share
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.sums.followup import BUCKETS

BINS = 10
FEWEST_OF_SEGMENT = 100  # judged answers, for sets of its own

_DIGITS = 3  # scores that agree so far share one Venn-Abers pair


@dataclass(frozen=True)
class Skill:
    """How well chances predicted what was said later.

    Attributes:
        n: answers predicted before they were given.
        log_loss: mean of -log of the chance given to what was said; lower is better.
        base_log_loss: of the shares known at the time, the same for everybody.
        gain_error: standard error of the difference of the two, customers apart.
        brier: mean squared distance of the chances from what was said, over three buckets.
        ranked_score: ranked probability score; an error of two buckets counts more than one.
        calibration_error: mean distance, over bins and buckets, of chances from what came true.
    """

    n: int
    log_loss: float
    base_log_loss: float
    gain_error: float
    brier: float
    ranked_score: float
    calibration_error: float

    @property
    def has_skill(self) -> bool:
        """Whether the chances beat the shares by more than chance explains (one side, 5 %)."""
        return self.base_log_loss - self.log_loss > 1.645 * self.gain_error


@dataclass(frozen=True)
class Judged:
    """Answers whose prediction was made before they came, one entry each.

    Attributes:
        missed: one less the chance given to what was said.
        weights: how many of those to be told about each stands for.
        segments: of the customers who gave them.
    """

    missed: Floats
    weights: Floats
    segments: Sequence[str]


@dataclass(frozen=True)
class ReliabilityBin:
    """Customers whose chance of being a detractor was about the same.

    Attributes:
        n: how many.
        predicted_share: mean chance.
        observed_share: detractors among them.
    """

    n: int
    predicted_share: float
    observed_share: float


def isotonic(values: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
    """Return the nearest values that never fall (pool adjacent violators).

    References:
        Barlow, Bartholomew, Bremner & Brunk (1972), "Statistical Inference under Order
        Restrictions".

    Examples:
        >>> isotonic([1, 0, 4, 3])
        [0.5, 0.5, 3.5, 3.5]
    """
    found = optimize.isotonic_regression(
        np.asarray(values, dtype=np.float64),
        weights=None if weights is None else np.asarray(weights, dtype=np.float64),
    )
    return [float(one) for one in found.x]


def venn_abers(scores: Floats, came_true: Floats, new: Floats) -> tuple[Floats, Floats]:
    """Return two calibrated chances for each new score: were it false, and were it true.

    One of the two is perfectly calibrated whatever the scores are; how far they lie apart
    says how little the past tells of such a score.

    Args:
        scores: of customers whose answer is known.
        came_true: 1 or 0 for each.
        new: scores to calibrate.

    References:
        Vovk & Petej (2014), "Venn-Abers Predictors", Uncertainty in Artificial Intelligence 30.

    Examples:
        >>> low, high = venn_abers(np.array([0.2, 0.8]), np.array([0.0, 1.0]), np.array([0.5]))
        >>> low.tolist(), high.tolist()
        ([0.0], [1.0])
    """
    known = np.round(scores, _DIGITS)
    wanted, place = np.unique(np.round(new, _DIGITS), return_inverse=True)
    levels = np.unique(np.concatenate([known, wanted]))
    at = np.searchsorted(levels, known)
    n = np.bincount(at, minlength=len(levels)).astype(np.float64)
    k = np.bincount(at, weights=came_true, minlength=len(levels))
    limits = np.empty((2, len(wanted)))
    for i, score in enumerate(np.searchsorted(levels, wanted)):
        for label in (0, 1):
            people, true = n.copy(), k.copy()
            people[score] += 1
            true[score] += label
            there = people > 0
            fitted = isotonic((true[there] / people[there]).tolist(), people[there].tolist())
            limits[label, i] = fitted[int(there[:score].sum())]
    return limits[0][place], limits[1][place]


def conformal_quantile(
    scores: Sequence[float], alpha: float, weights: Sequence[float] | None = None
) -> float:
    """Return the limit that a new score exceeds with a chance of at most `alpha`.

    Args:
        scores: how badly known answers were predicted.
        alpha: the chance.
        weights: of the known answers, where those to predict differ from them; the new one
            weighs as much as the heaviest.

    Returns:
        The ceil((n + 1)(1 - alpha))-th smallest score; infinity where there are too few.

    Raises:
        ArgumentError: there are no scores, or `alpha` is no share.

    References:
        Vovk, Gammerman & Shafer (2005), "Algorithmic Learning in a Random World"; weighted
        Tibshirani, Foygel Barber, Candès & Ramdas (2019), NeurIPS 32.

    Examples:
        >>> conformal_quantile([0.1, 0.4, 0.2, 0.9], 0.2)
        0.9
    """
    check_share(alpha, "alpha")
    if not len(scores):
        raise ArgumentError("A conformal limit needs answers whose prediction can be judged.")
    order = np.argsort(scores, kind="stable")
    if weights is None:
        place = ceil(round((len(scores) + 1) * (1 - alpha), 9))
        return float(np.asarray(scores)[order[place - 1]]) if place <= len(scores) else inf
    w = np.asarray(weights, dtype=np.float64)[order]
    needed = (1 - alpha) * (w.sum() + w.max())
    place = int(np.searchsorted(np.cumsum(w), needed - 1e-9))
    return float(np.asarray(scores)[order[place]]) if place < len(w) else inf


def bucket_sets(chances: Floats, limit: float) -> list[tuple[str, ...]]:
    """Return the buckets that cannot be ruled out for each customer; all three: don't know.

    Examples:
        >>> bucket_sets(np.array([[0.7, 0.2, 0.1], [0.4, 0.3, 0.3]]), 0.75)
        [('detractor',), ('detractor', 'passive', 'promoter')]
    """
    chosen = 1 - chances <= limit + 1e-12
    # Nothing fits: as unlike anything known, which is no knowledge either.
    chosen[~chosen.any(axis=1)] = True
    return [
        tuple(name for name, inside in zip(BUCKETS, row, strict=True) if inside)
        for row in chosen.tolist()
    ]


def segment_sets(
    chances: Floats,
    segments: Sequence[str],
    judged: Judged,
    alpha: float,
) -> list[tuple[str, ...]]:
    """Return the sets of customers, with a limit of its own for each segment that can have one.

    A limit for everybody holds on average, and may fail a segment whose members are harder to
    predict. Segments with fewer judged answers share the limit of all.

    Args:
        chances: of the customers to tell about, one row each.
        segments: of each of them.
        judged: answers whose prediction came before them.
        alpha: how often a set may miss the true bucket.

    References:
        Mondrian predictors: Vovk, Gammerman & Shafer (2005), section 4.5; weights for another
        population: Tibshirani, Foygel Barber, Candès & Ramdas (2019), NeurIPS 32.
    """
    own = np.asarray(judged.segments, dtype=object)
    everybody = conformal_quantile(judged.missed.tolist(), alpha, judged.weights.tolist())
    limits = {}
    for segment in sorted(set(segments)):
        there = own == segment
        limits[segment] = (
            conformal_quantile(judged.missed[there].tolist(), alpha, judged.weights[there].tolist())
            if there.sum() >= FEWEST_OF_SEGMENT
            else everybody
        )
    found: list[tuple[str, ...]] = [()] * len(segments)
    for segment, limit in limits.items():
        rows = [i for i, one in enumerate(segments) if one == segment]
        for i, one in zip(rows, bucket_sets(chances[rows], limit), strict=True):
            found[i] = one
    return found


def with_temperature(chances: Floats, temperature: float) -> Floats:
    """Return chances made bolder (below 1) or more cautious (above 1)."""
    logs = np.log(np.maximum(chances, 1e-12)) / temperature
    logs = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(logs / logs.sum(axis=1, keepdims=True))


def fit_temperature(chances: Floats, buckets: Floats) -> float:
    """Return the temperature at which chances fit best what was said.

    References:
        Guo, Pleiss, Sun & Weinberger (2017), "On Calibration of Modern Neural Networks",
        ICML 34.

    Examples:
        >>> bold = np.array([[0.98, 0.01, 0.01]] * 10)
        >>> fit_temperature(bold, np.array([0.0] * 6 + [1, 1, 2, 2])) > 2
        True
    """

    def loss(log_temperature: float) -> float:
        changed = with_temperature(chances, float(np.exp(log_temperature)))
        return float(-np.log(changed[np.arange(len(changed)), buckets.astype(np.int64)]).mean())

    found = optimize.minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded")
    return float(np.exp(found.x))


def skill(
    chances: Floats, base: Floats, buckets: Floats, customers: Sequence[str] | None = None
) -> Skill:
    """Judge chances against the shares that were known before.

    Args:
        chances: of the three buckets, one row per answer.
        base: shares known at the time, one row per answer.
        buckets: 0, 1 or 2, what was said.
        customers: whose answers; several of one customer are no independent proof.

    Raises:
        ArgumentError: there are no answers.

    References:
        Gneiting & Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and
        Estimation", Journal of the American Statistical Association 102, 359-378.

    Examples:
        >>> sure, shares = np.eye(3) * 0.7 + 0.1, np.full((3, 3), 1 / 3)
        >>> found = skill(sure, shares, np.array([0, 1, 2]))
        >>> round(found.log_loss, 4), round(found.base_log_loss, 4), round(found.brier, 2)
        (0.2231, 1.0986, 0.06)
    """
    n = len(buckets)
    if not n:
        raise ArgumentError("No answer came after a prediction, so none can be judged.")
    rows, said = np.arange(n), buckets.astype(np.int64)
    own = -np.log(np.maximum(chances[rows, said], 1e-12))
    known = -np.log(np.maximum(base[rows, said], 1e-12))
    gain = known - own
    groups = np.unique(customers, return_inverse=True)[1] if customers is not None else rows
    totals = np.bincount(groups, weights=gain - gain.mean())
    truth = np.eye(len(BUCKETS))[said]
    steps = np.cumsum(chances - truth, axis=1)[:, :-1]
    return Skill(
        n=n,
        log_loss=float(own.mean()),
        base_log_loss=float(known.mean()),
        gain_error=float(np.sqrt((totals**2).sum()) / n),
        brier=float(((chances - truth) ** 2).sum(axis=1).mean()),
        ranked_score=float((steps**2).sum(axis=1).mean() / 2),
        calibration_error=calibration_error(chances, truth),
    )


def calibration_error(chances: Floats, truth: Floats, bins: int = BINS) -> float:
    """Return the mean distance of chances from what came true, over bins of equal size.

    References:
        Naeini, Cooper & Hauskrecht (2015), AAAI 29; by bucket as in Kull et al. (2019),
        NeurIPS 32.

    Examples:
        >>> chances, truth = np.array([[0.6, 0.2, 0.2]] * 5), np.eye(3)[[0, 0, 0, 1, 2]]
        >>> round(calibration_error(chances, truth, bins=1), 6)
        0.0
    """
    total = 0.0
    for bucket in range(chances.shape[1]):
        for chosen in _bins(chances[:, bucket], bins):
            gap = chances[chosen, bucket].mean() - truth[chosen, bucket].mean()
            total += len(chosen) / len(chances) * abs(float(gap))
    return float(total / chances.shape[1])


def reliability_curve(chances: Floats, came_true: Floats, bins: int = BINS) -> list[ReliabilityBin]:
    """Return predicted chances against what came true, in bins of equal size."""
    return [
        ReliabilityBin(len(chosen), float(chances[chosen].mean()), float(came_true[chosen].mean()))
        for chosen in _bins(chances, bins)
    ]


def _bins(values: Floats, bins: int) -> list[npt.NDArray[np.int64]]:
    parts = np.array_split(np.argsort(values, kind="stable"), min(bins, len(values)))
    return [np.asarray(part, dtype=np.int64) for part in parts if len(part)]
