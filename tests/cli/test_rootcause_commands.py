"""drivers, journey and whatif on files: fields, pictures, and what cannot be said."""

import csv
import json

import pytest
from tests.analysis.rootcause.made import answers
from tests.analysis.rootcause.test_journey import made

from emptychair.cli import run


def write(path, columns):
    with path.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(columns)
        writer.writerows(
            [
                ["" if cell is None else cell for cell in row]
                for row in zip(*columns.values(), strict=True)
            ]
        )
    return str(path)


@pytest.fixture
def rated(tmp_path):
    return write(tmp_path / "rated.csv", answers(600, [[0.8, 0.2], [0.1, 0.9]], segments=2))


def json_of(capsys, *arguments):
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_drivers_give_the_fields_of_the_contract(rated, capsys):
    found = json_of(capsys, "drivers", rated)
    assert found["method"] == "lmg_and_least_squares_with_empirical_bayes"
    fields = {
        "group", "driver", "importance_share", "importance_low", "importance_high",
        "effect_points", "effect_low", "effect_high", "performance_mean", "n", "missing_share",
        "verdict",
    }  # fmt: skip
    assert all(fields <= set(row) for row in found["results"])
    assert sum(row["importance_share"] for row in found["results"]) == pytest.approx(1.0)


def test_drivers_per_segment_with_names_in_short(rated, capsys):
    found = json_of(capsys, "drivers", rated, "--by", "segment", "--ratings", "d0,d1")
    against = {
        (row["group"]["segment"], row["driver"]): row["against_company"] for row in found["results"]
    }
    assert against["s0", "d0"] == "stronger"
    assert against["s1", "d0"] == "weaker"
    assert run(["drivers", rated, "--by", "segment"]) == 0
    assert "stronger than the company's" in capsys.readouterr().out


def test_drivers_say_what_stands_in_and_what_was_filled_in(tmp_path, capsys):
    columns = answers(300, [0.7, 0.3], missing=0.2)
    columns["rating_twin"] = columns["rating_d0"]
    columns["segment"] = ["few" if i < 3 else "many" for i in range(300)]
    file = write(tmp_path / "gaps.csv", columns)
    assert run(["drivers", file, "--by", "segment"]) == 0
    shown = capsys.readouterr().out
    assert "filled in from the others (EM)" in shown
    assert "the company's effects stand in: few." in shown
    assert "rating_d0, rating_twin go along with each other too closely" in shown


def test_drivers_weigh_answers(tmp_path, capsys):
    columns = {**answers(100, [0.7]), "w": [1 + i % 2 for i in range(100)]}
    file = write(tmp_path / "weighed.csv", columns)
    weighed = json_of(capsys, "drivers", file, "--weight", "w")["results"][0]
    plain = json_of(capsys, "drivers", file)["results"][0]
    assert weighed["effect_points"] != plain["effect_points"]


@pytest.mark.parametrize("ending", ["svg", "png", "html", "csv", "json"])
def test_drivers_write_files(rated, tmp_path, ending):
    target = tmp_path / f"drivers.{ending}"
    assert run(["drivers", rated, "-o", str(target)]) == 0
    assert target.stat().st_size > 200


@pytest.mark.parametrize(
    ("columns", "code", "sentence"),
    [
        ({"score": [9, 3]}, 2, "no column begins with rating_ or theme_"),
        ({"score": [9, 3], "rating_a": [3, 4]}, 0, "too few answers"),
        ({"score": [9] * 40, "rating_a": [3, 4] * 20}, 0, "all answers fall into one bucket"),
        ({"score": [9, 3] * 20, "rating_a": [3] * 40}, 0, "everybody rated the same"),
        ({"score": [9, 3] * 20, "rating_a": [""] * 40}, 0, "nobody rated it"),
    ],
)
def test_drivers_say_why_nothing_is_said(tmp_path, capsys, columns, code, sentence):
    assert run(["drivers", write(tmp_path / "a.csv", columns)]) == code
    shown = capsys.readouterr()
    assert sentence in shown.out + shown.err


def test_a_picture_shows_one_group(rated, tmp_path, capsys):
    assert run(["drivers", rated, "--by", "segment", "-o", str(tmp_path / "a.svg")]) == 2
    assert "leave out --by" in capsys.readouterr().err


def test_journey_shows_moments_and_gaps(tmp_path, capsys):
    file = write(tmp_path / "journey.csv", made(400))
    found = json_of(capsys, "journey", file, "--by", "segment", "--touchpoint", "stay/app")
    fields = {"group", "stage", "touchpoint", "n", "nps_points", "importance_share", "measured"}
    assert all(fields <= set(row) for row in found["results"])
    assert [row["touchpoint"] for row in found["results"][:3]] == ["support", "checkout", "app"]
    assert run(["journey", file, "--touchpoint", "stay/app"]) == 0
    assert "nobody is asked about it" in capsys.readouterr().out
    assert run(["journey", file, "-o", str(tmp_path / "journey.svg")]) == 0
    assert "<svg" in (tmp_path / "journey.svg").read_text()


