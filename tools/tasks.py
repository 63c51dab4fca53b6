"""What `./run COMMAND` does once the environment is there."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import postgres

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def call(*command: str | Path, **environment: str) -> int:
    """Run a command in the project's folder and return its exit code."""
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode


def python(*arguments: str | Path, **environment: str) -> int:
    return call(sys.executable, *arguments, **environment)


def help_(_: Sequence[str]) -> int:
    """Show these commands."""
    for name, task in TASKS.items():
        print(f"./run {name:<14} {(task.__doc__ or '').splitlines()[0]}")
    return 0


def demo(arguments: Sequence[str]) -> int:
    """Show a made-up company in the browser (--port, --data, --customers)."""
    os.execv(sys.executable, [sys.executable, "-m", "emptychair", "demo", *arguments])


def test(arguments: Sequence[str]) -> int:
    """Run all tests; further arguments go to pytest (--quick leaves the slow ones out)."""
    quick = "--quick" in arguments
    chosen = [argument for argument in arguments if argument != "--quick"]
    if chosen:
        return python("-m", "pytest", *chosen)
    if quick:
        return pytest("-m", "not slow and not browser and not spark")
    counted = ("--cov", "--cov-report=")
    steps: list[Callable[[], int]] = [
        lambda: pytest("-m", "not spark", *counted),
        lambda: on_spark(*counted),
        complete_coverage,
        on_postgresql,
    ]
    # Later steps tell more about what an earlier one found.
    failed = [step() for step in steps]
    return 1 if any(failed) else 0


def pytest(*arguments: str | Path, **environment: str) -> int:
    return python(
        "-m", "pytest", "-rs", "-n", "2", "--dist", "worksteal", *arguments, **environment
    )


def on_spark(*arguments: str) -> int:
    """Test the statistics on Spark, in one process: a second cluster would not be faster."""
    print("\nThe statistics on Spark:")
    return python(
        "-m", "pytest", "-rs", "-m", "spark", "--cov-append", *arguments, "tests/analysis"
    )


def complete_coverage() -> int:
    print("\nCoverage of the analysis library must be complete:")
    return python(
        *("-m", "coverage", "report", "--include=*/emptychair/analysis/*", "--fail-under=100"),
        *("--skip-covered", "--show-missing"),
    )


def on_postgresql() -> int:
    """Test the programme once more, on a PostgreSQL server made for the run."""
    if postgres.binaries() is None:
        print(f"\nSkipped on PostgreSQL, which is not installed: {postgres.HOW}")
        return 1 if os.environ.get("CI") else 0
    print("\nThe programme on PostgreSQL:")
    with postgres.server(durable=False) as address:
        # What is slow computes over the warehouse, which is the same for both databases.
        chosen = "not browser and not slow"
        return pytest("src/emptychair/programme", "-m", chosen, DATABASE_URL=address)


def lint(_: Sequence[str]) -> int:
    """Look at style, types, import contracts, migrations, translations and documents."""
    steps: list[Callable[[], int]] = [
        lambda: call(BIN / "ruff", "check", "."),
        lambda: call(BIN / "ruff", "format", "--check", "."),
        lambda: call(BIN / "mypy"),
        lambda: call(BIN / "lint-imports"),
        lambda: python("-m", "django", "makemigrations", "--check", "--dry-run", **SETTINGS),
        lambda: python("tools/translations.py", "check"),
        lambda: python("tools/dependencies.py"),
        lambda: python("tools/documents.py", "--check"),
    ]
    failed = [step() for step in steps]
    return 1 if any(failed) else 0


def check(arguments: Sequence[str]) -> int:
    """Run everything that must hold before a commit lands: lint, then test."""
    return lint([]) or test(arguments)


def translations(arguments: Sequence[str]) -> int:
    """Extract texts to translate, or compile what was translated (extract, compile, check)."""
    return python("tools/translations.py", *(arguments or ["extract"]))


def documents(_: Sequence[str]) -> int:
    """Make the reference pages anew: commands, settings, pages."""
    return python("tools/documents.py")


def methods(arguments: Sequence[str]) -> int:
    """Make the simulation tables of docs/methods anew (--size full takes hours)."""
    return python("tools/methods.py", *arguments)


def bench(arguments: Sequence[str]) -> int:
    """Measure: small sizes in minutes, --size full in hours."""
    return python("-m", "benchmarks", *arguments)


def promises(arguments: Sequence[str]) -> int:
    """Put the promises of RELIABILITY to the test: faults, kills, repeats; prints figures."""
    return python("-m", "reliability", *arguments)


def plans(arguments: Sequence[str]) -> int:
    """Look at PostgreSQL's plans on a large base (--responses 1e7 --customers 2e6: an hour)."""
    return python("-W", "ignore", "-m", "tools.plans", *arguments)


SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "emptychair.programme.settings",
    "EMPTYCHAIR_DATA": str(ROOT / "var" / "check"),
}
TASKS: dict[str, Callable[[Sequence[str]], int]] = {
    "help": help_,
    "demo": demo,
    "test": test,
    "check": check,
    "lint": lint,
    "translations": translations,
    "documents": documents,
    "methods": methods,
    "bench": bench,
    "promises": promises,
    "plans": plans,
}

if __name__ == "__main__":
    name, *rest = sys.argv[1:] or ["help"]
    if name not in TASKS:
        print(f"There is no ./run {name}.\n")
        sys.exit(help_([]) or 2)
    sys.exit(TASKS[name](rest))
