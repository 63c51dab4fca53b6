from collections import Counter
from datetime import date, datetime

import pytest

from emptychair.analysis.delivery.circumstances import circumstances_of
from emptychair.analysis.errors import ColumnNotFoundError

DAY, NEXT = date(2026, 1, 5), date(2026, 1, 6)
NOON = datetime(2026, 1, 5, 12)


def found(table, *names):
    totals = Counter()
    for row in table.to_pyarrow().to_pylist():
        totals[tuple(row[name] for name in names)] += row["n"]
    return totals


@pytest.fixture
def responses(make_table):
    return make_table(
        {
            "answered_on": [DAY, DAY, NEXT, NEXT],
            "score": [10, 3, 8, 9],
            "customer_id": ["a", "b", "c", None],
            "unit": ["lund", "lund", None, "ystad"],
            "channel": ["email"] * 4,
            "wording": ["s.sv.1", "s.sv.2", "s.sv.2", None],
            "held_reason": [None, "stuffing", None, None],
        }
    )


@pytest.fixture
def invitations(make_table):
    return make_table(
        {
            "sent_on": [DAY, DAY, DAY, NEXT, None],
            "customer_id": ["a", "b", "c", "d", "e"],
            "channel": ["email", "email", "sms", "email", "email"],
            "unit": ["lund", "lund", None, "lund", "lund"],
            "outcome": ["answered", "delivered", "bounced", "sent", "planned"],
        }
    )


def test_circumstances_count_asks_held_and_wordings(responses, invitations):
    totals = found(circumstances_of(responses, invitations), "day", "kind", "detail")
    assert totals == {
        (DAY, "asked", ""): 3,
        (NEXT, "asked", ""): 1,
        (DAY, "delivered", ""): 2,
        (NEXT, "delivered", ""): 1,
        (DAY, "answered", ""): 1,
        (DAY, "held", "stuffing"): 1,
        (DAY, "wording", "s.sv.1"): 1,
        (NEXT, "wording", "s.sv.2"): 1,
        (NEXT, "wording", ""): 1,
    }


def test_circumstances_of_segments_stand_beside_those_of_everyone(
    responses, invitations, make_table
):
    members = make_table({"customer_id": ["a", "b", "a"], "segment": ["key", "key", "old"]})
    totals = found(circumstances_of(responses, invitations, members), "segment", "kind")
    assert totals["key", "asked"] == 2
    assert totals["old", "asked"] == 1
    assert totals["", "asked"] == 4
    assert totals["key", "held"] == 1
    assert ("old", "held") not in totals


def test_circumstances_need_no_held_reason(responses, invitations):
    plain = circumstances_of(responses.drop("held_reason"), invitations)
    assert found(plain, "kind")[("wording",)] == 4


def test_circumstances_name_the_missing_column(responses, invitations):
    with pytest.raises(ColumnNotFoundError, match="sent_on"):
        circumstances_of(responses, invitations.drop("sent_on"))
