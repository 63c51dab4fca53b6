"""Charts: the same numbers in picture and table, gated, linked, escaped, in every language."""

import json
import re
from datetime import date
from xml.etree import ElementTree

import altair as alt
import pytest

from emptychair.analysis.delivery.score import nps_of_counts
from emptychair.analysis.delivery.trend import trend_of_counts
from emptychair.analysis.show import charts, relations, render
from emptychair.analysis.show.words import Words, languages
from emptychair.analysis.sums.counts import ScoreCounts

COUNTS = ScoreCounts((3, 1, 0, 2, 4, 6, 9, 20, 25, 40, 30))
MONTHS = {
    date(2025, 1, 10): ScoreCounts.of([10] * 20 + [5] * 20),
    date(2025, 2, 10): ScoreCounts.of([9] * 8 + [7] * 4),
    date(2025, 4, 10): ScoreCounts.of([2] * 3),
}
NASTY = '<script>alert("x")</script> & Co'


def every_chart(words):
    points = trend_of_counts(MONTHS, "month")
    groups = [nps_of_counts(COUNTS, (NASTY,)), nps_of_counts(ScoreCounts.of([9] * 3), (None,))]
    return [
        charts.buckets_chart(COUNTS, words),
        charts.distribution_chart(COUNTS, words),
        charts.trend_chart(points, "month", words),
        charts.groups_chart(groups, "unit", words, total=nps_of_counts(COUNTS)),
        charts.sparkline_chart(points, "month", words),
    ]


@pytest.mark.parametrize("language", languages())
def test_every_chart_is_drawn_well_formed_with_a_name_and_no_style(language):
    for chart in every_chart(Words(language)):
        for width in (charts.WIDE, charts.NARROW):
            svg = render.svg_of_page(chart, width)
            root = ElementTree.fromstring(svg)
            assert root.get("role") == "img"
            assert root.get("aria-label") == f"{chart.title}. {chart.sentence}"
            assert " style=" not in svg
            assert "<style" not in svg
            assert "<script" not in svg
            assert "#ec00" not in svg
            assert float(root.get("width")) <= width + 24


def test_colours_follow_the_page_and_are_fixed_in_an_image():
    chart = charts.distribution_chart(COUNTS, Words("en"))
    assert "var(--ec-promoter)" in render.svg_of_page(chart)
    image = render.svg_image(chart, "dark")
    assert "var(" not in image
    assert "#7db3f7" in image
    assert chart.title in image


def test_titles_of_axes_have_a_colour_of_the_page():
    words = Words("en")
    steps = (relations.CurveStep(0, 1.0, 1.0, 1.0), relations.CurveStep(6, 0.8, 0.7, 0.9))
    curve = relations.Curve("promoter", "Promoters", 90, steps)
    bins = [relations.CalibrationBin(50, 0.2, 0.25), relations.CalibrationBin(50, 0.6, 0.55)]
    for chart in (
        relations.retention_chart([curve], words),
        relations.calibration_chart(bins, words),
    ):
        root = ElementTree.fromstring(render.svg_of_page(chart))
        texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
        assert len(texts) > 5
        assert {text.get("fill").partition("-")[0] for text in texts} == {"var("}


def test_png_image_is_a_png():
    assert render.png_image(charts.buckets_chart(COUNTS, Words("sv"))).startswith(b"\x89PNG")


def test_links_lead_from_marks_to_what_lies_behind_them():
    links = {bucket: f"/responses/?bucket={bucket}&n=1" for bucket in charts._BUCKETS}
    chart = charts.buckets_chart(COUNTS, Words("en"), links)
    root = ElementTree.fromstring(render.svg_of_page(chart))
    found = {a.get("href") for a in root.iter("{http://www.w3.org/2000/svg}a")}
    assert found == set(links.values())
    assert root.get("role") == "group"
    assert "link.invalid" not in render.svg_image(chart)


def test_a_mark_tells_its_numbers():
    svg = render.svg_of_page(charts.distribution_chart(COUNTS, Words("en")))
    assert "<title>9: 40 responses (29%)</title>" in svg


def test_people_are_one_per_answer_up_to_a_hundred():
    few = charts.buckets_chart(ScoreCounts.of([1, 8, 10, 10]), Words("en"))
    assert render.svg_of_page(few).count("<title>") == 4
    many = charts.buckets_chart(COUNTS, Words("en"))
    assert render.svg_of_page(many).count("<title>") == 100


