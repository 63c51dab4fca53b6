"""The reference of the tables that files, warehouse, analysis and exports share."""

from collections.abc import Iterator

from emptychair.analysis.tables.schema import TABLES


def lines() -> Iterator[str]:
    """Yield docs/reference/tables.md line by line."""
    yield "# Tables\n"
    yield "Made by `./run documents`. Files, warehouse, analysis and exports use the same columns."
    yield "Times are UTC; `_on` is a local date; shares are 0 to 1; ids are text; money is in the"
    yield "installation's currency. A column that is missing is not used; one that is there is"
    yield "checked. Responses also have `rating_<driver>` (1 to 5, null is not rated),"
    yield "`attr_<name>` (traits as they were at answer time), `theme_<key>` (int8: 1 the comment"
    yield "mentions the theme, 0 it does not, null is no comment or one that tells nothing),"
    yield "`comment_language`, `comment_sentiment` and `comment_triage`; customers `segment_<name>`"
    yield "and `attr_<name>` (as they are now).\n"
    for name, columns in TABLES.items():
        yield f"## {name}\n"
        yield "| column | type | |"
        yield "|---|---|---|"
        for column in columns:
            yield f"| {column.name} | {column.type} | {'required' if column.required else ''} |"
        yield ""
