"""One company, four definitions of its NPS, and how early and late answers differ."""

from dataclasses import asdict
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from emptychair.analysis.delivery.score import Nps, net_promoter_score
from emptychair.analysis.delivery.waves import AnswerWaves, answer_waves, panel_effect

DEFINITIONS = ("response", "customer", "account", "revenue")
_KEPT = ("n", "promoters", "passives", "detractors", "nps_points", "low_points", "high_points")


def definitions(
    responses: ir.Table, customers: ir.Table, values: ir.Table, start: date, end: date
) -> dict[str, Any]:
    """Return the NPS by each of `DEFINITIONS`, as plain values.

    Per response every answer counts; per customer the latest answer of each; per account the
    mean of each account's people; by revenue the same, weighted by what the account's customers
    brought in the period. A definition that nothing is known for is left out.

    Args:
        responses: one row per response of the period.
        customers: one row per customer.
        values: revenue per customer and month.
        start: first local date of the period.
        end: last local date.
    """
    of_customers = responses.filter(responses["customer_id"].notnull())
    of_accounts = responses.filter(responses["account_id"].notnull())
    with_revenue = of_accounts.left_join(
        _revenue_of_accounts(customers, values, start, end), "account_id"
    ).drop("account_id_right")
    found = (
        net_promoter_score(responses),
        net_promoter_score(of_customers, per="customer"),
        net_promoter_score(of_accounts, per="account"),
        net_promoter_score(with_revenue, per="account", revenue="revenue"),
    )
    return {
        name: _plain(one[0])
        for name, one in zip(DEFINITIONS, found, strict=True)
        if one and one[0].n
    }


def waves(responses: ir.Table) -> dict[str, Any]:
    """Return early, middle and late answers as plain values; empty where nothing tells."""
    return _in_groups(answer_waves(responses))


def panel(responses: ir.Table) -> dict[str, Any]:
    """Return first and repeated answers as plain values; empty where nobody is known."""
    return _in_groups(panel_effect(responses))


def _in_groups(found: AnswerWaves | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "waves": {str(one.group[0]): _plain(one) for one in found.waves},
        "difference": None if found.difference is None else asdict(found.difference),
    }


def _revenue_of_accounts(customers: ir.Table, values: ir.Table, start: date, end: date) -> ir.Table:
    people = customers.filter(customers["account_id"].notnull()).select("customer_id", "account_id")
    months = values["month"].between(ibis.literal(start.replace(day=1)), ibis.literal(end))
    earned = people.inner_join(
        values.filter(months).select("customer_id", "revenue"), "customer_id"
    )
    return earned.group_by("account_id").aggregate(revenue=earned["revenue"].sum().cast("float64"))


def _plain(nps: Nps) -> dict[str, Any]:
    return {name: getattr(nps, name) for name in _KEPT}
