"""`./run bench`: measure, print, append JSON lines; or write what was measured into the docs."""

import argparse
import importlib
import json
import os
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

MODULES = {
    "B1": "b1_layer",
    "B2": "b2_scan",
    "B3": "b3_drivers",
    "B4": "b4_movement",
    "B5": "b5_capture",
    "B6": "b6_freshness",
    "B7": "b7_readers",
    "B8": "b8_warehouse",
    "B9": "b9_import",
    "B10": "b10_sending",
    "B11": "b11_bytes",
    "B12": "b12_companies",
    "B13": "b13_prediction",
    "B14": "b14_spark",
    "B15": "b15_start",
    "B16": "b16_customers",
    "B17": "b17_cases",
    "B18": "b18_themes",
    "B19": "b19_scale",
}
RESULTS = Path(__file__).with_name("results.jsonl")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--size", choices=("small", "medium", "full"), default="small")
    parser.add_argument("--only", choices=MODULES, action="append")
    parser.add_argument("--beside", default="", help="what else the machine does meanwhile")
    parser.add_argument(
        "--document", action="store_true", help="write the newest figures into docs/benchmarks"
    )
    parser.add_argument(
        "--plan", nargs=2, type=float, metavar=("ANSWERS", "CUSTOMERS"),
        help="print which part lives where for so many, from the published figures",
    )  # fmt: skip
    chosen = parser.parse_args()
    if chosen.plan:
        return _plan(parser, *chosen.plan)
    if chosen.document:
        from benchmarks.document import publish

        publish(RESULTS)
        return 0
    stamp = {
        "version": version("emptychair"), "size": chosen.size, "at": int(time.time()),
        "cores": os.cpu_count(), "beside": chosen.beside,
    }  # fmt: skip
    for name in chosen.only or MODULES:
        for figure in importlib.import_module(f"benchmarks.{MODULES[name]}").run(chosen.size):
            with RESULTS.open("a") as file:
                file.write(json.dumps({**asdict(figure), **stamp}) + "\n")
            note = f"({figure.note})" if figure.note else ""
            print(
                f"{figure.benchmark:<4} {figure.name:<48} {figure.value:>14,.3f} {figure.unit:<6}"
                f" {_target(figure.at_most, figure.at_least)} {note}",
                flush=True,
            )
    return 0


def _plan(parser: argparse.ArgumentParser, answers: float, customers: float) -> int:
    from benchmarks import scale

    if not (1 <= answers <= 1e12 and 1 <= customers <= 1e11):
        parser.error("--plan takes 1 to 1e12 answers and 1 to 1e11 customers")
    parts = scale.plan(answers, customers, scale.constants())
    print(scale.table(parts))
    print(f"\nAbout {scale.cost(parts):,.0f} euros a month at the prices in benchmarks/scale.py.")
    return 0


def _target(at_most: float | None, at_least: float | None) -> str:
    if at_most is not None:
        return f"target <= {at_most:g}"
    return "" if at_least is None else f"target >= {at_least:g}"


if __name__ == "__main__":
    sys.exit(main())
