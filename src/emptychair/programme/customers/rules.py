"""Segment rules: a list of conditions over a customer's facts, all of which must hold.

A condition is `{"field": F, OPERATOR: value}`. `F` is `country`, `language`, `unit`, `account` or
`trait:<name>`; an operator is `is` or `is_not` (a list of allowed values), `at_least` or `at_most`
(a number), or `known` (true or false).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emptychair.programme.lib.errors import RefusedError

Facts = Mapping[str, Any]
Condition = Mapping[str, Any]


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


def meets(facts: Facts, rule: Sequence[Condition]) -> bool:
    """Say whether a customer with `facts` meets every condition of `rule`."""
    return all(_holds(facts, condition) for condition in rule)


def check_rule(rule: Any) -> None:
    """Check a rule before it is stored.

    Raises:
        RefusedError: it is not a list of conditions, or one has an unknown field or operator.
    """
    if not isinstance(rule, list):
        raise RefusedError("rule_shape", "A segment's rule is a list of conditions.")
    for number, condition in enumerate(rule, start=1):
        _check_condition(number, condition)


def _check_condition(number: int, condition: Any) -> None:
    if not isinstance(condition, dict) or len(condition) != 2 or "field" not in condition:
        raise RefusedError("rule_shape", f"Condition {number} needs a field and one operator.")
    field, operator = condition["field"], next(key for key in condition if key != "field")
    if field not in FIELDS and not str(field).startswith("trait:"):
        known = ", ".join(FIELDS)
        raise RefusedError(
            "rule_field", f"Condition {number}: {field!r} is none of {known}, trait:"
        )
    if operator not in OPERATORS:
        known = ", ".join(OPERATORS)
        raise RefusedError("rule_operator", f"Condition {number}: {operator!r} is none of {known}")
    value = condition[operator]
    fits = {"is": list, "is_not": list, "known": bool}.get(operator, (int, float))
    if not isinstance(value, fits):
        raise RefusedError("rule_value", f"Condition {number}: {value!r} does not fit {operator}.")


def _holds(facts: Facts, condition: Condition) -> bool:
    operator = next(key for key in condition if key != "field")
    return OPERATORS[operator](facts.get(condition["field"]), condition[operator])
