"""The frame of every command: help, errors, exit codes, and the forms of a result."""

import csv
import io
import json
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import click
import numpy as np
import pytest

from emptychair import cli
from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.tables import Example
from emptychair.cli import output
from emptychair.cli.output import Result, emit, plain, to_csv
from emptychair.cli.progress import Progress


def test_help_lists_every_command_and_imports_none():
    code = (
        "import sys; from emptychair.cli import run; run(['--help']); "
        "print([m for m in ('ibis', 'numpy', 'django', 'rich') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.endswith("[]\n")
    for name in cli.COMMANDS:
        assert f"\n  {name} " in found.stdout


def test_help_is_printed_without_a_command(capsys):
    assert cli.run(["--help"]) == 0
    assert "Commands:\n  score" in capsys.readouterr().out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_and_debug(name, capsys):
    assert cli.run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: emptychair {name}")
    assert cli.group.get_command(click.Context(cli.group), name).help


def test_the_group_knows_its_commands_and_no_others():
    context = click.Context(cli.group)
    assert cli.group.list_commands(context) == list(cli.COMMANDS)
    assert cli.group.get_command(context, "nothing") is None


def test_version_is_shown(capsys):
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"emptychair {output.version()}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scor"], "There is no command 'scor'. Did you mean 'score'?"),
        (["zzzz"], "There is no command 'zzzz'.\n"),
        (["--nothing"], "No such option"),
        (["score"], "Missing argument 'FILE'"),
        (["score", "x.csv", "--map", "score"], "'score' is not of the form FIELD=COLUMN"),
        (["score", "x.csv", "--confidence", "95"], "is not in the range 0<x<1"),
        (["score", "missing.csv"], "Error: There is no file 'missing.csv'."),
    ],
)
def test_wrong_use_is_a_sentence_and_ends_with_2(words, sentence, capsys):
    assert cli.run(words) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.out == ""


def fail_with(monkeypatch, error):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(cli.group, "main", fail)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (click.Abort(), 130, "Stopped.\n"),
        (
            PermissionError(13, "Permission denied", "/x/y.csv"),
            2,
            "Error: /x/y.csv: Permission denied.\n",
        ),
        (OSError(28, "No space left on device"), 2, "Error: No space left on device.\n"),
        (KeyError("surprise"), 1, "something went wrong inside Empty Chair (KeyError: 'surprise')"),
        (RuntimeError(""), 1, "(RuntimeError: )"),
    ],
)
def test_no_traceback_reaches_a_user(monkeypatch, capsys, error, code, sentence):
    fail_with(monkeypatch, error)
    assert cli.run(["score"]) == code
    assert sentence in capsys.readouterr().err


def test_debug_shows_where_an_error_came_from(monkeypatch):
    fail_with(monkeypatch, KeyError("surprise"))
    with pytest.raises(KeyError):
        cli.run(["--debug", "score"])


def test_a_reader_that_leaves_gets_no_traceback():
    code = "from emptychair.cli import main; main(['simulate', '--show-config'])"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    error = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 1
    assert error == ""


def test_main_ends_the_process_with_the_code():
    with pytest.raises(SystemExit) as caught:
        cli.main(["nothing"])
    assert caught.value.code == 2


