"""economics, growth, movement, movers, behaviour and predict, as a user calls them."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from emptychair.analysis.tables.simulate import load_config, simulate_company, write_company
from emptychair.cli import run

UNTIL = "2026-06-30"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("company")
    made = simulate_company(load_config(customers=2500), seed=4, until=date.fromisoformat(UNTIL))
    write_company(made, folder)
    return str(folder)


def results(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run([*words, "--json"]) == 0
    envelope = json.loads(capsys.readouterr().out)
    assert set(envelope) == {"method", "version", "inputs", "excluded", "results"}
    return envelope["results"]


def figures(*names: str) -> set[str]:
    return {f"{name}{end}" for name in names for end in ("", "_low", "_high", "_adjusted")}


def test_it_says_what_buckets_are_worth(company, capsys):
    command = ["economics", company, "--customers", company, "--values", company,
               "--events", company, "--until", UNTIL]  # fmt: skip
    rows = results(capsys, *command)
    assert [row["bucket"] for row in rows] == ["detractor", "passive", "promoter"]
    wanted = figures("revenue_12m", "margin_12m", "retention_12m", "months_kept", "lifetime_value")
    assert set(rows[0]) >= {"group", "bucket", "n", "value_of_move", *wanted}
    assert rows[2]["revenue_12m"] > rows[0]["revenue_12m"]
    assert rows[0]["revenue_12m_low"] < rows[0]["revenue_12m"] < rows[0]["revenue_12m_high"]
    by = results(
        capsys, *command, "--by", "attr_segment", "--adjust", "tenure_days", "--min-answers", "90"
    )
    assert {row["group"]["attr_segment"] for row in by} == {
        "families",
        "young",
        "seniors",
        "business",
    }
    few = [row for row in by if row["n"] < 90]
    assert few
    assert all(row["revenue_12m"] is None and row["revenue_12m_low"] for row in few)
    assert run([*command, "--by", "attr_segment", "--min-answers", "90"]) == 0
    printed = capsys.readouterr().out
    assert "too few answers" in printed
    assert "go along with" in printed


def test_it_says_how_much_growth_was_earned(company, capsys):
    command = ["growth", "--customers", company, "--values", company, "--referrals", company]
    (row,) = results(capsys, *command)
    assert set(row) >= {
        "period", "earned_growth_rate", "net_revenue_retention", "earned_new_share", "low", "high"
    }  # fmt: skip
    assert row["low"] < row["earned_growth_rate"] < row["high"]
    by = results(capsys, *command, "--every", "quarter", "--by", "attr_level", "--until", UNTIL)
    assert {row["group"]["attr_level"] for row in by} == {"none", "member", "gold"}
    assert run([*command, "--csv"]) == 0
    (line,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert float(line["earned_growth_rate"]) == pytest.approx(row["earned_growth_rate"])
    assert run([*command, "--every", "quarter"]) == 0
    assert "revenue kept" in capsys.readouterr().out


def test_it_says_who_moved(company, capsys):
    command = ["movement", company, "--customers", company, "--values", company, "--until", UNTIL]
    rows = results(capsys, *command)
    assert set(rows[0]) >= {
        "period", "from", "to", "n", "share", "low", "high", "corrected_share", "value"
    }  # fmt: skip
    assert {row["to"] for row in rows} == {"detractor", "passive", "promoter", "silent", "lost"}
    pooled = [row for row in rows if row["period"] == "all"]
    assert len(pooled) == 20
    assert sum(row["share"] for row in pooled if row["from"] == "silent") == pytest.approx(1.0)
    assert run(command) == 0
    assert "customers answered in both periods" in capsys.readouterr().out
    assert run(["movement", company, "--every", "year", "--until", "2024-12-31"]) == 1
    assert "two whole years" in capsys.readouterr().err
    by = results(capsys, *command, "--by", "attr_level")
    assert {row["group"]["attr_level"] for row in by} == {"none", "member", "gold"}
    alone = results(capsys, "movement", company, "--until", UNTIL)
    assert sum(row["n"] for row in alone if row["to"] == "lost") == 0


def test_it_says_how_buckets_behave(company, capsys):
    rows = results(capsys, "behaviour", company, "--events", company)
    assert set(rows[0]) >= {
        "feature", "promoter_mean", "detractor_mean", "contrast", "low", "high", "q_value"
    }  # fmt: skip
    assert rows[0]["q_value"] <= rows[-1]["q_value"]
    by = results(capsys, "behaviour", company, "--events", company, "--by", "attr_segment")
    assert len({row["group"]["attr_segment"] for row in by}) > 1
    assert run(["behaviour", company, "--events", company]) == 0
    assert "features differ" in capsys.readouterr().out


def test_it_says_what_moved_customers(company, capsys, tmp_path):
    rows = results(capsys, "movers", company, "--events", company)
    assert set(rows[0]) >= {
        "direction", "feature", "n", "mover_mean", "other_mean", "contrast", "low", "high",
        "q_value",
    }  # fmt: skip
    assert {row["direction"] for row in rows} == {"up", "down"}
    assert any(row["feature"].startswith("rating_") for row in rows)
    picture = tmp_path / "movers.svg"
    assert run(["movers", company]) == 0
    assert "go along with the move" in capsys.readouterr().out
    assert run(["movers", company, "-o", str(picture)]) == 0
    assert picture.read_text().startswith("<svg")
    assert run(["movers", company, "--by", "language", "-o", str(picture)]) == 2
    assert "leave out --by" in capsys.readouterr().err


def test_it_says_what_the_silent_may_think(company, capsys, tmp_path):
    command = ["predict", company, "--customers", company, "--events", company, "--until", UNTIL]
    (row,) = results(capsys, *command)
    assert set(row) >= {
        "log_loss", "base_log_loss", "brier", "calibration_error", "base_nps_points",
        "low_points", "high_points",
    }  # fmt: skip
    fields = {
        "customer_id", "p_detractor", "p_passive", "p_promoter", "p_detractor_low",
        "p_detractor_high", "set",
    }  # fmt: skip
    assert len(row["customers"]) == row["silent"]
    assert set(row["customers"][0]) == fields
    file = tmp_path / "predictions.parquet"
    (short,) = results(capsys, *command, "--traits", "attr_age", "-o", str(file))
    assert "customers" not in short
    assert set(parquet.read_table(file).column_names) == fields
    assert run([*command, "--csv"]) == 0
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) == row["silent"]
    assert run([*command, "--asked-at-random"]) == 0
    assert "silent customers" in capsys.readouterr().out
    assert run([*command, "--by", "unit"]) == 2
    assert "leave out --by" in capsys.readouterr().err


def test_it_says_when_nothing_can_be_predicted(tmp_path, capsys):
    answers = tmp_path / "answers.csv"
    lines = [f"c{i},2026-06-01,{score}" for i, score in enumerate([9] * 8 + [3] * 4)]
    answers.write_text("customer_id,answered_on,score\n" + "\n".join(lines))
    base = tmp_path / "customers.csv"
    base.write_text("customer_id\n" + "\n".join(f"c{i}" for i in range(15)))
    assert run(["predict", str(answers), "--customers", str(base)]) == 0
    assert "everybody gets these" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["economics", "FILE", "--customers", "FILE", "--values", "FILE", "--until", UNTIL],
        ["growth", "--customers", "FILE", "--values", "FILE", "--referrals", "FILE"],
        ["movement", "FILE", "--customers", "FILE", "--until", UNTIL],
        ["behaviour", "FILE", "--events", "FILE"],
        ["predict", "FILE", "--customers", "FILE", "--until", UNTIL],
    ],
    ids=lambda words: words[0],
)
def test_it_draws_each_result(words, company, capsys, tmp_path):
    picture: Path = tmp_path / "picture.svg"
    chosen = [company if word == "FILE" else word for word in words]
    assert run([*chosen, "-o", str(picture)]) == 0
    assert run(["movers", company, "-o", str(picture)]) == 0
    assert picture.read_text().startswith("<svg")
    if words[0] in ("movement", "behaviour"):
        assert run([*chosen, "--by", "attr_segment", "-o", str(picture)]) == 2
        assert "leave out --by" in capsys.readouterr().err
