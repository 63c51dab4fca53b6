"""Read one comment: its languages, themes, tone, and what is to be done with it."""

from __future__ import annotations

from dataclasses import dataclass

from emptychair.analysis.comments.language import languages_in
from emptychair.analysis.comments.taxonomy import Taxonomy, shipped_taxonomy
from emptychair.analysis.comments.text import MOST_READ, cleaned, words_of
from emptychair.analysis.comments.tone import Sentiment, tone_of
from emptychair.analysis.comments.triage import Triage, Why, request_in, triage_of, why_unusable


@dataclass(frozen=True)
class CommentReading:
    """What was read from one comment.

    Attributes:
        language: the main language, None where there are no words.
        languages: all its languages, the main one first.
        themes: keys of the themes it mentions.
        sentiment: positive, negative, mixed or neutral.
        triage: answer, suggestion, praise, remark or unusable.
        why_unusable: empty, no_words (emoji and signs only), no_opinion or no_sense; else "".
        is_cut: whether only its beginning was read.
    """

    language: str | None
    languages: tuple[str, ...]
    themes: tuple[str, ...]
    sentiment: Sentiment
    triage: Triage
    why_unusable: Why
    is_cut: bool


def read_comment(
    comment: str | None, *, language: str | None = None, taxonomy: Taxonomy | None = None
) -> CommentReading:
    """Return what a comment is about and how it sounds.

    Anything may come in: nothing, emoji, markup, another language than the survey's, a novel.

    Args:
        comment: the customer's own words.
        language: the survey's language, if known.
        taxonomy: the themes looked for; the shipped ones by default.

    Examples:
        >>> found = read_comment("Trevlig personal men alldeles för lång kö")
        >>> found.language, found.themes, found.sentiment, found.triage
        ('sv', ('waiting', 'friendliness'), 'mixed', 'remark')
        >>> read_comment("👍").why_unusable
        'no_words'
    """
    text = cleaned(comment)
    words = words_of(text)
    languages = languages_in(text, language)
    why = why_unusable(text, words)
    request = request_in(text, words, languages)
    tone = tone_of(text, words, languages, asks=bool(request)).sentiment
    themes = () if why else (taxonomy or shipped_taxonomy()).find(words.words, languages)
    return CommentReading(
        language=languages[0] if languages else None,
        languages=languages,
        themes=themes,
        sentiment=tone,
        triage=triage_of(request, tone, why),
        why_unusable=why,
        is_cut=len(comment or "") > MOST_READ,
    )
