"""Marks that processes share."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from emptychair.programme.lib import marks
from emptychair.programme.lib.marks import Mark, Marks

ONE_MORE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "emptychair.programme.settings"
from pathlib import Path
from django.conf import settings
settings.DATA, settings.ADDRESS_KEY = Path(sys.argv[1]), "key"
from emptychair.programme.lib.marks import Mark, Marks
shared = Marks("some.marks", 100)
for _ in range(2_000):
    shared.update("a", lambda before: Mark(0.0, 1 + (before.value if before else 0)))
"""


@pytest.fixture
def shared(tmp_path: Path, settings: object) -> Marks:
    settings.DATA, settings.ADDRESS_KEY = tmp_path, "key"  # type: ignore[attr-defined]
    return Marks("some.marks", 100)


def test_processes_that_count_at_once_lose_no_count(shared: Marks, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", ONE_MORE, str(tmp_path)]
    counting = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in counting] == [0, 0]
    assert shared.get("a") == Mark(0.0, 4_000)
    assert shared.get("b") is None


def test_the_oldest_makes_room_and_the_newest_stays(shared: Marks) -> None:
    for number in range(500):
        shared.update(str(number), lambda _, at=number: Mark(float(at), at))  # type: ignore[misc]
        assert shared.get(str(number)) == Mark(float(number), number)
    kept = [number for number in range(500) if shared.get(str(number))]
    assert 80 < len(kept) <= 100
    assert min(kept) > 250


def test_it_keeps_no_key_in_the_clear(shared: Marks, tmp_path: Path) -> None:
    shared.update("192.0.2.7", lambda _: Mark(1.0, 7))
    assert b"192.0.2.7" not in (tmp_path / "some.marks").read_bytes()
    assert (tmp_path / "some.marks").stat().st_size == 3_200


def test_marks_from_before_the_machine_was_started_anew_are_gone(shared: Marks) -> None:
    shared.update("a", lambda _: Mark(time.monotonic() + 1_000, 7))
    assert shared.get("a") is None


def test_a_file_that_is_there_already_is_taken_over(shared: Marks) -> None:
    shared.update("a", lambda _: Mark(1.0, 2**64 - 1))
    assert marks.Marks("some.marks", 100).get("a") == Mark(1.0, 2**64 - 1)
