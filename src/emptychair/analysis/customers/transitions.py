"""Transition matrices: shares with intervals, where they lead, and tests on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import linalg, optimize, stats

from emptychair.analysis.checks import check_positive, check_share
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, NoAnswersError

_HALF = 0.5  # Jeffreys's pseudo count per cell


@dataclass(frozen=True)
class Transition:
    """The share of those in one state who went to another.

    Attributes:
        n: how many went there.
        share: of all in the first state.
        standard_error: of the share, multinomial.
        low: lower limit of its interval.
        high: upper limit.
    """

    n: float
    share: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class Homogeneity:
    """Whether states are as frequent after as before."""

    chi_square: float
    degrees: int
    p_value: float


def transition_shares(
    counts: Sequence[Sequence[float]], confidence: float = 0.95
) -> list[list[Transition]]:
    """Return the shares of each row with Dirichlet-Jeffreys intervals.

    Half a count is added to every cell for the limits, so that what was not seen to happen
    keeps a chance.

    Args:
        counts: rows from, columns to; effective counts where weighted.
        confidence: coverage of the intervals.

    Returns:
        One list per row; empty where nobody was in the state.

    Raises:
        ArgumentError: a count is negative.

    References:
        Anderson & Goodman (1957), Annals of Mathematical Statistics 28(1), 89-110. Gelman et
        al. (2013), "Bayesian Data Analysis", 3.4 (Dirichlet prior; margins are beta).

    Examples:
        >>> row = transition_shares([[1367, 204, 44]])[0]
        >>> round(row[0].share, 4), round(row[0].low, 4), round(row[0].high, 4)
        (0.8464, 0.828, 0.8631)
    """
    check_share(confidence, "confidence")
    tail = (1 - confidence) / 2
    found = []
    for row in counts:
        if any(n < 0 for n in row):
            raise ArgumentError("A count of customers is never negative.")
        total, prior = sum(row), _HALF * len(row)
        cells = []
        for n in row if total else ():
            share = n / total
            a, b = n + _HALF, total - n + prior - _HALF
            low, high = (float(stats.beta.ppf(p, a, b)) for p in (tail, 1 - tail))
            cells.append(Transition(n, share, sqrt(share * (1 - share) / total), low, high))
        found.append(cells)
    return found


def stationary_shares(shares: Floats) -> Floats:
    """Return the shares that remain the same from period to period: where it ends up.

    Args:
        shares: square matrix whose rows add up to 1.

    Examples:
        >>> stationary_shares(np.array([[0.9, 0.1], [0.3, 0.7]])).round(3).tolist()
        [0.75, 0.25]
    """
    n = len(shares)
    left = np.vstack([shares.T - np.eye(n), np.ones(n)])
    return np.asarray(np.linalg.lstsq(left, np.append(np.zeros(n), 1.0), rcond=None)[0])


def marginal_homogeneity(table: Sequence[Sequence[float]]) -> Homogeneity:
    """Return the Stuart-Maxwell test of equal margins of a square table.

    Raises:
        ArgumentError: the table is not square.
        NoAnswersError: nobody moved.

    References:
        Stuart (1955), "A Test for Homogeneity of the Marginal Distributions in a Two-Way
        Classification", Biometrika 42, 412-416; Maxwell (1970).

    Examples:
        >>> round(marginal_homogeneity([[20, 10, 5], [3, 30, 15], [0, 5, 40]]).p_value, 4)
        0.001
    """
    n = np.asarray(table, dtype=np.float64)
    if n.ndim != 2 or n.shape[0] != n.shape[1]:
        raise ArgumentError("The table needs the same states in its rows and its columns.")
    if n.sum() == np.trace(n):
        raise NoAnswersError("Nobody moved, so there is no change to test.")
    gap = (n.sum(axis=1) - n.sum(axis=0))[:-1]
    covariance = (np.diag(n.sum(axis=1) + n.sum(axis=0)) - n - n.T)[:-1, :-1]
    chi_square = float(gap @ np.linalg.lstsq(covariance, gap, rcond=None)[0])
    return Homogeneity(chi_square, len(gap), float(stats.chi2.sf(chi_square, len(gap))))


def memory_test(first: Floats, two_steps: Floats) -> Homogeneity:
    """Return whether two periods move customers as one period twice would.

    Where they do not, the present bucket is not all that counts: noise in the answers moves
    people there and back.

    Args:
        first: counts of moves over one period.
        two_steps: counts of the same kind of customers over two periods.

    Returns:
        Pearson's test of the counts over two periods against the square of the shares.
    """
    shares = first / first.sum(axis=1, keepdims=True)
    expected = two_steps.sum(axis=1, keepdims=True) * (shares @ shares)
    chi_square = float(((two_steps - expected) ** 2 / expected).sum())
    degrees = len(first) * (len(first) - 1)
    return Homogeneity(chi_square, degrees, float(stats.chi2.sf(chi_square, degrees)))


def fit_intensities(counts_by_gap: Mapping[float, Sequence[Sequence[float]]]) -> Floats:
    """Return the rates of moving per unit of time, from answers at uneven distances.

    A continuous-time Markov chain: the shares after time t are expm(t Q).

    Args:
        counts_by_gap: by time between two answers, the counts from each state to each. A move
            that was never seen directly keeps the rate zero.

    Returns:
        The matrix Q; rows add up to zero.

    Raises:
        ArgumentError: a time is not above zero, or tables differ in size.
        NoAnswersError: nobody moved.

    References:
        Kalbfleisch & Lawless (1985), "The Analysis of Panel Data under a Markov Assumption",
        Journal of the American Statistical Association 80, 863-871.

    Examples:
        >>> fit_intensities({1.0: [[90, 10], [30, 70]]}).round(3).tolist()
        [[-0.128, 0.128], [0.383, -0.383]]
    """
    tables = {gap: np.asarray(table, dtype=np.float64) for gap, table in counts_by_gap.items()}
    for gap in tables:
        check_positive(gap, "the time between two answers")
    if len({table.shape for table in tables.values()}) != 1:
        raise ArgumentError("Every time needs a table of the same states.")
    total = sum(tables.values(), np.zeros(next(iter(tables.values())).shape))
    moved = (total > 0) & ~np.eye(len(total), dtype=bool)
    if not moved.any():
        raise NoAnswersError("Nobody moved, so no rate of moving can be told.")

    def generator(logs: Floats) -> Floats:
        q = np.zeros_like(total)
        q[moved] = np.exp(np.clip(logs, -30, 10))
        return np.asarray(q - np.diag(q.sum(axis=1)))

    def depth(logs: Floats) -> float:
        q = generator(logs)
        return -sum(
            float((table * np.log(np.maximum(linalg.expm(gap * q), 1e-300))).sum())
            for gap, table in tables.items()
        )

    gaps = sum(gap * table.sum() for gap, table in tables.items()) / total.sum()
    rows = np.broadcast_to(total.sum(axis=1, keepdims=True), total.shape)
    start = np.log(total[moved] / rows[moved] / gaps)
    best = optimize.minimize(depth, start, method="BFGS", options={"gtol": 1e-6})
    return generator(best.x)
