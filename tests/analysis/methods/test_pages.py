"""The pages of docs/methods: their worked numbers are recomputed, their tables can be made anew."""

import doctest
import re
from pathlib import Path

import pytest
from tools import methods

PAGES = sorted(methods.PAGES.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_worked_numbers_are_what_the_library_computes(page: Path):
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert tried > 0 or page.name == "README.md"


def test_every_page_is_listed_and_every_link_leads_somewhere():
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (methods.PAGES / "README.md").read_text()))
    assert listed == {page.name for page in PAGES} - {"README.md"}
    for page in PAGES:
        for target in re.findall(r"\]\(([a-z-]+\.md)\)", page.read_text()):
            assert (methods.PAGES / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("name", methods.TABLES)
def test_every_table_stands_in_its_page(name: str):
    text = (methods.PAGES / methods.TABLES[name][0]).read_text()
    body = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert body
    assert body[1].count("\n") >= 3, "run ./run methods to fill it"


@pytest.mark.parametrize("name", methods.TABLES)
def test_every_table_can_be_made_anew(name: str):
    rows = methods.TABLES[name][1](methods.SIZES["small"])
    assert len({len(row) for row in rows}) == 1
    assert methods.markdown(rows).startswith("| ")


def _table(name: str) -> list[list[str]]:
    text = (methods.PAGES / methods.TABLES[name][0]).read_text()
    body = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert body
    lines = [line for line in body[1].splitlines() if not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_published_year_of_daily_looks_holds_its_level():
    found = {row[0]: [float(cell) for cell in row[1:]] for row in _table("sequence")}
    assert max(found["confidence sequence"]) <= 5.0
    assert min(found["score interval of the day"]) > 30.0


def test_the_published_alarms_are_rarely_false_and_find_ten_points():
    rows = _table("alarm")
    assert all(float(row[2]) <= 5.0 for row in rows if row[1] == "0")
    (thirty,) = [row for row in rows if row[:2] == ["30", "-10"]]
    assert float(thirty[2]) > 99.0
    assert float(thirty[3]) < 75


def test_the_published_correction_covers_and_the_raw_figure_does_not():
    found = {row[0]: float(row[2]) for row in _table("nonresponse")}
    assert found["raw"] < 5.0
    assert min(found["post-stratified"], found["raked"], found["doubly robust"]) > 92.0


def test_the_published_correction_of_answer_dependence_covers():
    found = {row[0]: (float(row[1]), float(row[2])) for row in _table("answer-dependent")}
    assert found["raw"][1] < 5.0
    assert found["answer dependent"][1] > 92.0
    assert abs(found["answer dependent"][0]) < 0.5


def test_the_published_intervals_hold_their_level():
    assert all(float(cell) > 93.0 for cell in _table("weighted")[1][1:])
    assert all(float(row[2]) > 93.5 for row in _table("difference"))
    assert all(float(cell) > 92.5 for cell in _table("paired")[0][1:])
    assert all(float(cell) > 92.0 for cell in _table("jackknife")[0][1:])


def test_the_published_figures_of_simulated_companies_hold_the_truth():
    assert all(float(cell) >= 90.0 for row in _table("economics") for cell in row[1:])
    moves = _table("movement")
    assert all(float(row[4]) >= 92.0 for row in moves)
    assert max(abs(float(row[3])) for row in moves) < 2.0 < max(abs(float(r[2])) for r in moves)
    found = {row[0]: float(row[1]) for row in _table("prediction")}
    assert found["NPS of all: truth inside the 95 % interval, %"] >= 92.0
    assert found["calibration error over all companies"] < 0.03


def test_the_published_effects_of_drivers_hold_and_nulls_are_rarely_recommended():
    for row in _table("drivers"):
        effect, importance, null, sure, true = (float(cell) for cell in row[1:])
        assert effect >= 93.5
        assert importance >= 90.0
        assert null <= sure <= 5.0
        assert true >= 85.0
    alike, differs = _table("driver-segments")
    assert max(float(alike[1]), float(differs[1])) <= 5.0
    assert float(differs[2]) >= 90.0
    assert max(float(alike[3]), float(differs[3])) <= 5.0
