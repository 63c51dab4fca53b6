"""Reference values made by other software; kept beside the checkout, not in it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "reference"


def reference_json(name: str) -> Any:
    return json.loads(_file(name).read_text())


def reference_rows(name: str) -> list[dict[str, str]]:
    with _file(name).open(newline="") as lines:
        return list(csv.DictReader(lines))


def _file(name: str) -> Path:
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"needs ../shared/reference/{name}")
    return path
