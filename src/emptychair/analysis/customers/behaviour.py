"""What promoters did and are before they answer, and detractors not: contrasts within segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from scipy import stats

from emptychair.analysis.checks import check_columns, check_positive, check_share
from emptychair.analysis.delivery.definitions import latest_answers
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.delivery.multiplicity import benjamini_hochberg
from emptychair.analysis.errors import NoAnswersError
from emptychair.analysis.sums.counts import Group, in_order
from emptychair.analysis.sums.features import (
    BEHAVIOUR_DAYS,
    EVENT_PREFIX,
    kinds_of,
    with_features,
)
from emptychair.analysis.sums.followup import BUCKETS, answer_moment, bucket_name

if TYPE_CHECKING:
    import ibis.expr.types as ir

FALSE_DISCOVERY_RATE = 0.1
FEWEST_DOING_SO = 10  # customers; rarer behaviour is not looked at
FEWEST_OF_BUCKET = 10

_SEGMENT = "attr_segment"
_MOST_KINDS = 200
_MOST_VALUES = 20


@dataclass(frozen=True)
class Contrast:
    """How a behaviour or trait differs between promoters and detractors.

    It goes along with the bucket; that it makes promoters is not shown.

    Attributes:
        group: values of the columns grouped by.
        feature: `events_<kind>`, how often it happened, or `<trait>=<value>`, or a number.
        n: promoters and detractors looked at.
        promoter_mean: mean of promoters.
        passive_mean: mean of passives, NaN without any.
        detractor_mean: mean of detractors.
        promoter_share: promoters of whom it is true or happened at all.
        detractor_share: detractors likewise.
        contrast: promoters less detractors within segments, in standard deviations.
        low: lower limit of its interval.
        high: upper limit.
        p_value: of no difference.
        q_value: share of false findings in a list that ends here.
    """

    group: Group
    feature: str
    n: int
    promoter_mean: float
    passive_mean: float
    detractor_mean: float
    promoter_share: float
    detractor_share: float
    contrast: float
    low: float
    high: float
    p_value: float
    q_value: float


def behaviour(
    responses: ir.Table,
    events: ir.Table,
    *,
    by: Sequence[str] = (),
    days: int = BEHAVIOUR_DAYS,
    confidence: float = 0.95,
) -> list[Contrast]:
    """Return over- and under-represented behaviour and traits of promoters against detractors.

    The latest counted answer of each customer, what happened in the half year before it, and
    the `attr_` columns as they were at the answer. One grouped query per 100 features.

    Args:
        responses: one row per response.
        events: what customers did.
        by: columns of the responses to group by.
        days: how long before the answer events count.
        confidence: coverage of the intervals.

    Returns:
        Contrasts by group, the smallest q-value first; the false discovery rate is held over
        all features of a group, however many there are.

    Raises:
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: there are not ten promoters and ten detractors.

    References:
        Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1), 289-300.
    """
    check_positive(days, "days")
    check_share(confidence, "confidence")
    check_columns(responses, ["customer_id", "score", *by])
    traits = [n for n in responses.columns if n.startswith("attr_") and n not in by]
    rows, kinds = _rows(responses, events, by, traits, days)
    has_segment = _SEGMENT in traits
    segment = rows[_SEGMENT].cast("string") if has_segment else ibis.literal("")
    rows = rows.mutate(stratum=segment)
    features = {f"{EVENT_PREFIX}{kind}": rows[f"{EVENT_PREFIX}{kind}"] for kind in kinds}
    features |= _trait_features(rows, [name for name in traits if name != _SEGMENT])
    sums = _sums(rows, features, [*by, "stratum"])
    found: list[Contrast] = []
    groups = in_order({key[: len(by)] for key in sums})
    for group in groups:
        own = {key[len(by)]: one for key, one in sums.items() if key[: len(by)] == group}
        found += contrasts_of(own, list(features), group, confidence)
    if not found:
        raise NoAnswersError(
            f"Behaviour needs {FEWEST_OF_BUCKET} promoters and as many detractors, and something "
            f"that {FEWEST_DOING_SO} of them did."
        )
    return found


def _rows(
    responses: ir.Table, events: ir.Table, by: Sequence[str], traits: Sequence[str], days: int
) -> tuple[ir.Table, list[str]]:
    latest = latest_answers(responses)
    latest = latest.filter(latest["customer_id"].notnull())
    moments = latest.select(
        customer=latest["customer_id"],
        moment=answer_moment(latest),
        bucket=bucket_name(latest["score"]),
        **{name: latest[name] for name in [*by, *traits]},
    )
    kinds = kinds_of(events, _MOST_KINDS)
    people = latest.select("customer_id").distinct()
    return with_features(moments, people, events, kinds, (), days=days), kinds


def _trait_features(rows: ir.Table, traits: Sequence[str]) -> dict[str, ir.Value]:
    """Return numbers as they are, and of texts one feature per common value."""
    features: dict[str, ir.Value] = {}
    for name in traits:
        column = rows[name]
        if column.type().is_numeric():
            features[name] = column.cast("float64").fill_null(0.0)
            continue
        text = column.cast("string")
        named = rows.select(value=text).filter(text.notnull())
        counts = named.group_by("value").aggregate(n=named.count())
        found = sorted(counts.to_pyarrow().to_pylist(), key=lambda row: (-row["n"], row["value"]))
        for row in found[:_MOST_VALUES]:
            is_so = (text == row["value"]).fill_null(False)
            features[f"{name}={row['value']}"] = is_so.cast("float64")
    return features


def _sums(
    rows: ir.Table, features: Mapping[str, ir.Value], keys: Sequence[str]
) -> dict[Group, Floats]:
    """Return by key the sums of the shape (buckets, features, n x xx doing)."""
    places = [f"key_{i}" for i in range(len(keys))]
    columns = {f"x_{i}": feature for i, feature in enumerate(features.values())}
    wide = rows.select(
        bucket=rows["bucket"],
        **{key: rows[name] for key, name in zip(places, keys, strict=True)},
        **columns,
    )
    found: dict[Group, Floats] = {}
    names = list(columns)
    for start in range(0, len(names), 100):
        part = names[start : start + 100]
        totals = wide.group_by([*places, "bucket"]).aggregate(
            n=wide.count(),
            **{f"s_{name}": wide[name].sum() for name in part},
            **{f"q_{name}": (wide[name] * wide[name]).sum() for name in part},
            **{f"d_{name}": wide.count(where=wide[name] != 0) for name in part},
        )
        for row in totals.to_pyarrow().to_pylist():
            key = tuple(row[place] for place in places)
            table = found.setdefault(key, np.zeros((len(BUCKETS), len(names), 4)))
            _put(table[BUCKETS.index(row["bucket"])], row, part, start)
    return found


def _put(table: Floats, row: Mapping[str, Any], names: Sequence[str], start: int) -> None:
    for i, name in enumerate(names, start):
        table[i] = (row["n"], row[f"s_{name}"] or 0.0, row[f"q_{name}"] or 0.0, row[f"d_{name}"])


def contrasts_of(
    strata: Mapping[object, Floats],
    features: Sequence[str],
    group: Group = (),
    confidence: float = 0.95,
) -> list[Contrast]:
    """Return the contrasts of one group of customers from sums by segment.

    Within each segment promoters less detractors, segments weighted by how much they can
    tell; features that hardly anybody shows are not looked at.

    Args:
        strata: by segment, sums of the shape (3 buckets, features, n x xx doing).
        features: their names.
        group: values of the columns grouped by.
        confidence: coverage of the intervals.
    """
    if not strata:
        return []
    sums = np.array(list(strata.values()))
    total = sums.sum(axis=0)
    enough = (total[0, :, 0] >= FEWEST_OF_BUCKET) & (total[2, :, 0] >= FEWEST_OF_BUCKET)
    n, x, xx = sums[..., 0], sums[..., 1], sums[..., 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = x / n
        variance = np.maximum(xx / n - mean**2, 0.0) * n / (n - 1)
        both = (n[:, 0] > 1) & (n[:, 2] > 1)
        weight = np.where(both, n[:, 0] * n[:, 2] / (n[:, 0] + n[:, 2]), 0.0)
        share = weight / weight.sum(axis=0)
        gap = np.where(both, mean[:, 2] - mean[:, 0], 0.0)
        error = np.where(both, variance[:, 2] / n[:, 2] + variance[:, 0] / n[:, 0], 0.0)
        degrees = np.where(both, n[:, 0] + n[:, 2] - 2, 0.0)
        pooled = np.where(
            both, (n[:, 0] - 1) * variance[:, 0] + (n[:, 2] - 1) * variance[:, 2], 0.0
        )
        deviation = np.sqrt(pooled.sum(axis=0) / degrees.sum(axis=0))
        value = (share * gap).sum(axis=0) / deviation
        spread = np.sqrt((share**2 * error).sum(axis=0)) / deviation
        means = total[..., 1] / total[..., 0]
        shares = total[..., 3] / total[..., 0]
    doing = total[0, :, 3] + total[2, :, 3]
    looked_at = [
        i
        for i in range(len(features))
        if enough[i] and doing[i] >= FEWEST_DOING_SO and np.isfinite(value[i]) and spread[i] > 0
    ]
    freedom = degrees.sum(axis=0)
    p_values = [2 * float(stats.t.sf(abs(value[i] / spread[i]), freedom[i])) for i in looked_at]
    margins = spread * stats.t.ppf((1 + confidence) / 2, np.maximum(freedom, 1.0))
    q_values = benjamini_hochberg(p_values) if p_values else []
    found = [
        Contrast(
            group=group,
            feature=features[i],
            n=int(total[0, i, 0] + total[2, i, 0]),
            promoter_mean=float(means[2, i]),
            passive_mean=float(means[1, i]),
            detractor_mean=float(means[0, i]),
            promoter_share=float(shares[2, i]),
            detractor_share=float(shares[0, i]),
            contrast=float(value[i]),
            low=float(value[i] - margins[i]),
            high=float(value[i] + margins[i]),
            p_value=p,
            q_value=q,
        )
        for i, p, q in zip(looked_at, p_values, q_values, strict=True)
    ]
    return sorted(found, key=lambda one: (one.q_value, -abs(one.contrast), one.feature))
