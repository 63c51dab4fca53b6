"""compare, monitor, reliability and sample, as a user calls them."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from emptychair.cli import run

A = [3] * 12 + [7] * 9 + [10] * 15
B = [3] * 8 + [7] * 10 + [10] * 30
FIELDS = {
    "compare": {
        "a", "b", "difference_points", "low_points", "high_points", "p_value", "verdict",
        "mix_points", "rate_points",
    },
    "monitor": {
        "group", "direction", "alarm_at", "change_at", "evidence", "mean_days_to_false_alarm",
    },
    "reliability": {
        "grade", "reasons", "asked", "delivered", "answered", "response_rate", "coverage",
        "raw_points", "weighted_points", "low_points", "high_points", "design_effect",
        "r_indicator", "tipping_points", "bounds", "needed_for_5_points",
    },
    "sample": {"stratum", "needed", "allocation"},
}  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def answers_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run([*words, "--json"]) == 0
    envelope = json.loads(capsys.readouterr().out)
    assert set(envelope) == {"method", "version", "inputs", "excluded", "results"}
    for row in envelope["results"]:
        assert set(row) >= FIELDS[words[0]]
    return envelope


@pytest.fixture
def groups(tmp_path: Path) -> str:
    rows = [{"unit": "A", "size": i % 2, "score": s} for i, s in enumerate(A)]
    rows += [{"unit": "B", "size": i % 3, "score": s} for i, s in enumerate(B)]
    return write(tmp_path / "groups.csv", rows)


@pytest.fixture
def periods(tmp_path: Path) -> str:
    rows = [
        {
            "customer_id": f"c{i}", "unit": "XY"[i % 2], "answered_on": day, "score": score
        }
        for day, scores in (("2025-01-15", A), ("2025-03-15", A[::-1]))
        for i, score in enumerate(scores)
    ]  # fmt: skip
    return write(tmp_path / "periods.csv", rows)


def test_it_compares_two_groups_as_n16(groups, capsys):
    (row,) = answers_json(capsys, "compare", groups, "--by", "unit")["results"]
    assert (row["a"], row["b"]) == ("A", "B")
    assert row["difference_points"] == pytest.approx(37.5)
    assert row["low_points"] == pytest.approx(1.63237830, abs=5e-4)
    assert row["high_points"] == pytest.approx(70.92969255, abs=5e-4)
    assert row["p_value"] == pytest.approx(0.0403155, abs=1e-6)
    assert row["verdict"] == "higher"
    assert row["mix_points"] is None


def test_it_splits_the_difference_into_mix_and_rate(groups, capsys):
    (row,) = answers_json(capsys, "compare", groups, "--by", "unit", "--mix", "size")["results"]
    assert row["mix_points"] + row["rate_points"] == pytest.approx(row["difference_points"])


def test_it_says_the_verdict_in_words(groups, capsys):
    assert run(["compare", groups, "--by", "unit", "--mix", "size"]) == 0
    printed = capsys.readouterr().out
    assert "NPS is higher in B than in A." in printed
    assert "another mix of customers" in printed
    assert run(["compare", groups, "--by", "unit", "--confidence", "0.99"]) == 0
    assert "No clear difference" in capsys.readouterr().out


def test_it_compares_periods_in_all_and_by_group(periods, capsys):
    rows = answers_json(capsys, "compare", periods, "--before", "2025-03-01", "--by", "unit")[
        "results"
    ]
    assert [row["group"] for row in rows] == [{}, {"unit": "X"}, {"unit": "Y"}]
    assert rows[0]["difference_points"] == pytest.approx(0.0)
    assert rows[0]["design"] == "overlapping"
    assert run(["compare", periods, "--before", "2025-03-01", "--by", "unit"]) == 0
    assert "0 of 3 differences" in capsys.readouterr().out


def test_it_follows_the_same_customers(periods, capsys):
    (row,) = answers_json(capsys, "compare", periods, "--before", "2025-03-01", "--paired")[
        "results"
    ]
    assert (row["n_a"], row["design"]) == (36, "paired")
    assert run(["compare", periods, "--before", "2025-03-01", "--paired"]) == 0
    assert "No clear difference" in capsys.readouterr().out


def test_it_says_when_paired_customers_rose(tmp_path, capsys):
    rows = [
        {"customer_id": f"c{i}", "answered_on": day, "score": score}
        for day, score in (("2025-01-15", 3), ("2025-03-15", 10))
        for i in range(30)
    ]
    file = write(tmp_path / "rose.csv", rows)
    assert run(["compare", file, "--before", "2025-03-01", "--paired"]) == 0
    assert "same customers scored higher" in capsys.readouterr().out


def test_it_shows_no_figure_of_too_few_answers(tmp_path, capsys):
    file = write(tmp_path / "few.csv", [{"unit": u, "score": s} for u, s in (("A", 1), ("B", 9))])
    (row,) = answers_json(capsys, "compare", file, "--by", "unit")["results"]
    assert row["difference_points"] is None
    assert row["a_points"] is None
    assert row["low_points"] is not None
    assert row["verdict"] == "too_few_answers"
    assert run(["compare", file, "--by", "unit"]) == 0
    assert "too few answers on one side" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Say what to compare"),
        (["--by", "unit", "--by", "size"], "Say what to compare"),
        (["--by", "unit", "--paired"], "it needs --before"),
        (["--before", "2025-01-01", "--against", "A"], "does not go with --before"),
        (["--before", "2025-01-01", "--paired", "--mix", "size"], "neither --mix nor --weight"),
        (["--by", "unit", "--against", "Z"], "no group 'Z'"),
        (["--by", "region"], "region"),
    ],
)
def test_it_says_what_is_wrong_with_a_comparison(groups, capsys, options, sentence):
    assert run(["compare", groups, *options]) == 2
    assert sentence in capsys.readouterr().err


@pytest.fixture
def falling(tmp_path: Path) -> str:
    start, rows = date(2025, 1, 1), []
    for day in range(100):
        scores = [3] * 15 + [7] * 9 + [10] * 6 if day >= 60 else [3] * 6 + [7] * 9 + [10] * 15
        rows += [
            {"answered_on": (start + timedelta(days=day)).isoformat(), "unit": "A", "score": score}
            for score in scores
        ]
    return write(tmp_path / "falling.csv", rows)


def test_it_dates_a_real_fall(falling, capsys):
    envelope = answers_json(
        capsys, "monitor", falling, "--by", "unit", "--baseline-until", "2025-02-15"
    )
    down, up = envelope["results"]
    assert (down["direction"], down["group"]) == ("down", {"unit": "A"})
    assert down["change_at"] == "2025-03-02"
    assert down["alarm_at"] > down["change_at"]
    assert up["alarm_at"] is None
    assert down["mean_days_to_false_alarm"] == 3650
    assert run(["monitor", falling, "--by", "unit", "--baseline-until", "2025-02-15"]) == 0
    assert "NPS of A fell: most plausibly on 2025-03-02" in capsys.readouterr().out


def test_it_stays_quiet_without_a_change(falling, capsys):
    assert run(["monitor", falling, "--where", "answered_on < '2025-03-01'"]) == 0
    assert "No real change" in capsys.readouterr().out


def test_it_gates_a_thin_baseline(falling, capsys):
    envelope = answers_json(
        capsys, "monitor", falling, "--baseline-until", "2025-01-01", "--min-answers", "40"
    )
    assert envelope["results"][0]["baseline_points"] is None


def test_it_needs_answers_to_watch(falling, capsys):
    assert run(["monitor", falling, "--baseline-until", "2024-01-01"]) == 1
    assert "no baseline" in capsys.readouterr().err


@pytest.fixture
def base(tmp_path: Path) -> tuple[str, str, str]:
    customers, responses, invitations = [], [], []
    for i in range(1200):
        large = i % 2 == 0
        contactable = ("ja", "nej")[i % 10 == 0]
        row = {"customer_id": f"c{i}", "segment_size": ("small", "large")[large]}
        customers.append({**row, "contactable": contactable, "attr_age": 20 + i % 60})
        answers = i % 4 == 0 or i % 20 == 1
        if answers:
            score = 10 if large else (3, 7)[i % 3 == 0]
            responses.append({"customer_id": f"c{i}", "score": score})
        outcome = "answered" if answers else ("delivered", "bounced")[i % 30 == 7]
        invitations.append({"invitation_id": f"i{i}", "customer_id": f"c{i}", "outcome": outcome})
    return (
        write(tmp_path / "responses.csv", responses),
        write(tmp_path / "customers.csv", customers),
        write(tmp_path / "invitations.csv", invitations),
    )


def test_it_grades_and_says_why(base, capsys):
    responses, customers, invitations = base
    words = ["reliability", responses, "--customers", customers, "--invitations", invitations]
    (row,) = answers_json(capsys, *words)["results"]
    assert row["asked"] == 1200
    assert row["answered"] == 360
    assert row["response_rate"] == pytest.approx(360 / row["delivered"])
    assert row["coverage"] == pytest.approx(0.9)
    assert row["weighted_points"] < row["raw_points"] - 10
    assert row["bounds"][0] < row["low_points"] < row["high_points"] < row["bounds"][1]
    assert row["reasons"][0]["grade"] == row["grade"]
    assert run(words) == 0
    printed = capsys.readouterr().out
    assert "the raw score misleads" in printed
    assert "If all who did not answer were detractors" in printed


def test_it_grades_each_group_with_chosen_traits(base, capsys):
    responses, customers, _ = base
    envelope = answers_json(
        capsys, "reliability", responses, "--customers", customers, "--by", "segment_size",
        "--traits", "attr_age", "--min-answers", "100",
    )  # fmt: skip
    large, small = envelope["results"]
    assert (large["group"], small["group"]) == (
        {"segment_size": "large"},
        {"segment_size": "small"},
    )
    assert large["raw_points"] == 100
    assert small["raw_points"] is None
    assert run(["reliability", responses, "--customers", customers, "--by", "segment_size",
                "--min-answers", "100"]) == 0  # fmt: skip
    printed = capsys.readouterr().out
    assert "too few answers" in printed
    assert "small: [" in printed


def test_it_needs_the_customers(base, capsys):
    responses, _, invitations = base
    assert run(["reliability", responses]) == 2
    assert "--customers" in capsys.readouterr().err
    assert run(["reliability", responses, "--customers", invitations]) in (0, 1)
    assert run(["reliability", responses, "--customers", "nowhere.csv"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


def test_it_plans_a_sample(capsys):
    (row,) = answers_json(capsys, "sample", "--precision", "5")["results"]
    assert row["needed"] == 922
    (row,) = answers_json(capsys, "sample", "--detect", "10", "--deviation", "0.78")["results"]
    assert row["needed"] == 956


def test_it_spreads_a_budget(tmp_path, capsys):
    strata = tmp_path / "strata.csv"
    strata.write_text("stratum;customers;deviation\na;4000;0,85\nb;2500;0,7\nc;900;0,5\n")
    words = ["sample", "--budget", "600", "--strata", str(strata), "--response-rate", "0.04"]
    rows = answers_json(capsys, *words)["results"]
    assert [row["allocation"] for row in rows] == pytest.approx(
        [364.2857, 187.5, 48.2143], abs=1e-4
    )
    assert run(words) == 0
    assert "Too small for what is wanted: a, b, c." in capsys.readouterr().out


def test_it_takes_one_deviation_for_all_strata(tmp_path, capsys):
    strata = tmp_path / "strata.csv"
    strata.write_text("stratum,customers\na,100\nb,300\n")
    words = ("sample", "--budget", "40", "--strata", str(strata))
    rows = answers_json(capsys, *words)["results"]
    assert [row["allocation"] for row in rows] == pytest.approx([10, 30])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("stratum,size\na,1\n", "customers"), ("stratum,customers\na,many\n", "row 1")],
)
def test_it_says_what_is_wrong_with_strata(tmp_path, capsys, text, sentence):
    strata = tmp_path / "strata.csv"
    strata.write_text(text)
    assert run(["sample", "--budget", "40", "--strata", str(strata)]) in (1, 2)
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [[], ["--precision", "5", "--detect", "10"], ["--budget", "100"]]
)
def test_it_says_what_a_plan_needs(capsys, options):
    assert run(["sample", *options]) == 2
    assert "Give" in capsys.readouterr().err


def test_it_writes_csv_of_a_comparison(groups, capsys):
    assert run(["compare", groups, "--by", "unit", "--csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert float(row["difference_points"]) == pytest.approx(37.5)


def test_it_draws_every_result(groups, falling, base, tmp_path):
    answers, customers, invitations = base
    commands = [
        ["compare", groups, "--by", "unit"],
        ["monitor", falling],
        ["reliability", answers, "--customers", customers, "--invitations", invitations],
        ["sample", "--precision", "5"],
        ["sample", "--detect", "10"],
    ]
    for command in commands:
        picture = tmp_path / "picture.svg"
        assert run([*command, "-o", str(picture)]) == 0
        assert picture.read_text().startswith("<svg")
        picture.unlink()
    strata = write(tmp_path / "strata.csv", [{"stratum": "A", "customers": 900}])
    assert run(["sample", "--strata", strata, "--budget", "90", "-o", str(picture)]) == 0
    by_size = [*commands[2], "--by", "segment_size", "-o", str(picture)]
    assert run(by_size) == 2
