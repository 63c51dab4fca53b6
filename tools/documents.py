"""Make docs/reference and docs/benchmarks anew; with --check only say whether they are in step."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import command_reference
import table_reference

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
sys.path.insert(0, str(ROOT))  # run as a file, only this folder is looked through

from benchmarks import document  # noqa: E402


def pages() -> dict[str, str]:
    """Return the text of every generated page by its file name."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "emptychair.programme.settings"
    os.environ.setdefault("EMPTYCHAIR_DATA", str(ROOT / "var" / "check"))
    import django

    django.setup()
    made = {
        "cli.md": command_reference.lines(),
        "settings.md": settings(),
        "pages.md": addresses(),
        "roles.md": roles(),
        "tables.md": table_reference.lines(),
    }
    return {name: "\n".join(lines) + "\n" for name, lines in made.items()}


def settings() -> Iterator[str]:
    from emptychair.programme.lib.config import SETTINGS

    yield "# Settings\n"
    yield "All come from the environment.\n"
    yield "| name | when left out | meaning |"
    yield "|---|---|---|"
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else ""
        yield f"| `{setting.name}` | {default} | {setting.meaning} |"


def addresses() -> Iterator[str]:
    from django.urls import get_resolver

    from emptychair.programme.accounts.checks import addresses as all_addresses

    yield "# Pages\n"
    yield "Who may open a page follows from its need ([roles](roles.md));"
    yield "`public` needs no log-in.\n"
    yield "| address | need | what it does |"
    yield "|---|---|---|"
    for address, view in sorted(all_addresses(get_resolver())):
        need = getattr(view, "need", "log-in pages")
        summary = (view.__doc__ or "").strip().splitlines()[0] if hasattr(view, "need") else ""
        yield f"| `/{address}` | {need} | {summary} |"


def roles() -> Iterator[str]:
    from emptychair.programme.accounts.models import Role
    from emptychair.programme.accounts.policy import POLICY

    yield "# Roles\n"
    yield "A user has one role. What is not ticked is denied. Unit managers and employees see their"
    yield "own unit and those below it; names and addresses only with `response.read_pii`.\n"
    yield "| need | " + " | ".join(Role) + " |"
    yield "|---|" + "---|" * len(Role)
    for need, allowed in POLICY.items():
        yield f"| `{need}` | " + " | ".join("x" if r in allowed else "" for r in Role) + " |"


def main() -> int:
    made = pages()
    if "--check" not in sys.argv:
        REFERENCE.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (REFERENCE / name).write_text(text)
        document.write()
        return 0
    stale = [
        f"reference/{name}"
        for name, text in made.items()
        if not (REFERENCE / name).exists() or (REFERENCE / name).read_text() != text
    ]
    stale += [f"benchmarks/{name}" for name in document.stale()]
    print(
        f"docs is out of step: {', '.join(stale)} (./run documents)"
        if stale
        else "Documents are in step."
    )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
