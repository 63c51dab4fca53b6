"""themes, as a user calls it."""

import json
from pathlib import Path

import pytest
from pyarrow import parquet

from emptychair.cli import run


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("answers") / "answers.csv"
    comments = {
        "Alldeles för dyrt": 2, "Kaffemaskinerna är av": 3, "Kaffemaskinen var upptagen": 4,
        "Trevlig personal": 10, "Virkelig venligt personale, mvh Anna Berg": 9, "👍": 10, "": 8,
        "For dyrt": 6,
    }  # fmt: skip
    lines = [
        f'c{i},{score},"{comment}",{"N" if i % 2 else "S"}'
        for i, (comment, score) in enumerate(list(comments.items()) * 12)
    ]
    path.write_text("customer_id,score,comment,unit\n" + "\n".join(lines), encoding="utf-8")
    return str(path)


def test_it_says_what_comments_are_about(file, capsys):
    assert run(["themes", file, "--discover", "--json"]) == 0
    envelope = json.loads(capsys.readouterr().out)
    rows = {row["label"]: row for row in envelope["results"]}
    price = rows["Price"]
    assert set(price) >= {
        "theme", "label", "languages", "n", "share", "nps_points", "impact_points", "impact_low",
        "impact_high", "sentiment", "quotes", "without_points", "verdict",
    }  # fmt: skip
    assert (price["theme"], price["n"], price["nps_points"]) == ("price", 24, -100.0)
    assert rows["Staff friendliness"]["impact_points"] > 0
    assert rows["Staff friendliness"]["quotes"] == [
        "Virkelig venligt personale, mvh [name]",
        "Trevlig personal",
    ]
    assert any(row["verdict"] == "discovered" and "kaffe" in row["label"] for row in rows.values())


def test_it_shows_a_table_with_what_it_may_say(file, capsys):
    assert run(["themes", file, "--discover", "--by", "unit", "--min-answers", "20"]) == 0
    printed = capsys.readouterr().out
    assert "too few" in printed
    assert "go along with" in printed
    assert "Comments without a theme share: kaffe" in printed
    assert "themes are not mentioned" in printed


def test_it_writes_columns_and_pictures(file, capsys, tmp_path):
    table: Path = tmp_path / "read.parquet"
    assert run(["themes", file, "-o", str(table), "--csv"]) == 0
    assert parquet.read_table(table)["theme_price"].to_pylist().count(1) == 24
    picture: Path = tmp_path / "themes.svg"
    assert run(["themes", file, "-o", str(picture)]) == 0
    assert picture.read_text().startswith("<svg")
    assert run(["themes", file, "-o", str(picture), "--by", "unit"]) == 2
    assert "leave out --by" in capsys.readouterr().err


def test_it_takes_the_companys_own_themes(file, capsys, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[coffee]\nnames = { en = "Coffee" }\nsv = "kaffemaskin*"\n')
    assert run(["themes", file, "--taxonomy", str(own), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert (row["theme"], row["n"]) == ("coffee", 24)
    own.write_text("[coffee]\nsv = 'x*'\n")
    assert run(["themes", file, "--taxonomy", str(own)]) == 2
    assert "two letters" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("score\n9\n", "There is no column 'comment'"),
        ("score,comment\n9,👍\n", "no theme can be told"),
    ],
)
def test_it_says_when_there_is_nothing_to_read(rows, said, capsys, tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(rows, encoding="utf-8")
    assert run(["themes", str(path)]) in (1, 2)
    assert said in capsys.readouterr().err
