"""`./run bench`: measure, print, append JSON lines."""

import argparse
import importlib
import json
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

MODULES = {
    "B1": "b1_layer",
    "B3": "b3_drivers",
    "B5": "b5_capture",
    "B8": "b8_warehouse",
    "B9": "b9_import",
    "B11": "b11_bytes",
    "B15": "b15_start",
    "B16": "b16_customers",
    "B17": "b17_cases",
    "B18": "b18_themes",
}
RESULTS = Path(__file__).with_name("results.jsonl")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--only", choices=MODULES, action="append")
    chosen = parser.parse_args()
    stamp = {"version": version("emptychair"), "size": chosen.size, "at": int(time.time())}
    for name in chosen.only or MODULES:
        for figure in importlib.import_module(f"benchmarks.{MODULES[name]}").run(chosen.size):
            with RESULTS.open("a") as file:
                file.write(json.dumps({**asdict(figure), **stamp}) + "\n")
            note = f"({figure.note})" if figure.note else ""
            print(
                f"{figure.benchmark:<4} {figure.name:<44} {figure.value:>12,.3f} {figure.unit:<6}"
                f" {note}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
