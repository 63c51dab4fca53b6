"""Phrases, numbers and dates in three languages."""

import re
from datetime import date

import pytest

from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.show.words import Words, catalogue, languages
from emptychair.analysis.sums.counts import ScoreCounts


def test_catalogue_is_complete_in_every_language():
    for key, phrases in catalogue().items():
        assert set(phrases) == set(languages()), key
        assert all(phrase.strip() for phrase in phrases.values()), key


def test_catalogue_asks_for_the_same_values_in_every_language():
    for key, phrases in catalogue().items():
        asked = {language: sorted(re.findall(r"{(\w+)}", p)) for language, p in phrases.items()}
        assert asked["sv"] == asked["en"], key
        assert asked["da"] == asked["en"], key


def test_words_refuses_another_language():
    with pytest.raises(ArgumentError, match="'fi': choose one of sv, da, en"):
        Words("fi")


@pytest.mark.parametrize(
    ("language", "points", "share", "number", "day"),
    [
        ("sv", "−4,3", "12,5\u00a0%", "1\u00a0258", "4 mars 2026"),
        ("da", "−4,3", "12,5\u00a0%", "1.258", "4. marts 2026"),
        ("en", "−4.3", "12.5%", "1,258", "4 March 2026"),
    ],
)
def test_numbers_and_dates_follow_the_language(language, points, share, number, day):
    words = Words(language)
    assert words.points(-4.26, 1) == points
    assert words.share(0.125, 1) == share
    assert words.number(1258) == number
    assert words.day(date(2026, 3, 4)) == day


def test_points_show_a_sign_unless_they_are_zero():
    words = Words("en")
    assert [words.points(value) for value in (12.4, 0.0, -0.4, -12.6)] == ["+12", "0", "0", "−13"]


@pytest.mark.parametrize(
    ("every", "sv", "da", "en"),
    [
        ("day", "5 jan. 2026", "5. jan. 2026", "5 Jan 2026"),
        ("week", "v. 2 2026", "uge 2 2026", "week 2 2026"),
        ("month", "januari 2026", "januar 2026", "January 2026"),
        ("quarter", "kv 1 2026", "1. kvt. 2026", "Q1 2026"),
        ("year", "2026", "2026", "2026"),
    ],
)
def test_periods_are_named_in_the_language(every, sv, da, en):
    first = date(2026, 1, 5)
    assert [Words(code).period(first, every) for code in ("sv", "da", "en")] == [sv, da, en]


@pytest.mark.parametrize(
    ("n", "certainty", "value"),
    [(0, "none", "No answers"), (9, "few", "Too few answers"), (25, "full", "+100")],
)
def test_level_says_no_more_than_is_known(n, certainty, value):
    said = Words("en").level(nps_of_counts(ScoreCounts.of([10] * n)))
    assert (said.certainty, said.value) == (certainty, value)


def test_level_shows_only_the_interval_of_ten_to_24_answers():
    nps = nps_of_counts(ScoreCounts.of([10] * 14 + [7, 3, 9, 9, 8]))
    words = Words("en")
    said = words.level(nps)
    assert said.certainty == "interval"
    assert said.value == said.interval
    assert said.value == f"{words.points(nps.low_points)} to {words.points(nps.high_points)}"


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([], "There is no answer yet."),
        ([10] * 9, "9 responses: too few to judge."),
        ([10] * 30, "Everyone who answered is a promoter."),
        ([8] * 30, "Everyone who answered is passive."),
        ([0] * 30, "Everyone who answered is a detractor."),
        ([10] * 30 + [0] * 5, "There are clearly more promoters than detractors."),
        ([10] * 5 + [0] * 30, "There are clearly more detractors than promoters."),
        ([10] * 15 + [0] * 15, "Whether promoters outnumber detractors cannot be told"),
    ],
)
def test_level_verdict_says_what_the_interval_allows(answers, verdict):
    counts = ScoreCounts.of(answers)
    buckets = (counts.detractors, counts.passives, counts.promoters)
    assert Words("en").level_verdict(nps_of_counts(counts), buckets).startswith(verdict)


def test_change_verdict_calls_a_change_real_only_outside_chance():
    words = Words("sv")
    assert words.change_verdict(8.2, 2.1, 14.3) == (
        "Upp 8 punkter (+2 till +14): en verklig förbättring."
    )
    assert words.change_verdict(-8.2, -14.3, -2.1) == (
        "Ned 8 punkter (−14 till −2): en verklig försämring."
    )
    assert words.change_verdict(-2, -7, 3).startswith("Ingen verklig förändring")


def test_columns_of_ours_are_translated_and_others_kept():
    assert Words("da").column("unit") == "enhed"
    assert Words("sv").column("attr_cabin_flown") == "cabin flown"


@pytest.mark.parametrize(
    ("every", "sv", "da", "en"),
    [
        ("day", "5 jan", "5. jan", "5 Jan"),
        ("week", "v2", "u2", "w2"),
        ("month", "jan", "jan", "Jan"),
        ("quarter", "kv 1", "1. kvt.", "Q1"),
    ],
)
def test_short_periods_leave_the_year_out(every, sv, da, en):
    first = date(2026, 1, 5)
    assert [Words(code).short_period(first, every) for code in ("sv", "da", "en")] == [sv, da, en]
