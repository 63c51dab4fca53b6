"""What benchmarks say of their figures, how these are published, and the model of scale."""

import dataclasses
import json
from xml.etree import ElementTree

import pytest
from benchmarks import b1_layer, b4_movement, document, published, scale
from benchmarks.harness import Figure, exponent, in_turn
from benchmarks.pictures import picture
from reliability.soaking import ages, growth_share, quantile

KNOWN = scale.Constants(
    scan=scale.Line(0.1, 4e-7),
    page=scale.Line(0.03, 1e-7),
    fact_bytes=20.0,
    cell_bytes=5.0,
    answers_per_second=1_000.0,
    on_server_per_second=500.0,
    copied_per_second=50_000.0,
    planned_per_second=20_000.0,
    mails_per_second=60.0,
    predicted=scale.Line(1.0, 1e-4),
    predicting_mb=scale.Line(300.0, 2e-3),
    spark_times=5.0,
    cores=2,
)


def line(benchmark, name, value, at, **more):
    return {
        "benchmark": benchmark, "name": name, "value": value, "unit": "s", "note": "",
        "size": "small", "at": at, **more,
    }  # fmt: skip


def test_in_turn_takes_the_median_of_every_piece():
    clock = iter([0, 1, 10, 12, 20, 21, 30, 35, 40, 41, 50, 52])
    taken = in_turn({"a": lambda: 0, "b": lambda: 0}, 3, lambda: next(clock))
    assert taken == {"a": 1, "b": 2}


def test_exponent_of_proportional_and_constant_time():
    assert exponent([1, 10, 100], [2, 20, 200]) == pytest.approx(1)
    assert exponent([1, 10, 100], [5, 5, 5]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Figure("B", "a", 4, "s", at_most=5), "met"),
        (Figure("B", "a", 10, "s", at_most=5), "missed, 2 times the target"),
        (Figure("B", "a", 8, "x", at_least=8), "met"),
        (Figure("B", "a", 2, "x", at_least=8), "missed, 0.25 of the target"),
        (Figure("B", "a", 2, "x"), ""),
    ],
)
def test_verdict_says_by_how_much_a_target_is_missed(figure, said):
    assert published.verdict(figure) == said


def test_newest_keeps_the_last_run_of_each_benchmark_whole():
    lines = [
        line("B2", "x", 1, at=1), line("B1", "x", 2, at=5), line("B1", "gone", 3, at=1),
        line("B1", "y", 4, at=5),
    ]  # fmt: skip
    twice = [*lines, *lines]  # published before, and still among the results
    kept = [(one["benchmark"], one["name"]) for one in published.newest(twice)]
    assert kept == [("B1", "x"), ("B1", "y"), ("B2", "x")]


