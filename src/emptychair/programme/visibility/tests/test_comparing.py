from datetime import date, timedelta

import pytest

from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.lib.clock import now
from emptychair.programme.visibility.comparing import Pair, compared, year_before
from emptychair.programme.visibility.selection import selection_of

from .test_delivery import text_of

HAPPY, SAD = [10] * 80 + [3] * 20, [10] * 30 + [3] * 70


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def test_periods_are_compared_with_mix_and_rate(owner, answered, malmo, lund):
    answered(HAPPY, unit="malmo", at=now() - timedelta(days=40))
    answered(HAPPY, unit="lund", at=now() - timedelta(days=40))
    answered(HAPPY, unit="malmo")
    answered(SAD, unit="lund")
    text = text_of(owner.get("/delivery/compare/?period=30d&by=unit"))
    assert "Down 50 points" in text
    assert "0.0 points come from a changed mix and −50.0 points from changes within" in text
    assert "Lund Really lower −100" in text
    assert "Malmö No real difference 0" in text


def test_groups_stand_against_the_others_and_each_other(owner, answered, malmo, lund):
    answered(HAPPY, unit="malmo")
    answered(SAD, unit="lund")
    answered(HAPPY[70:90], unit="ystad")
    text = text_of(owner.get("/delivery/compare/?how=groups&by=unit&a=malmo&b=lund"))
    assert "A real difference: Lund against Malmö −100" in text
    assert "Lund Really lower" in text
    assert "NPS, shrunk" in text
    assert "Benjamini-Hochberg" in text


def test_withheld_groups_are_named_and_not_compared(owner, answered, malmo, lund):
    answered(HAPPY, unit="malmo")
    answered(SAD, unit="lund")
    answered([3] * 3, unit="ystad")
    text = text_of(owner.get("/delivery/compare/?how=groups&by=unit&a=malmo&b=ystad"))
    assert "Not shown: Lund, ystad" in text or "Not shown: Malmö, ystad" in text
    assert "it could give away" in text


def test_a_manager_compares_the_own_unit_only(client, bob, answered, lund):
    answered(HAPPY, unit="malmo")
    answered(SAD, unit="lund")
    client.force_login(bob)
    assert "Lund" not in text_of(client.get("/delivery/compare/?how=groups&by=unit"))


def test_nothing_to_compare_is_said(owner, answered):
    assert "Nothing to compare here." in text_of(owner.get("/delivery/compare/?how=year"))


def test_many_rows_hold_the_false_discovery_rate():
    # One p-value of 0.03 is a finding alone, not among twenty.
    a, b = ScoreCounts.of([10] * 50 + [3] * 50), ScoreCounts.of([10] * 66 + [3] * 34)
    alone = compared([Pair("", a, b)])
    assert alone[0][1] == "higher"
    many = compared([Pair("", a, b), *[Pair("", a, a)] * 19])
    assert many[0][1] == "no_clear_difference"


def test_a_year_before_a_leap_day_is_the_28th():
    found = selection_of(
        {"from": "2024-02-29", "to": "2024-03-31"}, today=date(2024, 4, 1), first_day=None
    )
    assert year_before(found).start == date(2023, 2, 28)
