"""`emptychair score`, `trend` and `simulate` on files as people have them."""

import json

import pytest

from emptychair.cli import run


@pytest.fixture
def answers(tmp_path):
    lines = ["Betyg;Enhet;Datum;Kommentar"]
    for number in range(60):
        unit = "Malmö" if number % 3 else "Åre"
        lines.append(
            f"{(10, 8, 3, 9)[number % 4]};{unit};{number % 28 + 1:02d}-0{number % 3 + 1}-2026;ok"
        )
    lines += ["11;Lund;01-01-2026;", ";Lund;;", "9;Lund;sometime;", "9,5;Lund;01-01-2026;"]
    path = tmp_path / "answers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="cp1252")
    return str(path)


def json_of(capsys, *words):
    code = run([*words, "--json"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return json.loads(captured.out)


def test_score_in_json(answers, capsys):
    found = json_of(capsys, "score", answers)
    assert found["method"] == "score_interval"
    assert found["excluded"] == {"score_missing": 1, "score_not_whole": 1, "score_out_of_range": 1}
    assert found["inputs"]["rows"] == 64
    assert found["inputs"]["mapping"]["score"] == "Betyg"
    assert found["inputs"]["warnings"] == {"date_unreadable": 1}
    row = found["results"][0]
    # 61 answers: 31 promoters (15 tens, 16 nines), 15 passives, 15 detractors.
    assert (row["group"], row["n"]) == ({}, 61)
    assert (row["promoters"], row["passives"], row["detractors"]) == (31, 15, 15)
    assert row["nps_points"] == pytest.approx(100 * 16 / 61)
    assert row["low_points"] < row["nps_points"] < row["high_points"]


def test_score_by_group_where_and_period(answers, capsys):
    found = json_of(
        capsys, "score", answers, "--by", "Enhet", "--where", "Betyg <= 9", "--period", "2026-02"
    )
    assert found["inputs"]["by"] == ["unit"]
    assert {row["group"]["unit"] for row in found["results"]} == {"Malmö"}
    assert found["excluded"]["date_missing"] == 1


def test_a_period_of_answers_that_all_have_a_date_leaves_out_nothing(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("score,date\n9,2026-01-02\n8,2026-02-02\n")
    found = json_of(capsys, "score", str(path), "--period", "2026-01")
    assert (found["excluded"], found["results"][0]["n"]) == ({}, 1)


def test_a_score_of_few_answers_is_not_given(answers, capsys):
    found = json_of(capsys, "score", answers, "--by", "unit")
    lund = next(row for row in found["results"] if row["group"]["unit"] == "Lund")
    assert (lund["n"], lund["nps_points"]) == (1, None)
    assert lund["low_points"] is not None
    given = json_of(capsys, "score", answers, "--by", "unit", "--min-answers", "1")
    assert all(row["nps_points"] is not None for row in given["results"])


def test_score_for_people_says_how_the_file_was_read(answers, capsys):
    assert run(["score", answers, "--by", "unit"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "unit",
        "answers",
        "promoters",
        "passives",
        "detractors",
        "NPS",
        "low",
        "high",
    ]
    assert lines[1].startswith("Lund   1        1          0         0           too few answers")
    assert lines[2].split()[:2] == ["Malmö", "40"]
    # Twenty answers: an interval, and no score to take for more than it is.
    assert len(lines[3].split()) == 7
    assert "Columns: score from 'Betyg', answered_on from 'Datum'" in lines[4]
    assert "Left out of 64 rows:" in lines
    assert "  1 with a score outside 0 to 10 (row 62 of Betyg: '11')" in lines
    assert "  1 without a score (row 63 of Betyg: empty)" in lines
    assert "Note: 1 dates could not be read (row 64 of Datum: 'sometime')." in lines


def test_a_long_cell_is_cut_in_the_notes(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("score,unit\n9,A\n" + "x" * 100 + ",B\n")
    assert run(["score", str(path)]) == 0
    assert "row 3 of score: '" + "x" * 37 + "...'" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nps.svg", "nps.png", "nps.html", "nps.json", "nps.csv"])
@pytest.mark.parametrize("by", [[], ["--by", "unit"]])
def test_score_is_written_in_the_form_asked_for(answers, tmp_path, name, by):
    path = tmp_path / name
    assert run(["score", answers, *by, "-o", str(path)]) == 0
    start = path.read_bytes()[:200]
    marks = {
        "svg": b"<svg",
        "png": b"\x89PNG",
        "html": b"<!doctype html>",
        "json": b"{",
        "csv": b"\xef\xbb\xbf",
    }
    assert start.startswith(marks[name[4:]])


def test_trend_in_json(answers, capsys):
    found = json_of(capsys, "trend", answers, "--every", "month")
    assert found["inputs"]["every"] == "month"
    assert [(row["period"], row["n"]) for row in found["results"]] == [
        ("2026-01-01", 20), ("2026-02-01", 20), ("2026-03-01", 20)
    ]  # fmt: skip
    row = found["results"][0]
    assert row["sequence_low_points"] < row["low_points"] < row["high_points"]


def test_trend_by_group_for_people_and_as_a_picture(answers, tmp_path, capsys):
    assert run(["trend", answers, "--by", "unit", "--every", "quarter"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["unit", "period", "answers"]
    assert lines[1].split()[:3] == ["Malmö", "2026-01-01", "40"]
    assert run(["trend", answers, "-o", str(tmp_path / "trend.svg")]) == 0
    assert run(["trend", answers, "--by", "unit", "-o", str(tmp_path / "trend.svg")]) == 2
    assert "leave out --by" in capsys.readouterr().err


def test_no_answer_that_counts_is_no_result(tmp_path, answers, capsys):
    path = tmp_path / "none.csv"
    path.write_text("score\nx\n")
    assert run(["score", str(path)]) == 1
    assert capsys.readouterr().err == (
        "Error: No answer is left to compute from. Rows read: 1; left out: 1 score_not_a_number.\n"
    )
    path.write_text("score\n")
    assert run(["score", str(path)]) == 1
    assert "Rows read: 0; left out: none." in capsys.readouterr().err
    assert run(["score", answers, "--where", "score > 10"]) == 1
    assert "that --where and --period choose" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--by", "region"], "There is no column 'region'"),
        (["--where", "score ="], "is no condition"),
        (["--period", "soon"], "is no period"),
        (["--timezone", "Mars"], "No time zone"),
        (["--engine", "abacus"], "No engine is known by 'abacus'"),
        (["--encoding", "utf-8"], "is not text in utf-8"),
        (["--map", "score=Karakter"], "no column 'Karakter'"),
        (["-o", "nps.pdf"], "must end in .json"),
    ],
)
def test_an_option_that_does_not_fit_is_wrong_use(answers, capsys, words, sentence):
    assert run(["score", answers, *words]) == 2
    assert sentence in capsys.readouterr().err


def test_simulate_writes_a_company_and_says_what_is_true(tmp_path, capsys):
    folder = tmp_path / "company"
    words = ["simulate", "-o", str(folder), "--customers", "300", "--days", "90"]
    assert run([*words, "--until", "2026-06-30", "--seed", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert f"true NPS of all customers: {truth['base']['nps_points']:+.1f}" in lines[-1]
    assert truth["until"] == "2026-06-30"
    assert truth["seed"] == 4
    assert run(["score", str(folder)]) == 0


def test_simulate_shows_its_parameters_and_takes_them_back(tmp_path, capsys):
    assert run(["simulate", "--show-config"]) == 0
    text = capsys.readouterr().out
    path = tmp_path / "company.toml"
    path.write_text(text.replace('name = "Nordhem"', 'name = "Fjord"'), encoding="utf-8")
    words = ["simulate", "-o", str(tmp_path / "x"), "--config", str(path), "--customers", "50"]
    assert run([*words, "--days", "40"]) == 0
    truth = json.loads((tmp_path / "x" / "truth.json").read_text(encoding="utf-8"))
    assert truth["company"] == "Fjord"
    path.write_text("customers = 1")
    assert run(words) == 2
    assert "lacks 'name'" in capsys.readouterr().err
