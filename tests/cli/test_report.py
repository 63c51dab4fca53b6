"""`emptychair report`: a page is written, and wrong use is one sentence."""

import pytest

from emptychair.cli import run


@pytest.fixture
def answers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "store_answers.csv"
    path.write_text("betyg,butik\n" + "10,Lund\n3,Malmö\n" * 20, encoding="utf-8")
    return path


def test_report_writes_the_page_that_was_asked_for(answers, tmp_path, capsys):
    page = tmp_path / "board.html"
    assert (
        run(["report", str(answers), "-o", str(page), "--lang", "sv", "--title", "Styrelsen"]) == 0
    )
    assert "Styrelsen" in page.read_text(encoding="utf-8")
    assert capsys.readouterr().err == f"Wrote {page}.\n"


def test_report_names_the_page_after_the_file(answers, tmp_path):
    assert run(["report", str(answers)]) == 0
    assert "<h1>Store answers</h1>" in (tmp_path / "store_answers.html").read_text(encoding="utf-8")


def test_report_refuses_a_column_that_is_not_there(answers, capsys):
    assert run(["report", str(answers), "--by", "region"]) == 2
    assert "region" in capsys.readouterr().err


def test_report_refuses_a_language_it_does_not_have(answers, capsys):
    assert run(["report", str(answers), "--lang", "fi"]) == 2
    assert "'fi'" in capsys.readouterr().err


def test_report_says_when_the_page_cannot_be_written(answers, capsys):
    assert run(["report", str(answers), "-o", "missing/page.html"]) == 2
    assert "missing/page.html: No such file or directory." in capsys.readouterr().err
