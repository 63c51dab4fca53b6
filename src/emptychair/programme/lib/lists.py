"""The one list component: columns in, a page of rows out, with sorting, paging and export.

A view describes its columns once; `list_page` reads the order and page from the address and
`export` writes the same rows as CSV or Excel. See `lib/templates/README.md`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase

from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.spreadsheets import Cell, csv_lines, xlsx_bytes

Kind = Literal["text", "long", "number", "moment", "day", "score", "tick"]
PAGE_SIZE = 50
COUNTED_UP_TO = 10_000  # beyond it the exact number costs more than it tells
MOST_IN_EXCEL = 1_000_000


@dataclass(frozen=True)
class Column:
    """One column of a list.

    Attributes:
        name: stable, for the address and the export's header.
        label: what the reader sees.
        value: the cell of a row.
        sort: field or annotation to order by; empty if the list cannot be ordered by it.
        kind: how the cell is shown; a `tick` is a box of the form around the list, whose value is
            the cell, and stands in no export.
        url: where the cell leads; None leads nowhere.
        empty_last: rows without a value come last in either direction.
    """

    name: str
    label: object
    value: Callable[[Any], Cell]
    sort: str = ""
    kind: Kind = "text"
    url: Callable[[Any], str] | None = None
    empty_last: bool = False


@dataclass(frozen=True)
class Heading:
    """A column's head: `direction` is ascending, descending or empty; `url` orders by it."""

    label: object
    kind: Kind
    url: str
    direction: str


@dataclass(frozen=True)
class ShownCell:
    """A cell as the template shows it."""

    value: Cell | date
    kind: Kind
    url: str


@dataclass(frozen=True)
class ListPage:
    """One page of a list, ready for `components/list.html`."""

    headings: tuple[Heading, ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    first: int
    last: int
    total: int
    total_is_exact: bool
    previous_url: str
    next_url: str
    csv_url: str
    xlsx_url: str


def list_page(
    query: QueryDict, rows: QuerySet[Any], columns: Sequence[Column], *, may_export: bool = False
) -> ListPage:
    """Return the page of `rows` that `query` asks for by `sort` and `page`.

    An unknown column or page falls back to the first: an old bookmark is no error.
    """
    ordered = in_order(query, rows, columns)
    page = _page_number(query)
    start = (page - 1) * PAGE_SIZE
    found = list(ordered[start : start + PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    # Counted in the list's own order, the rows of the page are the first: without it PostgreSQL
    # may begin at the oldest, which a list of late things does not want. Any other order is dear.
    counted = rows if ordered is rows else ordered.order_by()
    total = counted[: COUNTED_UP_TO + 1].count()
    return ListPage(
        headings=tuple(_heading(query, column) for column in columns),
        rows=tuple(tuple(_cell(column, row) for column in columns) for row in shown),
        first=start + 1 if shown else 0,
        last=start + len(shown),
        total=min(total, COUNTED_UP_TO),
        total_is_exact=total <= COUNTED_UP_TO,
        previous_url=address(query, page=page - 1 if page > 2 else "") if page > 1 else "",
        next_url=address(query, page=page + 1) if len(found) > PAGE_SIZE else "",
        csv_url=address(query, page="", format="csv") if may_export else "",
        xlsx_url=address(query, page="", format="xlsx") if may_export else "",
    )


def in_order(
    query: QueryDict, rows: QuerySet[Any], columns: Sequence[Column]
) -> QuerySet[Any, Any]:
    """Return `rows` in the order that `query` asks for, or as they are."""
    asked = query.get("sort", "")
    by_name = {column.name: column for column in columns if column.sort}
    column = by_name.get(asked.removeprefix("-"))
    if column is None:
        return rows
    is_down = asked.startswith("-")
    if column.empty_last:
        field = F(column.sort)
        return rows.order_by(
            field.desc(nulls_last=True) if is_down else field.asc(nulls_last=True), "pk"
        )
    return rows.order_by(f"-{column.sort}" if is_down else column.sort, "pk")


def export(
    request: HttpRequest, rows: QuerySet[Any], columns: Sequence[Column], file_name: str
) -> HttpResponseBase:
    """Return all rows as the file that `format` in the address asks for.

    Raises:
        RefusedError: the list is too long for an Excel sheet.
    """
    ordered = in_order(request.GET, rows, columns)
    columns = [column for column in columns if column.kind != "tick"]
    header = [column.name for column in columns]
    cells = _cells(ordered, columns)
    if request.GET.get("format") != "xlsx":
        lines = csv_lines(header, cells)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        return _named(answer, f"{file_name}.csv")
    if ordered.order_by().count() > MOST_IN_EXCEL:
        raise RefusedError(
            "too_long_for_excel", "An Excel sheet does not hold so many rows: take CSV instead."
        )
    book = xlsx_bytes(file_name, header, cells)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _named(HttpResponse(book, content_type=kind), f"{file_name}.xlsx")


def address(query: QueryDict, **changes: object) -> str:
    """Return the address of this page with `changes`; an empty value takes a name away."""
    changed = query.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value not in ("", None):
            changed[name] = str(value)
    return f"?{changed.urlencode()}"


def _named(answer: HttpResponseBase, file_name: str) -> HttpResponseBase:
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer


def _cells(rows: QuerySet[Model], columns: Sequence[Column]) -> Iterator[list[Cell]]:
    for row in rows.iterator(chunk_size=2_000):
        yield [_exported(column.value(row)) for column in columns]


def _exported(value: Cell | date) -> Cell:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def _page_number(query: QueryDict) -> int:
    asked = query.get("page", "1")
    return max(1, min(int(asked), 1_000_000)) if asked.isascii() and asked.isdecimal() else 1


def _heading(query: QueryDict, column: Column) -> Heading:
    if not column.sort:
        return Heading(column.label, column.kind, "", "")
    asked = query.get("sort", "")
    direction = {column.name: "ascending", f"-{column.name}": "descending"}.get(asked, "")
    following = f"-{column.name}" if direction == "ascending" else column.name
    return Heading(column.label, column.kind, address(query, sort=following, page=""), direction)


def _cell(column: Column, row: Any) -> ShownCell:
    return ShownCell(column.value(row), column.kind, column.url(row) if column.url else "")
