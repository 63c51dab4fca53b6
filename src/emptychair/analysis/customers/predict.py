"""Customers who never answered: calibrated chances with doubt, and the NPS of everybody.

Rows come to Python here: the model is fitted by repeated passes over the answers. Traits and
behaviour are put together where the data lives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from emptychair.analysis.checks import check_columns, check_share
from emptychair.analysis.customers.buckets import OLDEST_ANSWER_DAYS, SILENT, current_buckets
from emptychair.analysis.customers.calibration import (
    Judged,
    ReliabilityBin,
    Skill,
    fit_temperature,
    reliability_curve,
    segment_sets,
    skill,
    venn_abers,
    with_temperature,
)
from emptychair.analysis.customers.model import Columns, design_of, fit_buckets
from emptychair.analysis.customers.total import (
    TotalNps,
    cross_fitted,
    prediction_powered_mean,
    total_of,
)
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.delivery.nonresponse import (
    LOWEST_PROPENSITY,
    tipping_difference,
    worst_bounds,
)
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.features import (
    answers_with_moment,
    everybody,
    kinds_of,
    with_features,
)
from emptychair.analysis.sums.followup import BUCKETS, last_day

if TYPE_CHECKING:
    import ibis.expr.types as ir

FEWEST_ANSWERS = 200  # for a model to be tried at all

_LEARN_DAYS = 730
_BLOCKS = 5
_KEPT = ("customer", "moment", "bucket", "hash_group")


@dataclass(frozen=True)
class Prediction:
    """What the silent customers may think, and how far that can be trusted.

    Attributes:
        table: one row per silent customer: `customer_id`, `p_detractor`, `p_passive`,
            `p_promoter`, `p_detractor_low` and `p_detractor_high` (the Venn-Abers pair) and
            `set`, the buckets that cannot be ruled out, joined by "|"; all three mean: don't
            know.
        silent: how many they are.
        expected: how many of them to expect in each bucket, the sum of the chances.
        unknown_share: of them, those whose set holds all three buckets.
        skill: of chances given before the answers came; None where too few answered.
        uses_model: whether the chances come from a model; without skill they are the shares
            among those who answered, the same for everybody.
        reliability: chances of being a detractor against what came true.
        total: the NPS of the whole base.
        tipping_points: how much lower than predicted the silent must be for the NPS of all
            to be zero; None where everybody answered.
        bounds: NPS if all the silent were detractors, or promoters, in points.
    """

    table: pa.Table
    silent: int
    expected: dict[str, float]
    unknown_share: float
    skill: Skill | None
    uses_model: bool
    reliability: list[ReliabilityBin]
    total: TotalNps
    tipping_points: float | None
    bounds: tuple[float, float]


@dataclass(frozen=True)
class _Forecast:
    """Chances given in order of time, each before its answer was known."""

    chances: Floats
    base: Floats
    buckets: Floats
    customers: Sequence[str]


@dataclass(frozen=True)
class _Doubt:
    """What the sets of buckets are made with: by customer the chance to answer, the segment."""

    alpha: float
    rho: Mapping[str, float]
    segments: Mapping[str, str]

    def judged(self, missed: Floats, customers: Sequence[str]) -> Judged:
        """Return judged answers that weigh as many of the silent as they stand for."""
        usual = float(np.median(list(self.rho.values())))
        rho = np.array([self.rho.get(customer, usual) for customer in customers])
        rho = np.clip(rho, LOWEST_PROPENSITY, 1 - LOWEST_PROPENSITY)
        return Judged(missed, (1 - rho) / rho, self.of(customers))

    def of(self, customers: Sequence[str]) -> list[str]:
        """Return the segment of each customer."""
        return [self.segments.get(customer, "") for customer in customers]


def predict(
    responses: ir.Table,
    customers: ir.Table,
    events: ir.Table | None = None,
    *,
    traits: Sequence[str] | None = None,
    on: date | None = None,
    oldest_days: int = OLDEST_ANSWER_DAYS,
    set_confidence: float = 0.9,
    segment: str | None = None,
    confidence: float = 0.95,
    asked_at_random: bool = False,
) -> Prediction:
    """Return calibrated chances of the buckets for silent customers, and the NPS of all.

    The model learns from answers of the last two years what traits and the half year before
    an answer tell. It is judged on later answers of customers it has not seen: without skill
    over the plain shares, these are given instead.

    Args:
        responses: one row per response.
        customers: one row per customer.
        events: what customers did.
        traits: columns of `customers` to predict by; all that say what kind of customer
            somebody is when left out.
        on: the day meant; that of the last answer or leaving when left out.
        oldest_days: age in days beyond which an answer says nothing of today.
        set_confidence: how often the set of buckets holds the true one.
        segment: column of `customers`; sets hold that often within each of its values, see
            `segment_sets`.
        confidence: coverage of the interval of the total.
        asked_at_random: the customers asked were drawn by chance and nearly all answered;
            then the total is prediction-powered, otherwise doubly robust.

    Raises:
        ArgumentError: an argument means nothing here.
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: nobody of the base has answered.
        DataError: a customer is there twice.

    References:
        See `fit_buckets`, `venn_abers`, `segment_sets`, `total_nps` and
        `prediction_powered_mean`.
    """
    check_share(set_confidence, "set_confidence")
    check_share(confidence, "confidence")
    day = on or last_day(responses, customers)
    kinds = [] if events is None else kinds_of(events)
    known = with_features(_answers(responses, day), customers, events, kinds, traits).order_by(
        ["moment", "customer", "bucket"]
    )
    learnt = known.to_pyarrow().to_pydict()
    buckets = current_buckets(responses, customers, on=day, oldest_days=oldest_days)
    frame = everybody(buckets, day).join(
        buckets.select(customer="customer_id", bucket="bucket"), "customer"
    )
    base = with_features(frame, customers, events, kinds, traits).order_by("customer")
    people = base.to_pyarrow().to_pydict()
    if not learnt["customer"] or not people["customer"]:
        raise NoAnswersError("No customer of the base has answered, so nothing can be predicted.")
    forecast = _forecast(learnt)
    judged = None if forecast is None else skill(
        forecast.chances, forecast.base, forecast.buckets, forecast.customers
    )  # fmt: skip
    uses_model = judged is not None and judged.has_skill
    silent = [i for i, bucket in enumerate(people["bucket"]) if bucket == SILENT]
    chosen = {name: [column[i] for i in silent] for name, column in people.items()}
    fitted, rho = _cross_fitted(people)
    doubt = _Doubt(
        1 - set_confidence,
        dict(zip(people["customer"], rho.tolist(), strict=True)),
        {} if segment is None else _segments_of(customers, segment),
    )
    table = _table(learnt, chosen, forecast if uses_model else None, doubt)
    total = _total(people, fitted, rho, confidence, asked_at_random=asked_at_random)
    return _prediction(table, people, forecast, judged, total, uses_model=uses_model)


def _answers(responses: ir.Table, day: date) -> ir.Table:
    end = datetime.combine(day, datetime.min.time()) + timedelta(days=1)
    answers = answers_with_moment(responses)
    since = end - timedelta(days=_LEARN_DAYS)
    return answers.filter((answers["moment"] < end) & (answers["moment"] >= since))


def _features(columns: Mapping[str, list[Any]]) -> Columns:
    return {name: column for name, column in columns.items() if name not in _KEPT}


def _codes(names: Sequence[str]) -> Floats:
    """Return 0, 1, 2 for the buckets and NaN for the silent."""
    places = {name: float(i) for i, name in enumerate(BUCKETS)}
    return np.array([places.get(name, np.nan) for name in names])


def _forecast(learnt: Mapping[str, list[Any]]) -> _Forecast | None:
    """Predict each block of answers from the earlier ones of other customers."""
    n = len(learnt["customer"])
    if n < FEWEST_ANSWERS:
        return None
    said, who = _codes(learnt["bucket"]), np.array(learnt["customer"], dtype=object)
    features = _features(learnt)
    edges = [n * block // _BLOCKS for block in range(1, _BLOCKS + 1)]
    chances: list[Floats] = []
    base: list[Floats] = []
    rows: list[npt.NDArray[np.int64]] = []
    for start, stop in pairwise(edges):
        earlier = np.flatnonzero(~np.isin(who[:start], who[start:stop]))
        if not len(earlier):
            continue
        own = {n: [column[i] for i in earlier.tolist()] for n, column in features.items()}
        design = design_of(own)
        model = fit_buckets(design.matrix(own), said[earlier])
        block = {name: column[start:stop] for name, column in features.items()}
        found = model.chances(design.matrix(block))
        if chances:  # only what was known by then may set the temperature
            found = with_temperature(
                found, fit_temperature(np.vstack(chances), said[np.concatenate(rows)])
            )
        shares = np.bincount(said[earlier].astype(int), minlength=len(BUCKETS)) + 0.5
        chances.append(found)
        base.append(np.tile(shares / shares.sum(), (stop - start, 1)))
        rows.append(np.arange(start, stop))
    if not rows:
        return None
    places = np.concatenate(rows)
    return _Forecast(np.vstack(chances), np.vstack(base), said[places], who[places].tolist())


def _table(
    learnt: Mapping[str, list[Any]],
    chosen: Mapping[str, list[Any]],
    forecast: _Forecast | None,
    doubt: _Doubt,
) -> pa.Table:
    """Return the chances of the silent: by the model, or without a forecast by the shares."""
    said = _codes(learnt["bucket"])
    n = len(chosen["customer"])
    if forecast is None:
        counts = np.bincount(said.astype(int), minlength=len(BUCKETS)) + 0.5
        known = np.tile(counts / counts.sum(), (len(said), 1))
        chances, truth = np.tile(counts / counts.sum(), (n, 1)), said
        who: Sequence[str] = learnt["customer"]
    else:
        features = _features(learnt)
        design = design_of(features)
        model = fit_buckets(design.matrix(features), said)
        heat = fit_temperature(forecast.chances, forecast.buckets)
        known, truth, who = forecast.chances, forecast.buckets, forecast.customers
        silent = design.matrix(_features(chosen))
        chances = with_temperature(model.chances(silent), heat) if n else np.zeros((0, 3))
    low, high = venn_abers(known[:, 0], (truth == 0).astype(float), chances[:, 0])
    detractor = high / (1 - low + high)
    others = chances[:, 1:] / np.maximum(chances[:, 1:].sum(axis=1, keepdims=True), 1e-12)
    missed = 1 - known[np.arange(len(truth)), truth.astype(int)]
    sets = segment_sets(
        chances, doubt.of(chosen["customer"]), doubt.judged(missed, who), doubt.alpha
    )
    chances = np.column_stack([detractor, others * (1 - detractor)[:, None]])
    return pa.table(
        {
            "customer_id": pa.array(chosen["customer"], pa.string()),
            **{f"p_{name}": chances[:, i] for i, name in enumerate(BUCKETS)},
            "p_detractor_low": low,
            "p_detractor_high": high,
            "set": pa.array(["|".join(one) for one in sets], pa.string()),
        }
    )


def _prediction(
    table: pa.Table,
    people: Mapping[str, list[Any]],
    forecast: _Forecast | None,
    judged: Skill | None,
    total: TotalNps,
    *,
    uses_model: bool,
) -> Prediction:
    said = _codes(people["bucket"])
    raw = float(np.nanmean(said) - 1)
    answered_share = total.answered / total.customers
    tipping = tipping_difference(raw, total.predicted_silent, answered_share)
    low, high = worst_bounds(raw, answered_share)
    everything = "|".join(BUCKETS)
    n = table.num_rows
    unknown = sum(one == everything for one in table["set"].to_pylist())
    return Prediction(
        table=table,
        silent=n,
        expected={name: float(np.sum(table[f"p_{name}"].to_numpy())) for name in BUCKETS},
        unknown_share=unknown / n if n else 0.0,
        skill=judged,
        uses_model=uses_model,
        reliability=[]
        if forecast is None
        else reliability_curve(forecast.chances[:, 0], (forecast.buckets == 0).astype(float)),
        total=total,
        tipping_points=None if tipping is None else 100 * tipping,
        bounds=(100 * low, 100 * high),
    )


def _segments_of(customers: ir.Table, segment: str) -> dict[str, str]:
    check_columns(customers, ["customer_id", segment])
    named = customers.filter(customers[segment].notnull())
    rows = named.select("customer_id", segment=named[segment].cast("string")).to_pyarrow()
    return dict(zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True))


def _cross_fitted(people: Mapping[str, list[Any]]) -> tuple[Floats, Floats]:
    features = _features(people)
    matrix = (
        design_of(features).matrix(features) if features else np.ones((len(people["bucket"]), 1))
    )
    groups = np.array(people["hash_group"], dtype=np.float64)
    return cross_fitted(matrix, _codes(people["bucket"]), groups)


def _total(
    people: Mapping[str, list[Any]],
    fitted: Floats,
    rho: Floats,
    confidence: float,
    *,
    asked_at_random: bool,
) -> TotalNps:
    said = _codes(people["bucket"])
    spoke = ~np.isnan(said)
    if not (asked_at_random and (~spoke).sum() > 1 and spoke.sum() > 1):
        return total_of(fitted, rho, said, confidence)
    found = prediction_powered_mean(said[spoke] - 1, fitted[spoke], fitted[~spoke], confidence)
    # The mean of the others and that of the sample are one and the same when drawn by chance.
    silent = float(fitted[~spoke].mean())
    return TotalNps(
        len(said), int(spoke.sum()), found.value, max(-1.0, found.low), min(1.0, found.high),
        silent, 0,
    )  # fmt: skip
