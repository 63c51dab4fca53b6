"""B15: how long a person waits for the command line."""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import Figure, in_turn


def run(size: str) -> list[Figure]:
    """Time whole processes."""
    del size
    command = [sys.executable, "-m", "emptychair"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "small.csv")
        file.write_text("score,unit\n" + "".join(f"{n % 11},u{n % 3}\n" for n in range(200)))
        taken = in_turn(
            {
                "help": lambda: _run([*command, "--help"]),
                "score": lambda: _run([*command, "score", str(file), "--by", "unit"]),
                "python": lambda: _run([sys.executable, "-c", "pass"]),
            }
        )
    return [
        Figure("B15", "emptychair --help", taken["help"], "s", at_most=0.3),
        Figure("B15", "emptychair score small.csv", taken["score"], "s", at_most=1.5),
        Figure("B15", "python -c pass, for comparison", taken["python"], "s"),
    ]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