@pytest.mark.parametrize(
    ("people", "parts"),
    [((1, 1, 1), [34, 33, 33]), ((0, 0, 250), [0, 0, 100]), ((1, 199, 200), [0, 50, 50])],
)
def test_of_hundred_adds_up(people, parts):
    assert charts.of_hundred(people) == parts


def test_trend_table_keeps_gaps_and_shows_no_more_than_is_known():
    chart = charts.trend_chart(trend_of_counts(MONTHS, "month"), "month", Words("en"))
    january, february, march, april = chart.rows
    assert january[:3] == ("January 2025", 40, 0.0)
    assert february[:3] == ("February 2025", 12, None)
    assert february[3] is not None
    assert march == ("March 2025", 0, None, None, None, None, None)
    assert april == ("April 2025", 3, None, None, None, None, None)


def test_trend_axis_shows_the_year_once():
    days = {date(year, 6, 1): ScoreCounts.of([9]) for year in (2024, 2025)}
    labels = charts.period_labels(trend_of_counts(days, "month"), "month", Words("sv"))
    assert labels[0] == ["juni", "2024"]
    assert labels[1] == ["juli"]
    assert labels[7] == ["jan", "2025"]


def test_groups_are_named_gated_and_escaped():
    chart = every_chart(Words("en"))[3]
    assert chart.rows[0][0] == NASTY
    assert chart.rows[1] == ("not stated", 3, None, None, None)
    svg = render.svg_of_page(chart)
    assert "<script" not in svg
    assert NASTY in "".join(ElementTree.fromstring(svg).itertext())


def test_groups_sentence_names_highest_and_lowest_or_says_why_not():
    few = charts.groups_chart([nps_of_counts(ScoreCounts.of([9]))], "unit", Words("en"))
    assert few.sentence == "None of the 1 groups has enough answers for an NPS."
    groups = [
        nps_of_counts(ScoreCounts.of([10] * 30), ("Malmö",)),
        nps_of_counts(ScoreCounts.of([0] * 30), ("Lund",)),
    ]
    chart = charts.groups_chart(groups, "unit", Words("en"))
    assert "highest Malmö (+100), lowest Lund (−100)" in chart.sentence


def test_charts_of_nothing_are_drawn_too():
    words = Words("da")
    nothing = ScoreCounts()
    for chart in (
        charts.buckets_chart(nothing, words),
        charts.distribution_chart(nothing, words),
        charts.trend_chart([], "week", words),
        charts.groups_chart([], "unit", words),
    ):
        ElementTree.fromstring(render.svg_of_page(chart))


def test_every_level_tip_says_how_many_answered():
    words = Words("en")
    tips = [
        charts.level_tip(nps_of_counts(ScoreCounts.of([10] * n)), words) for n in (0, 5, 15, 30)
    ]
    assert tips[0] == "No answers"
    assert tips[1] == "Too few answers, 5 responses"
    assert re.fullmatch(r"NPS \+\d+ to \+100, 15 responses", tips[2])
    assert re.fullmatch(r"NPS \+100 \(\+\d+ to \+100\), 30 responses", tips[3])


def test_digest_changes_with_numbers_language_and_links():
    one, two = every_chart(Words("en"))[0], every_chart(Words("sv"))[0]
    linked = charts.buckets_chart(COUNTS, Words("en"), dict.fromkeys(charts._BUCKETS, "/x"))
    assert len({one.digest(), two.digest(), linked.digest()}) == 3
    assert one.digest() == every_chart(Words("en"))[0].digest()


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_every_chart_keeps_to_the_schema(width):
    for chart in every_chart(Words("en")):
        chart.draw(width).to_dict(validate=True)
        alt.Chart.from_json(chart.specification(width, titled=True), validate=True)


def test_specification_is_plain_vega_lite():
    specification = json.loads(every_chart(Words("en"))[1].specification(titled=True))
    assert specification["title"]["text"] == "Scores from 0 to 10"
    assert "vega-lite" in specification["$schema"]


def test_a_withheld_group_says_so_once_in_its_table():
    words = Words("en")
    chart = charts.groups_chart(
        [nps_of_counts(COUNTS, ("Lund",))], "unit", words, withheld=["Umeå"]
    )
    _, rows = chart.table_in_words(words)
    hidden = next(row for row in rows if row[0] == "Umeå")
    assert hidden.count(words("withheld")) == 1
    assert set(hidden[1:]) == {words("withheld"), ""}
