"""Segment rules: a list of conditions over a customer's facts, all of which must hold.

A condition is `{"field": F, OPERATOR: value}`. `F` is `country`, `language`, `unit`, `account` or
`trait:<name>`; an operator is `is` or `is_not` (a list of allowed values), `at_least` or `at_most`
(a number), or `known` (true or false).

Segments know behaviour as well: `event:<kind>` is how often it happened in the last `days`, which
such a condition names; `revenue` that of the last twelve whole months; `tenure_days` the age of
the relationship. These are numbers, so they take `at_least` and `at_most` alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emptychair.programme.lib.errors import RefusedError

Facts = Mapping[str, Any]
Condition = Mapping[str, Any]
LONGEST_DAYS = 3_650


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _at_least(value: Any, limit: Any) -> bool:
    number = _number(value)
    return number is not None and number >= limit


def _at_most(value: Any, limit: Any) -> bool:
    number = _number(value)
    return number is not None and number <= limit


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, allowed: value in allowed,
    "is_not": lambda value, excluded: value not in excluded,
    "at_least": _at_least,
    "at_most": _at_most,
    "known": lambda value, wanted: (value not in (None, "")) == wanted,
}
FIELDS = ("country", "language", "unit", "account")
NUMBERS = ("revenue", "tenure_days")
EVENT = "event:"


def meets(facts: Facts, rule: Sequence[Condition]) -> bool:
    """Say whether a customer with `facts` meets every condition of `rule`."""
    return all(_holds(facts, condition) for condition in rule)


def is_behaviour(condition: Condition) -> bool:
    """Say whether a condition is about behaviour, so that it changes as time goes by."""
    field = str(condition["field"])
    return field.startswith(EVENT) or field in NUMBERS


def fact_name(condition: Condition) -> str:
    """Return under which name the fact that a condition is about stands among the facts."""
    field, days = str(condition["field"]), condition.get("days")
    return f"{field}@{days}" if days else field


def operator_of(condition: Condition) -> str:
    """Return the operator of a condition."""
    return next(key for key in condition if key not in ("field", "days"))


def check_rule(rule: Any, *, with_behaviour: bool = False) -> None:
    """Check a rule before it is stored.

    Args:
        rule: what is to be stored.
        with_behaviour: whether it may be about behaviour.

    Raises:
        RefusedError: it is not a list of conditions, or one has an unknown field or operator.
    """
    if not isinstance(rule, list):
        raise RefusedError("rule_shape", "A segment's rule is a list of conditions.")
    for number, condition in enumerate(rule, start=1):
        _check_condition(number, condition, with_behaviour=with_behaviour)


def _check_condition(number: int, condition: Any, *, with_behaviour: bool) -> None:
    if not isinstance(condition, dict) or "field" not in condition:
        raise RefusedError("rule_shape", f"Condition {number} needs a field and one operator.")
    field = str(condition["field"])
    is_event = field.startswith(EVENT) and with_behaviour
    if len(condition) != 2 + is_event or ("days" in condition) != is_event:
        needs = "a field, days and one operator" if is_event else "a field and one operator"
        raise RefusedError("rule_shape", f"Condition {number} needs {needs}.")
    if is_event and not _is_days(condition["days"]):
        raise RefusedError("rule_days", f"Condition {number}: days go from 1 to {LONGEST_DAYS}.")
    behaves = with_behaviour and is_behaviour(condition)
    if not behaves and field not in FIELDS and not field.startswith("trait:"):
        known = ", ".join((*FIELDS, *(NUMBERS if with_behaviour else ())))
        raise RefusedError(
            "rule_field", f"Condition {number}: {field!r} is none of {known}, trait:"
        )
    _check_operator(number, condition, ("at_least", "at_most") if behaves else tuple(OPERATORS))


def _check_operator(number: int, condition: Condition, allowed: Sequence[str]) -> None:
    operator = operator_of(condition)
    if operator not in allowed:
        known = ", ".join(allowed)
        raise RefusedError("rule_operator", f"Condition {number}: {operator!r} is none of {known}")
    value = condition[operator]
    fits = {"is": list, "is_not": list, "known": bool}.get(operator, (int, float))
    if not isinstance(value, fits):
        raise RefusedError("rule_value", f"Condition {number}: {value!r} does not fit {operator}.")


def _is_days(days: Any) -> bool:
    return isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= LONGEST_DAYS


def _holds(facts: Facts, condition: Condition) -> bool:
    operator = operator_of(condition)
    return OPERATORS[operator](facts.get(fact_name(condition)), condition[operator])
