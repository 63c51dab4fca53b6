"""What keywords would find in the newest comments, before they are saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from emptychair.analysis.comments.keywords import Keywords
from emptychair.analysis.comments.masking import masked
from emptychair.analysis.comments.text import cleaned, words_of
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.queries import responses_behind
from emptychair.programme.comments.queries import reading_of, with_readings
from emptychair.programme.listening import naming

LOOKED_AT: Final = 2_000  # comments
_EXAMPLES = 5


@dataclass(frozen=True)
class Trial:
    """What keywords find among the newest comments.

    Attributes:
        looked_at: comments that were looked at.
        n: those that mention the theme.
        gained: of them, those that do not yet.
        lost: those that do now and would not.
        by_language: name of the language and number.
        examples: comments that are found, new ones first, masked.
    """

    looked_at: int
    n: int
    gained: int
    lost: int
    by_language: tuple[tuple[str, int], ...]
    examples: tuple[str, ...]


def tried(keywords: Mapping[str, Sequence[str]], key: str, scope: Scope) -> Trial:
    """Return what keywords would find.

    Args:
        keywords: by language.
        key: the theme they are for, blank for a new one.
        scope: what the reader may see.
    """
    ready = {code: Keywords({"x": found}) for code, found in keywords.items()}
    rows = list(with_readings(responses_behind(scope), {})[:LOOKED_AT])
    counts: dict[str, int] = {}
    new: list[str] = []
    old: list[str] = []
    lost = 0
    for response in rows:
        reading = reading_of(response)
        had = bool(key) and f"|{key}|" in reading.themes
        finder = ready.get(reading.language)
        words = words_of(cleaned(response.comment)).words
        has = finder is not None and not reading.why_unusable and bool(finder.find(words))
        lost += had and not has
        if has:
            counts[reading.language] = counts.get(reading.language, 0) + 1
            (old if had else new).append(response.comment)
    labels = naming.mask_labels()
    return Trial(
        looked_at=len(rows),
        n=len(new) + len(old),
        gained=len(new),
        lost=lost,
        by_language=tuple(
            (naming.language_name(code), n)
            for code, n in sorted(counts.items(), key=lambda item: -item[1])
        ),
        examples=tuple(masked(cleaned(one), labels) for one in [*new, *old][:_EXAMPLES]),  # type: ignore[arg-type]
    )
