"""Watches the statements a piece of work sends, and has PostgreSQL explain each as it comes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

BIG = 100_000  # rows of a table that nothing may read from end to end
SLOW_MS = 50.0
MANY_READ = 1_000  # rows; below, it does not matter how many of them are used
TIMES_READ = 100  # rows read for one that is used
AGAIN_BELOW_MS = 10_000.0  # slower than this, a statement is explained once, not twice
_EXPLAINED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_ABOVE_COUNTS = (
    "Aggregate",
    "Sort",
    "Incremental Sort",
    "Limit",
    "Gather",
    "Gather Merge",
    "Result",
)
_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "


@dataclass(frozen=True)
class Plan:
    """How one statement was carried out.

    Attributes:
        purpose: what it was sent for.
        statement: as it was sent, without its values.
        ms: planning and carrying out, triggers included, with its pages in memory if they fit.
        read: rows that scans and index look-ups brought up.
        given: rows that came out, or were written.
        blocks: pages touched, of 8 kB.
        indexes: those used.
        sequential: big tables that were read from end to end.
        triggers_ms: of it, in triggers: foreign keys among them.
        jit_ms: of it, compiling.
    """

    purpose: str
    statement: str
    ms: float
    read: int
    given: int
    blocks: int
    indexes: tuple[str, ...]
    sequential: tuple[str, ...]
    triggers_ms: float
    jit_ms: float
    tree: Mapping[str, Any] = field(repr=False)

    @property
    def verdict(self) -> str:
        """What is wrong with it; nothing if nothing is."""
        found = []
        if self.sequential:
            found.append("reads all of " + ", ".join(self.sequential))
        if self.read > MANY_READ and self.read > TIMES_READ * max(1, self.given):
            found.append(f"reads {self.read / max(1, self.given):,.0f} rows for one")
        if self.ms > SLOW_MS:
            found.append("slow")
        return "; ".join(found)


class Watch:
    """Collects the plans of everything that is sent while it watches."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self._big = _big_tables()
        self._seen: set[tuple[str, str]] = set()
        self._is_explaining = False
        self._purpose = ""

    @contextmanager
    def of(self, purpose: str) -> Iterator[None]:
        """Watch what is sent for a purpose; nothing of it stays in the database."""
        self._purpose = purpose
        with transaction.atomic():
            with connection.execute_wrapper(self._around):
                yield
            transaction.set_rollback(True)

    def _around(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_empty = many and not params
        if not self._is_explaining and not is_empty and _EXPLAINED.match(sql):
            shape = re.sub(r"(%s(::\w+)?, ?)+%s", "%s ..", sql)
            if (self._purpose, shape) not in self._seen:
                self._seen.add((self._purpose, shape))
                is_cursor = bool(getattr(context["cursor"].cursor, "name", ""))
                self._explain(sql, shape, params[0] if many else params, is_cursor=is_cursor)
        return execute(sql, params, many, context)

    def _explain(self, sql: str, shape: str, params: Any, *, is_cursor: bool) -> None:
        self._is_explaining = True
        # What is read through a cursor is planned for its first rows.
        text = _EXPLAIN + ("DECLARE explained NO SCROLL CURSOR FOR " if is_cursor else "") + sql
        try:
            told = _carried_out(text, params)
            if told["Execution Time"] < AGAIN_BELOW_MS:
                again = _carried_out(text, params)
                told = min(told, again, key=lambda one: one["Execution Time"])
        finally:
            self._is_explaining = False
        self.plans.append(plan_of(self._purpose, shape, told, self._big))


def _carried_out(text: str, params: Sequence[Any]) -> Mapping[str, Any]:
    """Carry a statement out, take back what it did, and return what PostgreSQL tells of it."""
    with connection.cursor() as cursor:
        point = transaction.savepoint()
        cursor.execute(text, params)
        (told,) = cursor.fetchone()
        transaction.savepoint_rollback(point)
    return (json.loads(told) if isinstance(told, str) else told)[0]


def plan_of(purpose: str, shape: str, told: Mapping[str, Any], big: Mapping[str, int]) -> Plan:
    """Return what PostgreSQL told of a statement; `big` has the rows of big tables."""
    tree = told["Plan"]
    nodes = list(_nodes(tree))
    scans = [node for node in nodes if "Scan" in node["Node Type"] and "Relation Name" in node]
    jit = told.get("JIT", {}).get("Timing", {})
    return Plan(
        purpose,
        re.sub(r"\s+", " ", shape).strip(),
        told["Planning Time"] + told["Execution Time"],
        round(sum(_read(node) for node in scans)),
        _given(tree),
        tree.get("Shared Hit Blocks", 0) + tree.get("Shared Read Blocks", 0),
        tuple(dict.fromkeys(node["Index Name"] for node in nodes if "Index Name" in node)),
        tuple(
            dict.fromkeys(
                node["Relation Name"]
                for node in scans
                if node["Node Type"] == "Seq Scan"
                and node["Relation Name"] in big
                and _read(node) > big[node["Relation Name"]] / 10  # a LIMIT may end it early
            )
        ),
        sum(trigger["Time"] for trigger in told.get("Triggers", ())),
        jit.get("Total", 0.0),
        tree,
    )


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _read(node: Mapping[str, Any]) -> float:
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return node["Actual Loops"] * (node["Actual Rows"] + sum(node.get(name, 0) for name in removed))


def _given(tree: Mapping[str, Any]) -> int:
    """Return the rows that came out of a statement, or that it wrote."""
    if tree["Node Type"] == "ModifyTable":
        return round(sum(child["Actual Rows"] * child["Actual Loops"] for child in tree["Plans"]))
    node, counted = tree, None
    while node["Node Type"] in _ABOVE_COUNTS and len(node.get("Plans", ())) == 1:
        (below,) = node["Plans"]
        if node["Node Type"] == "Aggregate":
            counted = below
        node = below
    # What is counted is used: a sum over a thousand rows gives all of them.
    return round(_fed(counted or tree))


def _fed(node: Mapping[str, Any]) -> float:
    return node["Actual Rows"] * node["Actual Loops"]


def _big_tables() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND reltuples > %s"
            " AND relnamespace = 'public'::regnamespace",
            [BIG],
        )
        return dict(cursor.fetchall())
