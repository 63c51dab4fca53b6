"""The report: one page that needs nothing but itself, whatever the file holds."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import ibis
import pytest

from emptychair.analysis.show.picks import breakdowns, quotes, shown_period
from emptychair.analysis.show.report import report_html
from emptychair.analysis.show.words import Words, languages
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.analysis.tables import read_responses

MADE = datetime(2026, 3, 4, 12, tzinfo=UTC)
NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)> and quite some words more'


class Page(HTMLParser):
    """Text, tags and addresses of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.addresses, self.words = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def write(tmp_path):
    def write_lines(lines, name="answers.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_responses(path)

    return write_lines


def full_file(n=120):
    lines = ["score,answered_on,segment,unit,comment"]
    for i in range(n):
        score = (10, 9, 8, 7, 3, 10)[i % 6]
        day = f"2025-{i % 12 + 1:02}-1{i % 9}"
        comment = f"Comment number {i} says what it was like in {i} words" if i % 3 else ""
        lines.append(f"{score},{day},{'Home' if i % 2 else 'Firm'},U{i % 4},{comment}")
    return [*lines, "11,2025-01-01,Home,U1,too high", ",2025-01-01,Home,U1,no score"]


def page_of(reading, language="en", **more):
    return report_html(reading, "Answers", Words(language), made_at=MADE, **more)


@pytest.mark.parametrize("language", languages())
def test_report_loads_nothing_and_runs_nothing(write, language):
    html = page_of(write(full_file()), language)
    page = Page(html)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.addresses == []
    assert set(re.findall(r"url\(\"?(\w+):", html)) == {"data"}
    assert "default-src 'none'" in html
    assert f'<html lang="{language}">' in html
    assert not re.findall(r"\{\w+\}", page.text), "a phrase was not filled in"


def test_report_says_score_interval_groups_and_what_was_left_out(write):
    page = Page(page_of(write(full_file())))
    # 60 of 120 are promoters and 20 detractors: (60 - 20) / 120 = +33.
    assert "+33" in page.text
    assert "60 50%" in page.text
    assert "NPS by segment" in page.text
    assert "NPS by unit" in page.text
    assert "Rows read 122 Answers used 120 Rows left out 2" in page.text
    assert "with a score outside 0 to 10 (row 122: 11)" in page.text
    assert "without a score (row 123: empty)" in page.text
    assert "Made with Empty Chair on 4 March 2026." in page.text


def test_report_shows_only_the_columns_asked_for(write):
    page = Page(page_of(write(full_file()), by=["unit"]))
    assert "NPS by unit" in page.text
    assert "NPS by segment" not in page.text


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["score", "9", "10", "3"], "Too few answers"),
        (["score", *["10"] * 18], "With fewer than 25 answers only the interval is shown"),
        (["score", *["8"] * 40], "Everyone who answered is passive."),
        (["score,segment", *["10,Only"] * 30], "Everyone who answered is a promoter."),
    ],
)
def test_report_of_a_small_or_single_minded_file(write, lines, says):
    page = Page(page_of(write(lines)))
    assert says in page.text
    assert "Answers without dates" in page.text
    assert "NPS over time" not in page.text
    assert "In their own words" not in page.text
    assert "NPS by" not in page.text


def test_report_of_a_file_without_any_answer(write):
    page = Page(page_of(write(["score,comment", "x,hello", "12,there"])))
    assert "No answers" in page.text
    assert "There is no answer yet." in page.text
    assert "Rows left out 2" in page.text


def test_report_escapes_what_customers_and_files_say(write):
    cell = '"' + NASTY.replace('"', '""') + '"'
    reading = write(["score,segment,comment", *[f"{s},{cell},{cell}" for s in [2, 9] * 15]])
    html = report_html(reading, NASTY, Words("en"), made_at=MADE, by=["segment"])
    page = Page(html)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert NASTY in page.text


def test_report_leaves_stray_dates_outside_the_picture_and_says_so(write):
    lines = [*full_file(240)[:-2], "5,1970-01-01,Home,U1,epoch"]
    page = Page(page_of(write(lines)))
    assert "1 response with a date far from the others" in page.text
    assert "1970" not in page.text


def test_report_draws_the_largest_of_very_many_groups_and_says_so(write):
    lines = ["score,unit", *[f"9,Unit {i:03}" for i in range(45) for _ in range(2)]]
    page = Page(page_of(write(lines), by=["unit"]))
    assert "The 20 largest of 45 groups are drawn." in page.text
    assert "15 more rows are not shown." in page.text


def test_report_chooses_periods_that_have_enough_answers(write):
    days = [f"2025-0{i % 6 + 1}-11" for i in range(18)]
    sparse = Page(page_of(write(["score,answered_on", *[f"9,{day}" for day in days]])))
    assert "NPS over time" not in sparse.text
    enough = Page(page_of(write(["score,answered_on", *[f"9,{day}" for day in days * 4]])))
    assert "NPS over time" in enough.text
    assert "January 2025" in enough.text


def test_report_takes_no_period_of_stray_dates_for_one_of_two(write):
    lines = [*["9,2025-03-11"] * 300, *["9,1970-01-01"] * 12]
    page = Page(page_of(write(["score,answered_on", *lines])))
    assert "NPS over time" not in page.text
    assert "11 March 2025 · 312 responses" in page.text


def test_shown_period_keeps_everything_when_the_early_answers_are_many():
    days = {date(2000, 1, 1): ScoreCounts.of([9] * 10), date(2020, 1, 1): ScoreCounts.of([9] * 10)}
    assert shown_period(days) == (date(2000, 1, 1), date(2020, 1, 1))
    assert shown_period({date(2020, 1, 1): ScoreCounts.of([9])}) == (date(2020, 1, 1),) * 2


def test_shown_period_leaves_a_date_in_the_far_future_outside():
    days = {date(2020, 1, d): ScoreCounts.of([9] * 10) for d in range(1, 9)}
    days[date(2120, 1, 1)] = ScoreCounts.of([9])
    assert shown_period(days) == (date(2020, 1, 1), date(2020, 1, 8))


def test_breakdowns_take_named_groups_of_ours_first():
    table = ibis.memtable(
        {
            "score": [9, 9, 9, 9],
            "cabin": ["First", "Economy", "Economy", "First"],
            "flag": ["0", "1", "1", "0"],
            "ticket": ["a", "b", "c", None],
            "rare": [None, None, None, "x"],
            "comment": ["x", "y", "x", "y"],
            "segment": ["S", "S", "T", "T"],
        }
    )
    assert breakdowns(table) == ["segment", "cabin", "ticket"]
    assert breakdowns(table.select("score")) == []


def test_quotes_are_the_most_telling_and_never_repeat():
    long = "The staff at the desk took time, explained the bill and called back on Friday"
    table = ibis.memtable(
        {
            "score": [10, 10, 9, 9, 2, 10],
            "comment": ["good good good good good", long, long, "ok", long, "x" * 900],
        }
    )
    found = quotes(table, "promoter")
    assert [quote.text for quote in found] == [long, "good good good good good"]
    assert found[0].on is None
    assert quotes(table.select("score"), "promoter") == ()
