"""The chart of the base: all customers by bucket, in count and in money, the silent apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emptychair.analysis.show.charts import LINK, Chart
from emptychair.analysis.show.words import Words

Format = Callable[[float], str]
BUCKETS: Final = ("detractor", "passive", "promoter")
_NARROWEST_LABEL: Final = 0.06  # a part narrower than this has no room for its share


@dataclass(frozen=True)
class BasePart:
    """The customers in one state: how many, and what they brought."""

    state: str
    name: str
    customers: int
    money: float


def base_chart(
    parts: Sequence[BasePart], words: Words, money: Format, links: Sequence[str] = ()
) -> Chart:
    """Return the base by bucket, in customers and in money; the silent apart.

    Args:
        parts: the three buckets, then the kinds of silence.
        words: the language.
        money: how an amount is written.
        links: address of the customers of each part.
    """
    people = sum(part.customers for part in parts)
    whole = sum(part.money for part in parts)
    measures: list[tuple[str, list[float], list[str]]] = [
        (
            words("customers"),
            [part.customers / people if people else 0.0 for part in parts],
            [words.number(part.customers) for part in parts],
        )
    ]
    if whole:
        shares = [part.money / whole for part in parts]
        measures.append((words("revenue"), shares, [money(part.money) for part in parts]))
    values = [
        value
        for name, shares, amounts in measures
        for value in _stacked(name, parts, shares, amounts, words, links)
    ]
    rows = [
        (
            part.name,
            part.customers,
            part.customers / people if people else 0.0,
            part.money,
            part.money / whole if whole else 0.0,
        )
        for part in parts
    ]
    said = "; ".join(
        f"{part.name}: {words.number(part.customers)} ({words.share(row[2])})"
        for part, row in zip(parts, rows, strict=True)
    )
    share = words("share")
    return Chart(
        name="base",
        title=words("chart_base"),
        sentence=said,
        caption=words("chart_base_caption"),
        header=(words("group"), words("customers"), share, words("revenue"), share),
        kinds=("text", "count", "share", "number", "share"),
        rows=tuple(rows),
        links=tuple(links),
        draw=lambda width: _marks().base_bars(values, width),
    )


def _stacked(
    measure: str,
    parts: Sequence[BasePart],
    shares: Sequence[float],
    amounts: Sequence[str],
    words: Words,
    links: Sequence[str],
) -> list[dict[str, Any]]:
    values, start = [], 0.0
    for i, (part, share, amount) in enumerate(zip(parts, shares, amounts, strict=True)):
        stop = start + share
        values.append(
            {
                "measure": measure,
                "colour": part.state if part.state in BUCKETS else "silent",
                "start": start,
                "stop": stop,
                "middle": (start + stop) / 2,
                "label": words.share(share) if share >= _NARROWEST_LABEL else "",
                "tip": f"{measure}, {part.name}: {amount} ({words.share(share)})",
                **({"link": f"{LINK}{i}"} if i < len(links) and links[i] else {}),
            }
        )
        start = stop
    return values


def _marks() -> Any:
    from emptychair.analysis.show import marks_relations  # Altair takes a while to import

    return marks_relations
