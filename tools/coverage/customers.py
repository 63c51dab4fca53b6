"""Whole simulated companies: do bucket values, curves, moves and the NPS of all hold the truth."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from tools.coverage.common import Rows, percent

from emptychair.analysis.customers.economics import economics
from emptychair.analysis.customers.movement import movement
from emptychair.analysis.customers.predict import Prediction, predict
from emptychair.analysis.customers.retention import retention
from emptychair.analysis.show.charts import bucket_of
from emptychair.analysis.sums.followup import BUCKETS
from emptychair.analysis.tables import connect, put
from emptychair.analysis.tables.simulate import Company, Config, load_config, simulate_company

UNTIL = date(2026, 6, 30)
COMPANIES = 200
MONEY = ("revenue_12m", "margin_12m", "retention_12m", "months_kept")


def same_everywhere(config: Config) -> Config:
    """Return a company whose units and employees are equal, so that chance makes none of them."""
    return replace(
        config,
        experience=replace(config.experience, unit_sd=0.0),
        employees=replace(config.employees, quality_sd=0.0),
        touchpoints=tuple(replace(one, shift=0.0) for one in config.touchpoints),
        initiatives=tuple(replace(one, shift=0.0) for one in config.initiatives),
    )


def often_asked(config: Config) -> Config:
    """Return a company that asks after every event, even again within days."""
    asking = replace(config.asking, quarantine_days=1, transactional_share=1.0)
    return replace(same_everywhere(config), asking=asking)


def answers_anyway(config: Config) -> Config:
    """Return a company whose customers answer whatever they think, asked now and then."""
    asking = replace(config.asking, transactional_share=0.0, relationship_every_days=120)
    answering = replace(config.answering, promoter=0.0, passive=0.0, detractor=0.0)
    return replace(same_everywhere(config), asking=asking, answering=answering)


def tables_of(made: Company, *names: str) -> Iterator[list[Any]]:
    """Yield tables of a company in an engine, and let go of it afterwards."""
    engine = connect()
    yield [put(engine, made.tables[name]) for name in names]
    engine.disconnect()


def economic_figures(config: Config, seed: int) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return value, low and high of each figure of each bucket of one company."""
    made = simulate_company(config, seed=seed, until=UNTIL)
    found: dict[tuple[str, str], tuple[float, ...]] = {}
    for responses, customers, values in tables_of(made, "responses", "customers", "values"):
        for one in economics(responses, customers, values, until=UNTIL):
            for name in MONEY:
                figure = getattr(one, name)
                found[one.bucket, name] = (figure.value, figure.low, figure.high)
        for kept in retention(responses, customers, until=UNTIL):
            found[kept.bucket, "curve"] = (kept.kept.value, kept.kept.low, kept.kept.high)
    return found


def economics_table(size: float) -> Rows:
    """Percent of companies of 1,500 customers whose 95 % interval holds the true figure."""
    runs = max(2, round(COMPANIES * size / 2) if size < 0.1 else round(COMPANIES * size))
    config = same_everywhere(load_config(customers=1500))
    # The truth is that of a company so large that chance hardly matters.
    large = replace(config, customers=150_000 if size >= 1 else 4000)
    truth = economic_figures(large, 1)
    inside: dict[tuple[str, str], list[bool]] = {key: [] for key in truth}
    for seed in range(2, 2 + runs):
        for key, (_, low, high) in economic_figures(config, seed).items():
            inside[key].append(low <= truth[key][0] <= high)
    names = {
        "revenue_12m": "revenue", "margin_12m": "margin", "retention_12m": "retention",
        "months_kept": "months kept", "curve": "Kaplan-Meier at 12 months",
    }  # fmt: skip
    rows = [["figure", *BUCKETS]]
    return rows + [
        [said, *(percent(inside[bucket, name]) for bucket in BUCKETS)]
        for name, said in names.items()
    ]


