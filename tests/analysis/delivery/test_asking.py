from datetime import datetime

import pyarrow as pa
import pytest

from emptychair.analysis.delivery.asking import askings
from emptychair.analysis.errors import ColumnNotFoundError

NOON = datetime(2025, 1, 1, 12)


def test_askings_by_outcome(make_table):
    outcomes = [
        "planned", "sent", "delivered", "bounced", "answered", "declined", "suppressed", None,
    ]  # fmt: skip
    (found,) = askings(make_table({"outcome": outcomes}))
    assert found.eligible == 7
    assert found.asked == 5
    assert found.bounced == 1
    assert found.delivered == 4
    assert found.answered == 1
    assert found.suppressed == 1
    assert found.opened is None
    assert found.reached is None
    assert found.response_rate == 1 / 4
    assert found.asked_rate == 1 / 5


def test_askings_by_moments(make_table):
    def moments(*known):
        return pa.array([NOON if one else None for one in known], pa.timestamp("us"))

    table = make_table(
        {
            "channel": ["email", "email", "email", "sms"],
            "sent_at": moments(1, 1, 1, 0),
            "delivered_at": moments(1, 1, 0, 0),
            "opened_at": moments(1, 0, 0, 0),
            "answered_at": moments(1, 0, 1, 0),
        }
    )
    email, sms = askings(table, ["channel"])
    assert email.group == ("email",)
    # The third was answered, so it arrived, whatever the log says.
    assert (email.asked, email.delivered, email.opened, email.answered) == (3, 3, 2, 2)
    assert (sms.asked, sms.response_rate, sms.asked_rate) == (0, None, None)


def test_askings_tell_customers_from_invitations(make_table):
    outcomes = ["answered", "delivered", "bounced", "sent"]
    (found,) = askings(make_table({"outcome": outcomes, "customer_id": ["a", "a", "b", "c"]}))
    assert (found.delivered, found.reached) == (3, 2)


def test_askings_of_an_empty_table(make_table):
    (found,) = askings(make_table({"outcome": pa.array([], pa.string())}))
    assert (found.asked, found.response_rate) == (0, None)


def test_askings_need_an_outcome_or_a_moment(make_table):
    with pytest.raises(ColumnNotFoundError, match="outcome"):
        askings(make_table({"customer_id": ["x"]}))
    with pytest.raises(ColumnNotFoundError, match="channel"):
        askings(make_table({"outcome": ["sent"]}), ["channel"])
