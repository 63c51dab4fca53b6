"""`./run plans`: make a large base on PostgreSQL, do the programme's work, judge every plan."""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import postgres

# What docs/operate/postgresql.md advises; PostgreSQL's own settings are for a tenth of the size.
SERVER = {
    "jit": "off",
    "shared_buffers": "4GB",
    "effective_cache_size": "12GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
}
MANY = 1_000_000  # responses; below, the usual settings do


def main(arguments: Sequence[str]) -> int:
    said = _said(arguments)
    with contextlib.ExitStack() as stack:
        address = said.database or stack.enter_context(
            postgres.server(durable=False, settings=SERVER if said.responses >= MANY else {})
        )
        os.environ["DATABASE_URL"] = address
        os.environ["DJANGO_SETTINGS_MODULE"] = "emptychair.programme.settings"
        os.environ["EMPTYCHAIR_DATA"] = stack.enter_context(_folder())
        os.environ["EMPTYCHAIR_LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        from tools.plans import looking

        return looking.look(said)


def _said(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run plans", description=__doc__)
    parser.add_argument("--responses", type=_number, default=100_000)
    parser.add_argument("--customers", type=_number, default=20_000)
    parser.add_argument(
        "--database",
        default="",
        help="an empty PostgreSQL database to fill, or one filled before; left out, a server is"
        " made for the run and removed (its folder is made where TMPDIR says)",
    )
    parser.add_argument("--only", default="", help="work whose name has these letters")
    parser.add_argument("--json", type=Path, help="write every plan there, one a line")
    parser.add_argument(
        "--partitions", action="store_true", help="measure the ledger in partitions instead"
    )
    return parser.parse_args(arguments)


def _number(text: str) -> int:
    return int(float(text))


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="emptychair-plans-") as folder:
        Path(folder, "static").mkdir()
        yield folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
