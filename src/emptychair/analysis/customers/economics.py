"""What detractors, passives and promoters are worth, and what moving one goes along with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from emptychair.analysis.checks import check_columns, check_positive, check_share
from emptychair.analysis.customers.worth import Figure, Worth, estimate, worth_of
from emptychair.analysis.delivery.intervals import Floats
from emptychair.analysis.errors import ArgumentError, NoAnswersError
from emptychair.analysis.sums.counts import Group
from emptychair.analysis.sums.followup import (
    BUCKETS,
    MONTH_DAYS,
    first_answers,
    followed,
    last_day,
)
from emptychair.analysis.sums.jackknife import Estimate
from emptychair.analysis.sums.money import (
    PRIOR_REVENUE,
    TENURE,
    MoneySums,
    money_sums,
    month_number,
    with_cells,
    with_history,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONTHS = 12
LIFETIME_MONTHS = 36
DISCOUNT_SHARE = 0.1
CROSS_SELL_KINDS = ("upgrade",)
REFERRAL_KIND = "referral"
SEGMENT = "attr_segment"

_WINDOW_MONTHS = 24
_GRACE_DAYS = 3  # a month whose last days brought no answer is over all the same
_MONEY = ("revenue", "margin", "cost_to_serve")
_TIMES = ("cross_sell", "referrals")


@dataclass(frozen=True)
class Economics:
    """What the customers of one bucket brought in the twelve months after their answer.

    Money and counts are per customer. A figure is None where the tables lack what it needs
    or nobody was followed long enough. Differences between buckets go along with the
    bucket; they are not shown to be caused by it.

    Attributes:
        group: values of the columns grouped by.
        bucket: of the answer that started the clock.
        n: customers followed for a month at least.
        lost: those of them who left while they were followed.
        comparable_share: of them, those in cells where all three buckets occur; the
            adjusted figures speak of these.
        revenue_12m: paid in twelve months, by those who left as well.
        margin_12m: margin likewise.
        cost_to_serve_12m: cost of serving them likewise.
        cross_sell_12m: upgrades likewise.
        referrals_12m: customers brought likewise.
        retention_12m: share still customers after twelve months.
        months_kept: mean months as a customer out of the twelve.
        lifetime_value: discounted margin less cost to serve up to the horizon, what is not
            seen yet by the fitted contracts.
        value_of_move: adjusted `margin_12m` of the next bucket up less that of this one.
    """

    group: Group
    bucket: str
    n: int
    lost: int
    comparable_share: float
    revenue_12m: Figure | None
    margin_12m: Figure | None
    cost_to_serve_12m: Figure | None
    cross_sell_12m: Figure | None
    referrals_12m: Figure | None
    retention_12m: Figure | None
    months_kept: Figure | None
    lifetime_value: Figure | None
    value_of_move: Estimate | None


def economics(
    responses: ir.Table,
    customers: ir.Table,
    values: ir.Table,
    events: ir.Table | None = None,
    referrals: ir.Table | None = None,
    *,
    by: Sequence[str] = (),
    adjust: Sequence[str] | None = None,
    until: date | None = None,
    window_months: int = _WINDOW_MONTHS,
    lifetime_months: int = LIFETIME_MONTHS,
    discount_share: float = DISCOUNT_SHARE,
    confidence: float = 0.95,
) -> list[Economics]:
    """Return what the customers of each bucket brought after they answered.

    Time zero is each customer's first counted answer in the window. Money counts from the
    next calendar month on, for those who left as well (with nothing), each month averaged
    over the customers followed through it; so customers who answered lately count for the
    months there are. Rows stay in the engine; Python sees sums by cell and hash group.

    Args:
        responses: one row per response.
        customers: one row per customer, with `left_at`.
        values: revenue, and maybe margin and cost to serve, per customer and month.
        events: for cross-sell; and for referrals where `referrals` is left out.
        referrals: who brought whom.
        by: columns of the responses or the customers to group by.
        adjust: columns that make customers comparable; by default `attr_segment` where
            there is one, tenure at the answer and revenue of the six months before it.
        until: last day of which everything is known; that of the last answer or leaving
            when left out. Only months over by then count.
        window_months: how far back the clock may start.
        lifetime_months: horizon of the lifetime value.
        discount_share: interest per year.
        confidence: coverage of the jackknife intervals.

    Returns:
        One record per group and bucket that occurs, in the order of groups.

    Raises:
        ArgumentError: an argument means nothing here.
        ColumnNotFoundError: a column that is needed is missing.
        NoAnswersError: nobody was followed for a whole month.
        DataError: a customer is there twice.

    References:
        Partitioned mean cost: Bang & Tsiatis (2000), "Estimating medical costs with censored
        data", Biometrika 87(2), 329-343. Overlap weights: Li & Li (2019), Annals of Applied
        Statistics 13(4), 2389-2415. Interval: Kott (2001), Journal of Official Statistics
        17(4), 521-526.
    """
    _check(window_months, lifetime_months, discount_share, confidence)
    end = until or last_day(responses, customers)
    last_month = _last_whole_month(values, end)
    start = end - timedelta(days=round(window_months * MONTH_DAYS))
    answers = first_answers(responses, start, end + timedelta(days=1))
    traits = _traits(answers, customers, by) if adjust is None else list(adjust)
    own = [name for name in traits if name not in (TENURE, PRIOR_REVENUE)]
    people = followed(answers, customers, end, list(dict.fromkeys([*by, *own])))
    people = with_history(people, customers, values)
    placed = with_cells(people, [t for t in traits if t in people.columns], last_month, by)
    months = max(lifetime_months, MONTHS)
    sums = money_sums(placed, _measures(values, events, referrals), len(by), months)
    if not sums:
        raise NoAnswersError(
            f"Nobody who answered since {start} was followed for a whole month up to {last_month}."
        )
    return [
        record
        for group, found in sums.items()
        for record in _economics(group, found, lifetime_months, discount_share, confidence)
    ]


def _check(window: int, lifetime: int, discount_share: float, confidence: float) -> None:
    check_share(confidence, "confidence")
    check_positive(window, "window_months")
    check_positive(lifetime, "lifetime_months")
    if not 0 <= discount_share < 1:
        raise ArgumentError(f"discount_share is a share from 0 to below 1, not {discount_share!r}.")


def _last_whole_month(values: ir.Table, end: date) -> date:
    """Return a day of the last month in `values` that is over by `end`."""
    check_columns(values, ["customer_id", "month", "revenue"])
    (row,) = values.aggregate(last=values["month"].cast("date").max()).to_pyarrow().to_pylist()
    if row["last"] is None:
        raise NoAnswersError("The values hold no month, so no customer brought anything.")
    first_after = (end + timedelta(days=1 + _GRACE_DAYS)).replace(day=1)
    last: date = min(row["last"], first_after - timedelta(days=1))
    return last


def _traits(answers: ir.Table, customers: ir.Table, by: Sequence[str]) -> list[str]:
    has_segment = SEGMENT in (*answers.columns, *customers.columns) and SEGMENT not in by
    return [*([SEGMENT] if has_segment else []), TENURE, PRIOR_REVENUE]


def _measures(
    values: ir.Table, events: ir.Table | None, referrals: ir.Table | None
) -> dict[str, tuple[ir.Table, str]]:
    paid = values.mutate(at=month_number(values["month"]))
    measures = {name: (paid, name) for name in _MONEY if name in values.columns}
    if events is not None:
        check_columns(events, ["customer_id", "at", "kind"])
        measures["cross_sell"] = (_happened(events, CROSS_SELL_KINDS), "times")
        if referrals is None:
            measures["referrals"] = (_happened(events, (REFERRAL_KIND,)), "times")
    if referrals is not None:
        check_columns(referrals, ["referrer_id", "at"])
        brought = referrals.filter(referrals["referrer_id"].notnull()).select(
            customer_id="referrer_id", at=month_number(referrals["at"]), times=ibis.literal(1.0)
        )
        measures["referrals"] = (brought, "times")
    return measures


def _happened(events: ir.Table, kinds: Sequence[str]) -> ir.Table:
    chosen = events.filter(events["kind"].isin(list(kinds)))
    return chosen.select("customer_id", at=month_number(chosen["at"]), times=ibis.literal(1.0))


def _economics(
    group: Group, sums: MoneySums, horizon: int, discount_share: float, confidence: float
) -> list[Economics]:
    raw, adjusted = (
        worth_of(sums, adjusted=one, months=MONTHS, horizon=horizon, discount_share=discount_share)
        for one in (False, True)
    )
    people = sums.followed[..., 0].sum(axis=0)
    comparable = people[(people > 0).all(axis=1)].sum(axis=0)
    n, lost = people.sum(axis=0), sums.lost.sum(axis=(0, 1, 3))
    records = []
    for b, bucket in enumerate(BUCKETS):
        if not n[b]:
            continue
        figures = _figures(raw, adjusted, b, confidence)
        records.append(
            Economics(
                group=group,
                bucket=bucket,
                n=int(n[b]),
                lost=int(lost[b]),
                comparable_share=float(comparable[b] / n[b]),
                **figures,
                value_of_move=_value_of_move(adjusted.totals, b, confidence),
            )
        )
    return records


def _figures(
    raw: Worth, adjusted: Worth, bucket: int, confidence: float
) -> dict[str, Figure | None]:
    found = {
        f"{name}_12m": _figure(raw.totals.get(name), adjusted.totals.get(name), bucket, confidence)
        for name in (*_MONEY, *_TIMES)
    }
    for name in _TIMES:  # something happens no less than never
        found[f"{name}_12m"] = _not_below_zero(found[f"{name}_12m"])
    found["retention_12m"] = _figure(raw.kept, adjusted.kept, bucket, confidence, is_share=True)
    for name in ("months_kept", "lifetime_value"):
        found[name] = _figure(getattr(raw, name), getattr(adjusted, name), bucket, confidence)
    return found


def _figure(
    raw: Floats | None,
    adjusted: Floats | None,
    bucket: int,
    confidence: float,
    *,
    is_share: bool = False,
) -> Figure | None:
    plain = _estimate(raw, bucket, confidence, is_share=is_share)
    if plain is None:
        return None
    even = _estimate(adjusted, bucket, confidence, is_share=is_share)
    limits = (None, None, None) if even is None else (even.value, even.low, even.high)
    return Figure(plain.value, plain.low, plain.high, *limits)


def _not_below_zero(figure: Figure | None) -> Figure | None:
    if figure is None:
        return None
    low = figure.adjusted_low
    return replace(
        figure, low=max(0.0, figure.low), adjusted_low=None if low is None else max(0.0, low)
    )


def _estimate(
    values: Floats | None, bucket: int, confidence: float, *, is_share: bool
) -> Estimate | None:
    if values is None:
        return None
    return estimate(values[:, bucket], confidence, is_share=is_share)


def _value_of_move(totals: Mapping[str, Floats], bucket: int, confidence: float) -> Estimate | None:
    """Return the margin of the next bucket up less that of this one, among comparable customers."""
    margin = totals.get("margin")
    if margin is None or bucket + 1 >= len(BUCKETS):
        return None
    return estimate(np.asarray(margin[:, bucket + 1] - margin[:, bucket]), confidence)