def test_every_benchmark_is_told_about():
    from benchmarks.__main__ import MODULES

    assert set(MODULES) <= set(published.about())
    for name, module in MODULES.items():
        assert published.about()[name]["file"] == f"{module}.py"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_picture_is_well_formed_and_marks_what_is_missed(scheme):
    figures = [
        Figure("B1", "a <quick> one", 3, "ms", at_most=50),
        Figure("B1", "a slow one", 300, "ms", at_most=50),
        Figure("B1", "nothing at all", 0, "", at_most=1e-9),
        Figure("B1", "by far the largest", 4e6, "rows"),
    ]
    svg = picture("B1: title", figures, scheme)
    root = ElementTree.fromstring(svg)
    words = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "300 missed" in words
    assert "3" in words
    assert len(list(root.iter("{http://www.w3.org/2000/svg}line"))) == 3
    bars = [float(r.get("width")) for r in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert max(bars) < 720 - 330
    assert bars[0] < bars[1]


def test_documents_are_made_from_the_published_figures(tmp_path, monkeypatch):
    results = tmp_path / "results.jsonl"
    figure = dataclasses.asdict(Figure("B11", "page", 12.3, "kB", "with style", at_most=15))
    results.write_text(json.dumps({**figure, "size": "small", "at": 86_400, "cores": 2}) + "\n")
    for module in (document, published):
        monkeypatch.setattr(module, "FIGURES", tmp_path / "docs" / "figures.jsonl")
    monkeypatch.setattr(document, "FOLDER", tmp_path / "docs")
    monkeypatch.setattr(document, "runs", lambda: published.runs(tmp_path / "docs/figures.jsonl"))
    document.publish(results)
    page = (tmp_path / "docs" / "b11.md").read_text()
    assert "| page | 12.3 kB | at most 15 kB | met | with style |" in page
    assert "Measured on 1970-01-02 (UTC) on 2 cores" in page
    assert "1 of 1 targets are met" in (tmp_path / "docs" / "README.md").read_text()
    assert document.stale() == []
    (tmp_path / "docs" / "b11.md").write_text("changed by hand")
    assert document.stale() == ["b11.md"]


def test_fit_ignores_no_size_and_never_goes_below_zero():
    assert scale.fit([1, 2], [1, 3]) == scale.Line(0.0, pytest.approx(1.2, abs=0.05))
    flat = scale.fit([10, 1000], [5, 4])
    assert flat.each == 0
    assert 4 < flat.fixed < 5


def test_layer_rows_fill_up():
    few = scale.layer_rows(1_000, 365, 20, 50)
    many = scale.layer_rows(1e9, 365, 20, 50)
    more = scale.layer_rows(1e10, 365, 20, 50)
    assert few["unit"] == pytest.approx(2_000, rel=0.05)
    assert many["segment"] == pytest.approx(365 * 21)
    assert many == pytest.approx(more)


def test_plan_moves_each_part_when_it_is_outgrown():
    small = {part.name: part for part in scale.plan(1e5, 2e4, KNOWN)}
    large = {part.name: part for part in scale.plan(1e9, 1e8, KNOWN)}
    assert small["database and web"].place == "SQLite"
    assert large["database and web"].place.startswith("PostgreSQL")
    assert small["new questions"].place == "DuckDB"
    assert large["new questions"].place != "DuckDB"
    huge = {part.name: part for part in scale.plan(1e11, 1e9, KNOWN)}
    assert huge["new questions"].place.startswith("Spark")
    assert huge["warehouse"].place == "S3-compatible store"
    assert small["asking"].place == "1 worker"
    assert int(large["asking"].place.split()[0]) > 1
    assert scale.cost(large.values()) > scale.cost(small.values()) > 0
    assert scale.table(list(large.values())).count("\n") == 7


def test_pages_take_the_same_at_any_size():
    parts = [scale.plan(answers, answers / 10, KNOWN)[2] for answers in (1e8, 1e10)]
    assert parts[0].figure == parts[1].figure


def test_the_library_and_the_hand_written_sql_see_the_same_moves():
    by_library, by_hand = b4_movement.counted(*b4_movement.made(2_000))
    assert by_library == by_hand > 0


def test_a_small_layer_gives_time_and_rows(tmp_path):
    taken, rows = b1_layer._measure(1_000, tmp_path)
    assert taken["layer"] > 0
    assert rows > 1_000


def test_ages_say_how_old_the_oldest_answer_is_that_is_missing():
    acked = [10.0, 11.0, 12.0, 20.0]
    assert ages([(12.5, 0), (13.0, 2), (14.0, 3), (30.0, 0)], acked) == [2.5, 1.0, 0.0]


def test_growth_share_is_no_evidence_without_values():
    assert growth_share([1.0, 2.0, 3.0]) == (float("inf"), float("inf"))
    share, grown = growth_share([100.0, 100.0, 100.0, 500.0, 110.0, 110.0, 120.0, 120.0])
    assert (share, grown) == (pytest.approx(0.2), pytest.approx(20.0))


def test_quantile_takes_a_value_that_is_there():
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 1.0) == 3.0
