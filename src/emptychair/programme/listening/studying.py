"""Compute what themes go along with; the worker does it when comments or themes have changed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis.expr.types as ir
from django.conf import settings
from django.db import transaction

from emptychair.analysis.comments.columns import THEME_PREFIX
from emptychair.analysis.comments.discover import discover
from emptychair.analysis.comments.meaning import comments_without_theme, groups_of_meaning
from emptychair.analysis.comments.quotes import quotes
from emptychair.analysis.comments.themes import ThemeEffect, themes
from emptychair.analysis.delivery.disclosure import suppressed_cells
from emptychair.analysis.errors import AnalysisError
from emptychair.analysis.sums.counts import Group
from emptychair.programme.comments.queries import progress, theme_states, version_in_force
from emptychair.programme.comments.vectors import vectors_of, vectors_version
from emptychair.programme.insight.figures import digest_of, library_version
from emptychair.programme.lib.clock import now, today
from emptychair.programme.listening.models import ThemeStudy
from emptychair.programme.relations.studying import key_segments, plain
from emptychair.programme.warehouse import layer, tables

PAUSE: Final = timedelta(minutes=30)  # between two computations while answers come in
DAYS: Final = {ThemeStudy.Period.QUARTER: 90, ThemeStudy.Period.YEAR: 365}
MOST_UNITS: Final = 200
PERIODS = tuple(ThemeStudy.Period)
_Period = ThemeStudy.Period
_Among = ThemeStudy.Among


@dataclass(frozen=True)
class _Cell:
    """One cell as it is stored."""

    effects: list[Any]
    n: int
    is_withheld: bool = False
    why_empty: str = ""
    discoveries: tuple[Any, ...] = ()
    meanings: tuple[Any, ...] = ()


def refresh_theme_studies() -> None:
    """Make all studies anew, unless nothing has changed or the last ones are fresh enough."""
    version = _version()
    if layer.version() == "-1" or progress() is not None:
        return
    newest = ThemeStudy.objects.order_by("-computed_at").first()
    if newest is not None:
        # Another model or other themes are not waited for.
        same_themes = newest.data_version.rsplit(".", 2)[1:] == version.rsplit(".", 2)[1:]
        same_day = newest.ends_on == today()
        if newest.data_version == version and same_day:
            return
        if same_themes and same_day and newest.computed_at > now() - PAUSE:
            return
    for period in PERIODS:
        _refresh(period, version)


def _version() -> str:
    """Return what changes with the answers, the model of vectors, and last the themes."""
    vectors = vectors_version()
    mark = digest_of({"model": vectors})[:8] if vectors else "words"
    return f"{layer.version()}.{mark}.{version_in_force()}"


def _refresh(period: ThemeStudy.Period, version: str) -> None:
    days = DAYS.get(period)
    starts_on = today() - timedelta(days - 1) if days else None
    table = chosen(starts_on)
    cells: dict[tuple[str, str], _Cell] = {(_Among.ALL, ""): _everybody(table)}
    for segment in key_segments():
        cells[_Among.SEGMENT, segment] = _of_segment(table, segment)
    for unit, cell in _by_unit(table).items():
        cells[_Among.UNIT, unit] = cell
    with transaction.atomic():
        ThemeStudy.objects.filter(period=period).delete()
        ThemeStudy.objects.bulk_create(
            _study(period, among, value, cell, starts_on, version)
            for (among, value), cell in cells.items()
        )


def _study(
    period: str, among: str, value: str, cell: _Cell, starts_on: date | None, version: str
) -> ThemeStudy:
    inputs = {"period": period, "among": among, "value": value, "version": version}
    return ThemeStudy(
        period=period,
        among=among,
        value=value,
        starts_on=starts_on,
        ends_on=today(),
        effects=cell.effects,
        discoveries=list(cell.discoveries),
        meanings=list(cell.meanings),
        n=cell.n,
        is_withheld=cell.is_withheld,
        why_empty=cell.why_empty,
        data_version=version,
        inputs_digest=digest_of({**inputs, "effects": cell.effects}),
        library_version=library_version(),
        computed_at=now(),
    )


def chosen(starts_on: date | None) -> ir.Table:
    """Return the answers of a period with the columns of the active themes."""
    table = tables.responses()
    gone = [
        f"{THEME_PREFIX}{key}"
        for key, is_active in theme_states().items()
        if not is_active and f"{THEME_PREFIX}{key}" in table.columns
    ]
    table = table.drop(*gone)
    if starts_on is not None:
        table = table.filter(table["answered_on"].between(starts_on, today()))
    return table


def _everybody(table: ir.Table) -> _Cell:
    try:
        found = themes(table)
        told = quotes(table)
        discovered = discover(table)
    except AnalysisError as error:
        return _Cell([], 0, why_empty=str(error)[:300])
    shown = tuple(plain(asdict(one)) for one in discovered if one.n >= settings.MINIMUM_CELL)
    return _Cell(
        _shown(found, told), _commented(found), discoveries=shown, meanings=_meanings(table)
    )


def _meanings(table: ir.Table) -> tuple[Any, ...]:
    """Return groups of comments without a theme that mean the same, where these have vectors."""
    if not vectors_version():
        return ()
    rows = comments_without_theme(table)
    vectors = vectors_of([row["response_id"] for row in rows])
    with_vector = [row for row in rows if row["response_id"] in vectors]
    found = groups_of_meaning(with_vector, [vectors[row["response_id"]] for row in with_vector])
    return tuple(plain(asdict(one)) for one in found if one.n >= settings.MINIMUM_CELL)


def _of_segment(table: ir.Table, segment: str) -> _Cell:
    customers = tables.table("customers")
    members = customers.filter(customers[f"segment_{segment}"]).select("customer_id")
    mine = table.semi_join(members, "customer_id")
    try:
        found = themes(mine)
    except AnalysisError as error:
        return _Cell([], 0, why_empty=str(error)[:300])
    n = _commented(found)
    if n < settings.MINIMUM_CELL:
        return _Cell([], n, is_withheld=True)
    return _Cell(_shown(found, quotes(mine)), n)


def _by_unit(table: ir.Table) -> dict[str, _Cell]:
    """Return the cells of units; where one is withheld, so is the next smallest."""
    known = table.filter(table["unit"].notnull())
    try:
        found = themes(known, by=["unit"])
    except AnalysisError:
        return {}
    told = quotes(known, by=["unit"])
    groups: dict[Group, list[ThemeEffect]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one)
    people = {group: _commented(effects) for group, effects in groups.items()}
    withheld = suppressed_cells(people, settings.MINIMUM_CELL)
    cells = {}
    for group, effects in list(groups.items())[:MOST_UNITS]:
        if group in withheld:
            cells[str(group[0])] = _Cell([], people[group], is_withheld=True)
        else:
            cells[str(group[0])] = _Cell(_shown(effects, told), people[group])
    return cells


def _commented(effects: Sequence[ThemeEffect]) -> int:
    """Return how many comments tell something: mentions over their share."""
    largest = max(effects, key=lambda one: one.n)
    return round(largest.n / largest.share) if largest.n and math.isfinite(largest.share) else 0


def _shown(effects: Sequence[ThemeEffect], told: Mapping[Any, Any]) -> list[Any]:
    """Return effects as JSON, figures and quotes of few people withheld."""
    rows = []
    for one in effects:
        if not one.n:
            continue
        row = {**plain(one), "verdict": one.verdict, "is_withheld": False, "quotes": []}
        if one.n < settings.MINIMUM_CELL:
            kept = {name: row[name] for name in ("theme", "n")}
            row = {**dict.fromkeys(row), **kept, "n": 0, "is_withheld": True, "quotes": []}
        else:
            row["quotes"] = plain([asdict(q) for q in told.get((one.group, one.theme), ())])
        rows.append(row)
    return rows
