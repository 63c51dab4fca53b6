"""Comments of a table read into columns: one per theme, and language, sentiment, triage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import ibis
import pyarrow as pa

from emptychair.analysis.checks import check_columns
from emptychair.analysis.comments.reading import CommentReading, read_comment
from emptychair.analysis.comments.taxonomy import Taxonomy, shipped_taxonomy
from emptychair.analysis.tables.engine import put

if TYPE_CHECKING:
    import ibis.expr.types as ir

THEME_PREFIX: Final = "theme_"
LANGUAGE: Final = "comment_language"
SENTIMENT: Final = "comment_sentiment"
TRIAGE: Final = "comment_triage"

_KEY = "comment_key"


def with_themes(responses: ir.Table, taxonomy: Taxonomy | None = None) -> ir.Table:
    """Return responses with what their comments tell, one column per theme.

    `theme_<key>` is 1 where the comment mentions the theme, 0 where it does not, and null where
    there is no comment or one that tells nothing (emoji, "-", "no comment"). Besides these
    `comment_language`, `comment_sentiment` and `comment_triage`; null without a comment. Columns
    of these names that were there are replaced. Different comments are read once each.

    Args:
        responses: one row per response, with `comment` and, if known, the survey's `language`.
        taxonomy: the themes looked for; the shipped ones by default.

    Raises:
        ColumnNotFoundError: there is no column `comment`.

    Examples:
        >>> table = ibis.memtable({"score": [3], "comment": ["Alldeles för dyrt"]})
        >>> with_themes(table).theme_price.to_pyarrow().to_pylist()
        [1]
    """
    check_columns(responses, ["comment"])
    chosen = taxonomy or shipped_taxonomy()
    made = [*(THEME_PREFIX + key for key in chosen.keys), LANGUAGE, SENTIMENT, TRIAGE]
    kept = responses.drop(*[name for name in made if name in responses.columns])
    language = kept["language"].cast("string") if "language" in kept.columns else ibis.literal("")
    comment = kept["comment"].cast("string")
    digest = (language.fill_null("") + "|" + comment.fill_null("")).hexdigest("md5")
    keyed = kept.mutate(**{_KEY: digest})
    there = kept.filter(comment.notnull())
    different = there.select(
        key=digest, comment=comment, language=language.fill_null("")
    ).distinct()
    read = put(responses.get_backend(), _read(different.to_pyarrow().to_pylist(), chosen))
    return keyed.left_join(read, _KEY).drop(_KEY, f"{_KEY}_right")


def theme_columns(table: ir.Table) -> list[str]:
    """Return the columns of a table that tell of themes, in order."""
    return [name for name in table.columns if name.startswith(THEME_PREFIX)]


def _read(rows: Iterable[dict[str, Any]], taxonomy: Taxonomy) -> pa.Table:
    keys: list[str] = []
    readings: list[CommentReading] = []
    for row in rows:
        reading = read_comment(row["comment"], language=row["language"], taxonomy=taxonomy)
        if reading.why_unusable != "empty":
            keys.append(row["key"])
            readings.append(reading)
    columns: dict[str, pa.Array] = {_KEY: pa.array(keys, pa.string())}
    for key in taxonomy.keys:
        mentions = [None if one.why_unusable else int(key in one.themes) for one in readings]
        columns[THEME_PREFIX + key] = pa.array(mentions, pa.int8())
    for name, attribute in ((LANGUAGE, "language"), (SENTIMENT, "sentiment"), (TRIAGE, "triage")):
        columns[name] = pa.array([getattr(one, attribute) for one in readings], pa.string())
    return pa.table(columns)
