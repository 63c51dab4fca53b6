"""Hash groups: every customer falls into one of G groups, the same on every engine."""

from __future__ import annotations

import hashlib
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

GROUPS = 50

_DIGITS = 5  # of the MD5 in hexadecimal: 0 to 1,048,575, even over 50 groups to 1 in 20,000
_HEXADECIMAL = "0123456789abcdef"


def hash_group(customer: ir.Value, groups: int = GROUPS) -> ir.IntegerValue:
    """Return the expression of the hash group of `customer`, from 0 to `groups` - 1.

    Built of MD5, because an engine's own hash differs from the next engine's. DuckDB reads its
    first digits as a number at once; where that is not known (Spark) they are looked up one by
    one. `hash_group_of` gives the same number in Python.

    Args:
        customer: column with the customer's id; anything but text is read as text.
        groups: number of groups.

    Returns:
        A whole number; null where `customer` is null.
    """
    text = customer if customer.type().is_string() else customer.cast("string")
    digest = text.hexdigest("md5")
    digits = [
        ibis.literal(_HEXADECIMAL).find(digest.substr(place, 1)) * 16 ** (_DIGITS - 1 - place)
        for place in range(_DIGITS)
    ]
    at_once = (ibis.literal("0x") + digest.substr(0, _DIGITS)).try_cast("int64")
    return at_once.fill_null(reduce(add, digits)) % groups


def hash_group_of(customer: str, groups: int = GROUPS) -> int:
    """Return the hash group of one customer's id.

    Examples:
        >>> hash_group_of("a"), hash_group_of("b")
        (47, 31)
    """
    digest = hashlib.md5(customer.encode(), usedforsecurity=False).hexdigest()
    return int(digest[:_DIGITS], 16) % groups
