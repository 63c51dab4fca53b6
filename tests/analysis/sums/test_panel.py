from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from emptychair.analysis.errors import ColumnNotFoundError
from emptychair.analysis.sums.panel import panel_cells

START = datetime(2025, 1, 1, 12)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def people(make_table, **columns):
    names = columns.pop("customer_id", ["x"])
    return make_table({"customer_id": names, **columns})


def test_each_invitation_has_the_answer_before_and_the_answer_to_it(make_table):
    responses = make_table(
        {
            "customer_id": ["x", "x", "x"],
            "response_id": ["r1", "r2", "r3"],
            "answered_at": [day(1), day(31), day(200)],
            "score": [10, 3, 8],
        }
    )
    # The second is answered by a detractor, the third by nobody, the fourth too late.
    delivered = make_table(
        {"customer_id": ["x"] * 4, "sent_at": [day(0), day(30), day(60), day(90)]}
    )
    cells = panel_cells(people(make_table), responses, delivered, [], groups=1)
    found = {cell.before: cell for cell in cells}
    assert set(found) == {None, 1, -1}
    assert found[None].answered == (0, 0, 0.25)
    assert found[1].answered == (0.25, 0, 0)
    assert (found[-1].delivered, found[-1].answered, found[-1].answers) == (0.5, (0, 0, 0), 0)


def test_an_answer_at_the_moment_of_the_invitation_answers_it(make_table):
    responses = make_table({"customer_id": ["x"], "answered_at": [day(0)], "score": [7]})
    delivered = make_table({"customer_id": ["x"], "sent_at": [day(0)]})
    (cell,) = panel_cells(people(make_table), responses, delivered, [], groups=1)
    assert (cell.before, cell.answered) == (None, (0, 1.0, 0))


def test_a_reminder_is_answered_not_the_first_invitation(make_table):
    responses = make_table({"customer_id": ["x"], "answered_at": [day(9)], "score": [9]})
    delivered = make_table({"customer_id": ["x", "x"], "sent_at": [day(0), day(7)]})
    (cell,) = panel_cells(people(make_table), responses, delivered, [], groups=1)
    assert (cell.delivered, cell.answered, cell.answers) == (1.0, (0, 0, 0.5), 1)


def test_a_window_keeps_earlier_answers(make_table):
    responses = make_table(
        {"customer_id": ["x", "x"], "answered_at": [day(1), day(101)], "score": [10, 10]}
    )
    delivered = make_table({"customer_id": ["x", "x"], "sent_at": [day(0), day(100)]})
    (cell,) = panel_cells(people(make_table), responses, delivered, [], since=day(50), groups=1)
    assert (cell.before, cell.delivered, cell.answered) == (1, 1.0, (0, 0, 1.0))


def test_traits_and_strangers(make_table):
    responses = make_table({"customer_id": ["x"], "answered_at": [day(1)], "score": [0]})
    delivered = make_table(
        {
            "customer_id": ["x", "y", "stranger", None],
            "sent_at": pa.array([day(0), day(0), day(0), day(0)], pa.timestamp("us")),
        }
    )
    base = people(make_table, customer_id=["x", "y"], size=["s", "l"])
    cells = panel_cells(base, responses, delivered, ["size"], groups=1)
    assert [(cell.traits, cell.delivered, cell.answered) for cell in cells] == [
        (("l",), 1.0, (0, 0, 0)),
        (("s",), 1.0, (1.0, 0, 0)),
    ]


def test_panel_cells_name_the_missing_moment(make_table):
    responses = make_table({"customer_id": ["x"], "score": [0]})
    delivered = make_table({"customer_id": ["x"], "sent_at": [day(0)]})
    with pytest.raises(ColumnNotFoundError, match="answered_at"):
        panel_cells(people(make_table), responses, delivered, [])
