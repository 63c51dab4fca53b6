"""The one contract for files, warehouse, analysis and exports: which columns, which types.

Times are UTC; `_on` is a local date; shares are 0 to 1; ids are strings; money is a number in the
installation's currency. A column that is missing is not used; one that is present is checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

SCORES = tuple(range(11))
LOWEST_PROMOTER = 9
HIGHEST_DETRACTOR = 6
RATING_PREFIX = "rating_"
ATTRIBUTE_PREFIX = "attr_"
SEGMENT_PREFIX = "segment_"
HIGHEST_RATING = 5


@dataclass(frozen=True)
class Column:
    """A column of the contract: its name, its Ibis type and whether a table may lack it."""

    name: str
    type: str
    required: bool = False


def _columns(required: str, optional: str) -> tuple[Column, ...]:
    def parse(text: str, *, is_required: bool) -> list[Column]:
        pairs = (item.split(":") for item in text.split())
        return [Column(name, kind, is_required) for name, kind in pairs]

    return (*parse(required, is_required=True), *parse(optional, is_required=False))


RESPONSES = _columns(
    "score:int8",
    "response_id:string customer_id:string account_id:string asked_at:timestamp "
    "answered_at:timestamp answered_on:date comment:string language:string channel:string "
    "survey:string survey_kind:string journey:string stage:string touchpoint:string "
    "unit:string employee:string wording:string held_reason:string",
)
CUSTOMERS = _columns(
    "customer_id:string",
    "account_id:string created_at:timestamp left_at:timestamp left_reason:string "
    "language:string country:string unit:string contactable:boolean",
)
VALUES = _columns(
    "customer_id:string month:date revenue:float64",
    "margin:float64 cost_to_serve:float64",
)
EVENTS = _columns("customer_id:string at:timestamp kind:string", "amount:float64")
INVITATIONS = _columns(
    "invitation_id:string customer_id:string",
    "survey:string channel:string planned_at:timestamp sent_at:timestamp delivered_at:timestamp "
    "opened_at:timestamp answered_at:timestamp outcome:string suppressed_reason:string",
)
CASES = _columns(
    "case_id:string response_id:string customer_id:string opened_at:timestamp due_at:timestamp",
    "unit:string owner:string first_contact_at:timestamp closed_at:timestamp root_cause:string "
    "outcome:string asked_again_at:timestamp holdout:boolean",
)
INITIATIVES = _columns(
    "initiative_id:string name:string cost:float64",
    "driver:string segments:array<string> units:array<string> started_on:date "
    "effect_expected:float64 effect_low:float64 effect_high:float64 state:string",
)
REFERRALS = _columns("referrer_id:string referred_id:string at:timestamp", "origin:string")

TABLES = MappingProxyType(
    {
        "responses": RESPONSES,
        "customers": CUSTOMERS,
        "values": VALUES,
        "events": EVENTS,
        "invitations": INVITATIONS,
        "cases": CASES,
        "initiatives": INITIATIVES,
        "referrals": REFERRALS,
    }
)


def column_names(table: str) -> tuple[str, ...]:
    """Return the fixed column names of one table of the contract, in order."""
    return tuple(column.name for column in TABLES[table])
