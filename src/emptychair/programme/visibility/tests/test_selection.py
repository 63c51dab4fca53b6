from datetime import date

import pytest

from emptychair.programme.visibility.selection import (
    default_every,
    possible_every,
    selection_of,
)

TODAY = date(2026, 3, 31)


def select(**query):
    names = {name.rstrip("_"): value for name, value in query.items()}
    return selection_of(names, today=TODAY, first_day=date(2020, 5, 6))


@pytest.mark.parametrize(
    ("preset", "start"),
    [
        ("30d", date(2026, 3, 2)),
        ("90d", date(2026, 1, 1)),
        ("12m", date(2025, 4, 1)),
        ("year", date(2026, 1, 1)),
        ("all", date(2020, 5, 6)),
        ("nonsense", date(2025, 4, 1)),
    ],
)
def test_it_knows_the_preset_periods(preset, start):
    selection = select(period=preset)
    assert (selection.start, selection.end) == (start, TODAY)


def test_it_takes_dates_of_the_readers_own():
    selection = select(from_="2026-01-10", to="2026-01-20")
    assert (selection.preset, selection.days) == ("custom", 11)


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2026-02-31", "2026-03-01", "A date is written like"),
        ("2026-03-02", "2026-03-01", "ends before it begins"),
    ],
)
def test_it_says_what_is_wrong_with_dates_and_shows_the_usual_period(start, end, says):
    selection = select(period="custom", from_=start, to=end)
    assert says in selection.error
    assert selection.start == date(2025, 4, 1)


def test_it_leaves_out_what_it_does_not_understand():
    selection = select(by="score", bucket="angry", every="hour", unit="lund", drop="table")
    assert (selection.by, selection.bucket, selection.every) == ("segment", "", "month")
    assert dict(selection.filters) == {"unit": "lund"}


def test_the_period_before_is_as_long_and_ends_the_day_before():
    before = select(from_="2026-03-01", to="2026-03-31").before()
    assert (before.start, before.end) == (date(2026, 1, 29), date(2026, 2, 28))


def test_the_address_holds_the_selection_and_nothing_usual():
    assert select().address() == "?"
    address = select(period="90d", unit="lund", by="unit", every="day").address(bucket="promoter")
    assert address == "?period=90d&unit=lund&by=unit&every=day&bucket=promoter"


def test_reading_an_address_again_gives_the_same_selection():
    first = select(from_="2026-01-10", to="2026-03-20", segment="firms", channel="sms", by="unit")
    query = dict(part.split("=") for part in first.address()[1:].split("&"))
    assert selection_of(query, today=TODAY, first_day=None) == first


def test_the_responses_behind_a_figure_are_named_by_date():
    behind = select(period="30d", unit="lund").behind(bucket="detractor", score=0)
    assert behind == "?from=2026-03-02&to=2026-03-31&unit=lund&bucket=detractor&score=0"


@pytest.mark.parametrize(
    ("days", "every"), [(30, "day"), (90, "week"), (365, "month"), (2_000, "quarter")]
)
def test_the_usual_length_of_periods_can_always_be_drawn(days, every):
    assert default_every(days) == every
    assert every in possible_every(days)
