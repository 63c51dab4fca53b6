"""Texts of the pages, in one catalogue per slice: `extract`, `compile`, `check` [SLICE ...].

Works without GNU gettext: Django turns templates into Python calls, Babel reads and writes.
"""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract as extract_messages
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PROGRAMME = ROOT / "src" / "emptychair" / "programme"
LANGUAGES = ("sv", "da")
# Customers are asked in more languages than colleagues work in.
ASKED_IN = {"capture": ("sv", "da", "nb", "fi", "de")}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def slices() -> list[Path]:
    """Return the folders of the slices that have texts, or of those named as arguments."""
    named = sys.argv[2:]
    found = (p for p in PROGRAMME.iterdir() if p.is_dir() and not p.name.startswith("_"))
    return sorted(p for p in found if not named or p.name in named)


def languages_of(folder: Path) -> tuple[str, ...]:
    return ASKED_IN.get(folder.name, LANGUAGES)


def texts(folder: Path) -> Iterator[tuple[str, int, object, str | None]]:
    """Yield file, line, message and context of every text of a slice."""
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("templates/**/*.*")]):
        if "tests" in path.parts or path.suffix not in (".py", ".html", ".txt"):
            continue
        source = path.read_text()
        if path.suffix != ".py":
            source = _as_python(source, path)
        file = io.BytesIO(source.encode())
        for line, message, _, context in extract_messages("python", file, keywords=KEYWORDS):
            yield str(path.relative_to(PROGRAMME)), line, message, context


def _as_python(source: str, path: Path) -> str:
    from django.utils.translation import templatize

    lines = templatize(source, origin=str(path)).splitlines()
    return "\n".join(line.lstrip() for line in lines)  # what is left of indentation means nothing


def template_of(folder: Path) -> Catalog:
    """Return the texts of a slice as a catalogue without translations."""
    catalogue = Catalog(charset="utf-8", fuzzy=False)
    for file, _, message, context in texts(folder):
        flags = ["python-format"] if "%(" in str(message) else []
        catalogue.add(message, None, [(file, None)], flags=flags, context=context)
    return catalogue


def path_of(folder: Path, language: str, suffix: str) -> Path:
    return folder / "locale" / language / "LC_MESSAGES" / f"django.{suffix}"


def opened(folder: Path, language: str) -> Catalog:
    path = path_of(folder, language, "po")
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def extract() -> int:
    """Bring every catalogue up to date with the texts; keep what is translated."""
    for folder in slices():
        template = template_of(folder)
        if not len(template):
            continue
        for language in languages_of(folder):
            catalogue = opened(folder, language)
            created = catalogue.creation_date
            catalogue.update(template, no_fuzzy_matching=True)
            catalogue.creation_date = created  # or every run would change every file
            catalogue.obsolete.clear()
            catalogue.fuzzy = False
            path = path_of(folder, language, "po")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, omit_header=False, sort_output=True, include_lineno=False)
    return compile_()


def compile_() -> int:
    """Write the compiled catalogues that the product reads."""
    for folder in slices():
        for language in languages_of(folder):
            if path_of(folder, language, "po").exists():
                with path_of(folder, language, "mo").open("wb") as file:
                    write_mo(file, opened(folder, language))
    return 0


def check() -> int:
    """Report every text that is untranslated, unknown or not compiled; 1 if there is any."""
    problems = [problem for folder in slices() for problem in _problems(folder)]
    print("\n".join(problems) or "Translations are complete.")
    return 1 if problems else 0


def _problems(folder: Path) -> Iterator[str]:
    wanted = {
        (m.id if isinstance(m.id, str) else m.id[0], m.context) for m in template_of(folder) if m.id
    }
    for language in languages_of(folder):
        catalogue = opened(folder, language)
        there = {
            (m.id if isinstance(m.id, str) else m.id[0], m.context): m for m in catalogue if m.id
        }
        where = f"{folder.name}/{language}"
        for key in sorted(wanted, key=str):
            message = there.get(key)
            strings = message.string if message else ""
            if not message or not (all(strings) if isinstance(strings, tuple) else strings):
                yield f"{where}: not translated: {key[0]!r}"
            elif message.fuzzy:
                yield f"{where}: only guessed: {key[0]!r}"
        for key in sorted(set(there) - wanted, key=str):
            yield f"{where}: no longer used: {key[0]!r} (./run translations)"
        if wanted and not _is_compiled(folder, language, catalogue):
            yield f"{where}: not compiled (./run translations compile)"


def _is_compiled(folder: Path, language: str, catalogue: Catalog) -> bool:
    path = path_of(folder, language, "mo")
    if not path.exists():
        return False
    with path.open("rb") as file:
        compiled = read_mo(file)
    return all(
        (found := compiled.get(m.id, context=m.context)) is not None
        and _plain(found.string) == _plain(m.string)
        for m in catalogue
        if m.id and m.string
    )


def _plain(strings: object) -> object:
    return tuple(strings) if isinstance(strings, list) else strings  # plurals come as either


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emptychair.programme.settings")
    os.environ.setdefault("EMPTYCHAIR_DATA", str(ROOT / "var" / "check"))
    sys.exit({"extract": extract, "compile": compile_, "check": check}[sys.argv[1]]())