def test_journey_says_what_is_wrong(rated, tmp_path, capsys):
    file = write(tmp_path / "journey.csv", made(100))
    assert run(["journey", file, "--touchpoint", "app"]) == 2
    assert "STAGE/TOUCHPOINT" in capsys.readouterr().err
    assert run(["journey", rated]) == 2
    assert "no column 'touchpoint'" in capsys.readouterr().err
    assert run(["journey", file, "--by", "segment", "-o", str(tmp_path / "a.svg")]) == 2


def test_whatif_gives_the_fields_of_the_contract(rated, capsys):
    found = json_of(
        capsys, "whatif", rated, "--set", "d0=+0.5", "--segment", "s0", "--reach", "0.8",
        "--success", "0.9", "--cost", "10000", "--customer-count", "5000", "--value-of-move", "300",
    )  # fmt: skip
    (row,) = found["results"]
    assert row["group"] == {"segment": "s0"}
    assert row["low_points"] <= row["effect_points"] <= row["high_points"]
    assert row["money_low"] <= row["money"] <= row["money_high"]
    assert 0 < row["p_pays_back"] <= row["p_positive"] < 1
    assert row["kappa_initiatives"] == 0


def test_whatif_learns_from_finished_initiatives(rated, tmp_path, capsys):
    columns = {"expected_points": [10, 8], "measured_points": [2, 1.5], "standard_error": [1, 1]}
    file = write(tmp_path / "finished.csv", columns)
    found = json_of(capsys, "whatif", rated, "--set", "d0=0,5", "--finished", file)
    assert found["results"][0]["kappa_mean"] < 0.4
    assert run(["whatif", rated, "--set", "d0=0.5", "--finished", file]) == 0
    shown = capsys.readouterr().out
    assert "learnt from 2 finished initiatives" in shown
    assert "as nobody rates above 5" in shown


def test_whatif_draws_every_segment(rated, tmp_path):
    target = tmp_path / "outcomes.svg"
    assert run(["whatif", rated, "--set", "d0=0.5", "--by", "segment", "-o", str(target)]) == 0
    assert "<svg" in target.read_text()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--set", "d0"], "DRIVER=STEPS"),
        (["--set", "d0=much"], "DRIVER=STEPS"),
        (["--set", "x=1"], "no measured driver 'x'"),
        (["--set", "d0=1", "--segment", "z"], "no segment 'z'"),
        (["--set", "d0=1", "--customer-count", "9"], "--customers and --values"),
        (["--set", "d0=1", "--reach", "2"], "0<=x<=1"),
        (["--set", "d0=1", "--min-answers", "9999"], "Fewer than 9999 answers"),
    ],
)
def test_whatif_says_what_is_wrong(rated, capsys, more, sentence):
    assert run(["whatif", rated, *more]) in (1, 2)
    assert sentence in capsys.readouterr().err


def test_whatif_says_which_column_a_segment_needs(tmp_path, capsys):
    columns = {name: cells for name, cells in answers(60, [0.5]).items() if name != "segment"}
    file = write(tmp_path / "plain.csv", columns)
    assert run(["whatif", file, "--set", "d0=1", "--segment", "z"]) == 2
    assert "name it with --by" in capsys.readouterr().err


@pytest.mark.parametrize(
    "columns",
    [
        {"expected": [1]},
        {"expected_points": ["x"], "measured_points": [1], "standard_error": [1]},
        {"expected_points": [0], "measured_points": [1], "standard_error": [1]},
    ],
)
def test_whatif_says_what_finished_initiatives_lack(rated, tmp_path, capsys, columns):
    file = write(tmp_path / "finished.csv", columns)
    assert run(["whatif", rated, "--set", "d0=1", "--finished", file]) in (1, 2)
    assert "needs a" in capsys.readouterr().err.replace("needs an", "needs a")


def test_whatif_prices_points_with_the_companys_values(tmp_path, capsys):
    assert run(["simulate", "-o", str(tmp_path / "company"), "--customers", "4000"]) == 0
    folder = tmp_path / "company"
    files = {one.stem: str(one) for one in folder.iterdir()}
    capsys.readouterr()
    found = json_of(
        capsys, "whatif", files["responses"], "--set", "waiting=+0.5", "--segment", "families",
        "--customers", files["customers"], "--values", files["values"],
    )  # fmt: skip
    (row,) = found["results"]
    assert row["money"] > 0
