"""`./run promises`: run the tests, print a table, append the figures, judge."""

import argparse
import importlib
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))
import postgres

TESTS = {
    "T1a": "t1a_kill",
    "T1b": "t1b_fsync",
    "T2": "t2_once",
    "T3": "t3_silent",
    "T4": "t4_tokens",
    "T5": "t5_guessing",
    "T6": "t6_scanners",
    "T7": "t7_stuffing",
    "T8": "t8_no",
    "T9": "t9_sending",
    "SOAK": "soak",
}
RESULTS = Path(__file__).with_name("results.jsonl")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("pr", "nightly", "release"), default="pr")
    parser.add_argument("--only", choices=TESTS, action="append")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--db", choices=("sqlite", "postgresql", "both"), default="both")
    chosen = parser.parse_args()
    names = chosen.only or list(TESTS)
    verdicts = []
    if chosen.db != "postgresql":
        verdicts += [_judged(name, chosen, "") for name in names]
    if chosen.db != "sqlite":
        if postgres.binaries() is None:
            print(f"PostgreSQL skipped: {postgres.HOW}")
        else:
            for name in names:
                with postgres.server() as address:
                    verdicts.append(_judged(name, chosen, address))
    return 0 if all(verdicts) else 1


def _judged(name: str, chosen: argparse.Namespace, address: str) -> bool:
    began = time.monotonic()
    module = importlib.import_module(f"reliability.{TESTS[name]}")
    figures = module.run(chosen.size, chosen.seed, address)
    line = {
        "test": name,
        "version": version("emptychair"),
        "db": "postgresql" if address else "sqlite",
        "seed": chosen.seed,
        **figures,
        "secs": round(time.monotonic() - began, 1),
    }
    with RESULTS.open("a") as file:
        file.write(json.dumps(line) + "\n")
    void = not figures.get("control", {"caught": 1})["caught"]
    verdict = "VOID" if void else ("met" if figures["met"] else "MISSED")
    shown = {
        key: value for key, value in line.items() if key not in ("test", "db", "version", "met")
    }
    print(f"{name:<4} {line['db']:<11} {verdict:<7} {json.dumps(shown)}", flush=True)
    return verdict == "met"


if __name__ == "__main__":
    sys.exit(main())
