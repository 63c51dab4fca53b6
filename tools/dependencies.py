"""Every import is declared, every declared dependency is used, argued and of a fitting licence."""

import ast
import re
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Used without an import of their own, with the reason.
WITHOUT_IMPORT = {
    "argon2-cffi": "Django's password hasher imports it",
    "adbc-driver-manager": "what the PostgreSQL driver is driven by",
    "sqlglot": "pinned for Ibis, which imports it",
    "psycopg": "Django's PostgreSQL backend imports it",
    "granian": "started as a process",
    "whitenoise": "named in settings",
    "django-csp": "named in settings",
    "django-htmx": "named in settings",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        lines += extra
    return {normal(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in lines}


def imported() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in (ROOT / "src").rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                found.setdefault(name.partition(".")[0], path)
    return found


def not_argued() -> list[str]:
    argued = (ROOT / "docs" / "stack.md").read_text().lower()
    return [
        f"{name} is not argued in docs/stack.md"
        for name in sorted(declared())
        if name not in argued
    ]


def unfitting_licences() -> list[str]:
    """Return the installed dependencies of the product under GPL or AGPL."""
    pinned = (ROOT / "requirements" / "run.txt").read_text()
    ours = {normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", pinned, re.MULTILINE)}
    problems = []
    for distribution in distributions():
        name = normal(distribution.metadata["Name"])
        words = " ".join(
            [
                distribution.metadata.get("License-Expression") or "",
                *(c for c in distribution.metadata.get_all("Classifier") or [] if "License" in c),
            ]
        )
        bare = re.sub(r"LGPL|Lesser General Public|Library General Public", "", words)
        if name in ours and re.search(r"\bA?GPL|General Public License", bare):
            problems.append(f"{name} is under {words}")
    return problems


def main() -> int:
    distributions = packages_distributions()
    wanted, used, problems = declared(), set(), []
    for module, path in sorted(imported().items()):
        if module in sys.stdlib_module_names or module in ("emptychair", "__future__"):
            continue
        # An extra that is not installed here goes by the name of its module.
        names = {normal(name) for name in distributions.get(module, [module])}
        used |= names
        if not names & wanted:
            problems.append(f"{path.relative_to(ROOT)} imports {module}, which is not declared")
    problems += [
        f"{name} is declared in pyproject.toml and never imported"
        for name in sorted(wanted - used - set(WITHOUT_IMPORT))
    ]
    problems += not_argued() + unfitting_licences()
    print("\n".join(problems) or "Dependencies are declared and used.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
