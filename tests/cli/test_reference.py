from pathlib import Path

import pytest
from tools import command_reference, table_reference

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize(
    ("name", "made"), [("cli.md", command_reference), ("tables.md", table_reference)]
)
def test_the_reference_is_in_step(name, made):
    expected = "\n".join(made.lines()) + "\n"
    assert (FOLDER / name).read_text(encoding="utf-8") == expected, "Run: ./run documents"
