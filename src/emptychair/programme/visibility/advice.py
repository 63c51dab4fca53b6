"""What a grade means, why it is no better, and what to do: in plain words."""

from django.utils.translation import gettext as _

from emptychair.analysis.show.words import Words


def grade_meaning(grade: str) -> str:
    """Return in one sentence how far a figure of this grade may be trusted."""
    return {
        "A": _("The picture may be trusted, in detail too."),
        "B": _("The picture may be trusted; small differences may be chance."),
        "C": _("The direction may be trusted, the exact level may not."),
        "D": _("A hint, no more: do not decide on it alone."),
        "E": _("This says hardly anything about the customers as a whole."),
    }[grade]


def advice_of(code: str, value: float | None, words: Words) -> tuple[str, str]:
    """Return one reason in words and what to do about it.

    Args:
        code: of the reason, as the library gives it.
        value: the number behind it; None if it is not known.
        words: the reader's language.
    """
    text, advice = _ADVICE[code]()
    shown = _shown(code, value, words)
    return (text % {"value": shown} if shown else text), advice


def _shown(code: str, value: float | None, words: Words) -> str:
    if value is None:
        return ""
    if code in ("low_response_rate", "low_coverage"):
        return words.share(value)
    if code in ("uneven_response", "large_design_effect"):
        return words.number(value, 2)
    return words.number(value, 0 if code == "too_few_answers" else 1)


_ADVICE = {
    "too_few_answers": lambda: (
        _("Only %(value)s customers have answered."),
        _("Ask more customers, or choose a longer period."),
    ),
    "wide_interval": lambda: (
        _("The interval is ±%(value)s points wide."),
        _("Collect the answers still needed; begin with the segments that lack most."),
    ),
    "low_response_rate": lambda: (
        _("Only %(value)s of the delivered invitations were answered."),
        _("Shorten the time from the event to the question, and try another channel or hour."),
    ),
    "low_coverage": lambda: (
        _("Only %(value)s of the customers may be contacted at all."),
        _("Collect addresses and consent where customers meet you, or ask on the spot."),
    ),
    "uneven_response": lambda: (
        _("Some kinds of customers answer much more often than others (R-indicator %(value)s)."),
        _("Ask those who answer least by another channel; see the segments below."),
    ),
    "large_correction": lambda: (
        _("Weighting to the customer base moves the figure by %(value)s points."),
        _("Read the weighted figure, and ask more in the segments that answer least."),
    ),
    "large_design_effect": lambda: (
        _("The weights make the interval wider (design effect %(value)s)."),
        _("Ask more where few answer, so that no answer has to stand for very many."),
    ),
    "invitations_unknown": lambda: (
        _("Nobody knows how many were asked."),
        _("Send the question from here, or import the invitations with the answers."),
    ),
    "reach_unknown": lambda: (
        _("Nobody knows how many customers can be reached."),
        _("Import the customer base with who may be contacted."),
    ),
    "traits_unknown": lambda: (
        _("Nothing is known of the customers that could tell who is missing."),
        _("Import segments, country or how long they have been customers."),
    ),
    "cells_without_answers": lambda: (
        _("From some kinds of customers there is no answer at all, so nobody can stand for them."),
        _("Ask customers of those kinds first."),
    ),
}