def test_main_takes_the_words_of_the_process(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["emptychair", "--version"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 0


def test_a_command_gives_its_own_code(monkeypatch):
    monkeypatch.setattr(cli.group, "main", lambda *words, **options: 1)
    assert cli.run(["doctor"]) == 1


RESULT = Result(
    method="some_method",
    inputs={"file": "a.csv"},
    excluded={"score_missing": 2},
    results=[
        {"group": {"unit": "Åre"}, "n": 12, "nps_points": float("nan"), "on": date(2026, 1, 2)},
        {"group": {"unit": "=1+1"}, "n": 3, "nps_points": -5.5, "on": None},
    ],
    headings=("unit", "answers", "NPS"),
    shown=[("Åre", "12", "+1.0"), ("=1+1", "3", "−5.5")],
    notes=("A note.",),
)


def test_json_is_the_envelope_and_never_nan(capsys):
    emit(RESULT, as_json=True)
    envelope = json.loads(capsys.readouterr().out)
    assert envelope == {
        "method": "some_method",
        "version": output.version(),
        "inputs": {"file": "a.csv"},
        "excluded": {"score_missing": 2},
        "results": [
            {"group": {"unit": "Åre"}, "n": 12, "nps_points": None, "on": "2026-01-02"},
            {"group": {"unit": "=1+1"}, "n": 3, "nps_points": -5.5, "on": None},
        ],
    }


def test_csv_puts_groups_beside_numbers_and_holds_no_formula(capsys):
    emit(RESULT, as_csv=True)
    assert capsys.readouterr().out == (
        "unit,n,nps_points,on\r\nÅre,12,,2026-01-02\r\n'=1+1,3,-5.5,\r\n"
    )
    hostile = ["=1", "+46", "-5", "@SUM", "\tx", "\rx"]
    text = to_csv(Result("m", {}, {}, [{"cell": one, "n": -5} for one in hostile]))
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert rows == [["'" + one, "-5"] for one in hostile]


def test_people_get_an_aligned_table_and_the_notes(capsys):
    emit(RESULT)
    assert capsys.readouterr().out == (
        "unit  answers  NPS\nÅre   12       +1.0\n=1+1  3        −5.5\nA note.\n"
    )
    emit(Result("m", {}, {}, []))
    assert capsys.readouterr().out == ""


def test_a_terminal_gets_a_table_with_numbers_to_the_right(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    emit(RESULT)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["unit", "answers", "NPS"]
    assert lines[3].index("12") > lines[1].index("answers")
    emit(Result("m", {}, {}, [], notes=("Nothing.",)))
    assert capsys.readouterr().out == "Nothing.\n"


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.svg"])
def test_a_result_is_written_to_the_file_asked_for(tmp_path, capsys, name):
    path = tmp_path / name
    emit(RESULT, output=str(path), draw=lambda file: file.write_text("<svg/>"))
    captured = capsys.readouterr()
    assert captured.err == f"Wrote {path}.\n"
    assert captured.out == ""
    text = path.read_text(encoding="utf-8-sig")
    assert text.startswith({"json": "{", "csv": "unit,n", "svg": "<svg/>"}[name[2:]])


def test_a_result_can_be_written_and_printed(tmp_path, capsys):
    emit(RESULT, output=str(tmp_path / "a.json"), as_csv=True)
    assert capsys.readouterr().out.startswith("unit,n")


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [(None, r"must end in \.json, \.csv\."), (print, r"\.json, \.csv, \.svg, \.png, \.html\.")],
)
def test_a_file_of_another_kind_is_refused(tmp_path, draw, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        emit(RESULT, output=str(tmp_path / "a.pdf"), draw=draw)


def test_plain_makes_everything_fit_for_json():
    found = plain(
        {
            "example": Example(1, "x", "y"),
            "numbers": (1, 2.5, float("inf"), Decimal("1.50"), np.float64("nan"), np.int64(3)),
            "at": datetime(2026, 1, 2, 3),
            "flag": True,
        }
    )
    assert found == {
        "example": {"row": 1, "value": "x", "column": "y"},
        "numbers": [1, 2.5, None, "1.50", None, 3],
        "at": "2026-01-02T03:00:00",
        "flag": True,
    }


def test_progress_is_silent_where_nobody_watches(capsys):
    with Progress("Reading ...") as shown:
        shown.update("Counting ...")
    assert capsys.readouterr().err == ""


def test_progress_is_shown_on_a_terminal_after_a_while(monkeypatch, capsys):
    from rich.console import Console

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("emptychair.cli.progress._PATIENCE_SECONDS", 0.0)
    said = []

    class Status:
        def __init__(self, what):
            said.append(what)

        def start(self):
            said.append("start")

        def update(self, what):
            said.append(what)

        def stop(self):
            said.append("stop")

    monkeypatch.setattr(Console, "status", lambda self, what: Status(what))
    with Progress("Reading ...") as shown:
        shown._timer.join()
        shown.update("Counting ...")
    assert said == ["Reading ...", "start", "Counting ...", "stop"]
    # A timer that fires after the end shows nothing.
    shown._show()
    assert said[-1] == "stop"


def test_progress_of_something_quick_is_never_shown(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Progress("Reading ...") as shown:
        pass
    assert shown._status is None
