"""Themes for the Delivery page, from the study that covers what it shows."""

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.listening.models import ThemeStudy
from emptychair.programme.visibility.selection import Selection
from emptychair.programme.visibility.themes import ThemeFigure


def theme_figures(selection: Selection, scope: Scope) -> tuple[ThemeFigure, ...]:
    """Return the themes of a selection, the most mentioned first; of few people none.

    Counts and directions are told where a study covers the selection; elsewhere the themes of
    everybody's year stand there by name, if the reader sees everybody.
    """
    cell = _cell(selection, scope)
    if cell is not None:
        study = ThemeStudy.objects.filter(
            period=selection.preset, among=cell[0], value=cell[1]
        ).first()
        if study is not None:
            return () if study.is_withheld else _figures(study, is_covered=True)
    if scope.units is not None:
        return ()
    usual = ThemeStudy.objects.filter(period=ThemeStudy.Period.YEAR, among=ThemeStudy.Among.ALL)
    found = usual.first()
    return () if found is None else _figures(found, is_covered=False)


def _cell(selection: Selection, scope: Scope) -> tuple[str, str] | None:
    """Return which cell of the studies holds exactly the answers of a selection."""
    narrowed = {
        **selection.filters,
        **({"segment": selection.segment} if selection.segment else {}),
    }
    if scope.units is not None:
        if len(scope.units) == 1:
            narrowed.setdefault("unit", min(scope.units))
        if narrowed.get("unit") not in scope.units:
            return None
    if not narrowed:
        return ThemeStudy.Among.ALL, ""
    (name, value), *more = narrowed.items()
    if more or name not in (ThemeStudy.Among.SEGMENT, ThemeStudy.Among.UNIT):
        return None
    return name, value


def _figures(study: ThemeStudy, *, is_covered: bool) -> tuple[ThemeFigure, ...]:
    told = [one for one in study.effects if not one["is_withheld"]]
    told.sort(key=lambda one: (-one["n"], one["theme"]))
    if not is_covered:
        return tuple(ThemeFigure(one["theme"]) for one in told)
    return tuple(
        ThemeFigure(
            one["theme"],
            one["n"],
            one["verdict"] if one["impact_points"] is not None else "unclear",
        )
        for one in told
    )