def movement_table(size: float) -> Rows:
    """Percent of companies of 6,000 customers whose 95 % interval holds the true share of moves."""
    runs = max(2, round(COMPANIES * size / 2) if size < 0.1 else round(COMPANIES * size))
    config = often_asked(load_config(customers=6000))
    inside = np.zeros((3, 3))
    seen = np.zeros((3, 3))
    errors = np.zeros((3, 3))
    for seed in range(runs):
        made = simulate_company(config, seed=seed, until=UNTIL)
        truth = np.array(made.truth["movement"]["shares"])[:, :3]
        truth = truth / truth.sum(axis=1, keepdims=True)
        for responses, customers in tables_of(made, "responses", "customers"):
            (found,) = movement(responses, customers, until=UNTIL)
        moves = {(one.before, one.after): one for one in found.moves if one.period is None}
        for i, before in enumerate(BUCKETS):
            stay = 1 - moves[before, "lost"].corrected_share
            people = sum(moves[before, after].n for after in BUCKETS)
            for j, after in enumerate(BUCKETS):
                one = moves[before, after]
                inside[i, j] += one.corrected_low / stay <= truth[i, j] <= one.corrected_high / stay
                errors[i, j] += one.corrected_share / stay - truth[i, j]
                seen[i, j] += one.n / people - truth[i, j]
    rows = [["from", "to", "error as seen", "error corrected", "truth inside, %"]]
    return rows + [
        [
            before,
            after,
            f"{100 * seen[i, j] / runs:+.1f}",
            f"{100 * errors[i, j] / runs:+.1f}",
            f"{100 * inside[i, j] / runs:.1f}",
        ]
        for i, before in enumerate(BUCKETS)
        for j, after in enumerate(BUCKETS)
    ]


def prediction_table(size: float) -> Rows:
    """Companies of 4,000 customers: the NPS of all and the calibration of chances."""
    runs = max(2, round(COMPANIES * size / 2) if size < 0.1 else round(COMPANIES * size))
    config = answers_anyway(load_config(customers=4000))
    found: dict[str, list[float]] = defaultdict(list)
    bins: list[list[tuple[float, float]]] = []
    for seed in range(runs):
        made = simulate_company(config, seed=seed, until=UNTIL)
        truth = made.truth["base"]["nps_points"]
        for responses, customers, events in tables_of(made, "responses", "customers", "events"):
            one = predict(responses, customers, events, on=UNTIL)
        found["error"].append(100 * one.total.nps - truth)
        found["inside"].append(100 * one.total.low <= truth <= 100 * one.total.high)
        found["calibration"].append(one.skill.calibration_error if one.skill else np.nan)
        bins.append([(each.predicted_share, each.observed_share) for each in one.reliability])
        found["skill"].append(one.uses_model)
        found["set"] += _holds(one, made.truth["scores"])
        found["unknown"].append(one.unknown_share)
    predicted, observed = np.array(bins).mean(axis=0).T
    rows = [
        ("simulated companies", str(runs)),
        ("NPS of all: mean error, points", f"{np.mean(found['error']):+.1f}"),
        ("NPS of all: truth inside the 95 % interval, %", percent(found["inside"])),
        ("calibration error of one company, mean", f"{np.mean(found['calibration']):.3f}"),
        ("calibration error over all companies", f"{np.abs(predicted - observed).mean():.3f}"),
        ("companies with skill over the shares, %", percent(found["skill"])),
        ("sets of silent customers (90 %) that hold what they think, %", percent(found["set"])),
        ("of them all three buckets: don't know, %", percent(found["unknown"])),
    ]
    return [["what", "found"], *(list(row) for row in rows)]


def _holds(found: Prediction, scores: Mapping[str, int]) -> list[bool]:
    """Return for each silent customer whether the set has the bucket the customer is in."""
    rows = zip(*(found.table[name].to_pylist() for name in ("customer_id", "set")), strict=True)
    return [bucket_of(scores[customer]) in buckets.split("|") for customer, buckets in rows]


TABLES: Mapping[str, tuple[str, Any]] = {
    "economics": ("economics.md", economics_table),
    "movement": ("movement.md", movement_table),
    "prediction": ("prediction.md", prediction_table),
}
