"""JSON read strictly: UTF-8, unique keys, no NaN, no endless depth; or not at all."""

import json
from typing import Any


def read(body: bytes) -> Any:
    """Return what `body` says.

    Raises:
        ValueError: it is not JSON as the standard has it, or a key came twice in an object.
    """
    try:
        return _DECODER.decode(body.decode())
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key came twice")
    return dict(pairs)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)
