"""Chances of the silent: given once a month, kept apart, and scored against later answers."""

from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from django.db import transaction

from emptychair.analysis.customers.calibration import skill
from emptychair.analysis.customers.predict import Prediction, predict
from emptychair.analysis.sums.followup import BUCKETS
from emptychair.programme.activity.models import Activity
from emptychair.programme.customers.models import Customer, Segment
from emptychair.programme.lib.bulk import insert_many
from emptychair.programme.lib.clock import now, today
from emptychair.programme.relations.models import Chance, Study, Trial
from emptychair.programme.standing.following import current_rule
from emptychair.programme.standing.models import Standing
from emptychair.programme.warehouse import store, tables
from emptychair.programme.warehouse.engine import engine

BATCH = 10_000
GIVEN_AGAIN = timedelta(days=28)
FEWEST_TO_SCORE = 30
_TABLE = "predictions"
_KEY_SEGMENT = "key_segment"


def study_of_silent(segment: str) -> tuple[dict[str, Any], int]:  # noqa: ARG001  everybody
    """Return what is expected of the silent; give new chances unless a month has not passed."""
    score_trials()
    earlier = Study.objects.filter(kind=Study.Kind.SILENT, segment="").first()
    newest = Trial.objects.first()
    is_fresh = newest is not None and newest.given_on > today() - GIVEN_AGAIN
    if is_fresh and earlier is not None and earlier.result:
        return dict(earlier.result), earlier.n
    found = predict(
        with_numbers(tables.responses()),
        _with_key_segment(with_numbers(tables.table("customers"))),
        tables.table("events"),
        oldest_days=current_rule().oldest_answer_days,
        segment=_KEY_SEGMENT,
    )
    _keep(found, today())
    return _told(found), found.silent


def _with_key_segment(customers: ir.Table) -> ir.Table:
    """Return customers with the first key segment each belongs to; nothing for the others."""
    slugs = Segment.objects.filter(is_key=True).order_by("priority", "name")
    columns = [f"segment_{slug}" for slug in slugs.values_list("slug", flat=True)]
    flags = [
        ibis.ifelse(customers[name], ibis.literal(name), ibis.null("string"))
        for name in columns
        if name in customers.columns
    ]
    return customers.mutate(**{_KEY_SEGMENT: ibis.coalesce(*flags, ibis.null("string"))})


def _told(found: Prediction) -> dict[str, Any]:
    judged = found.skill
    return {
        "given_on": today().isoformat(),
        "silent": found.silent,
        "expected": found.expected,
        "unknown_share": found.unknown_share,
        "uses_model": found.uses_model,
        "skill": None if judged is None else vars(judged),
        "reliability": [vars(one) for one in found.reliability],
        "total": vars(found.total),
        "tipping_points": found.tipping_points,
        "bounds": list(found.bounds),
    }


def _keep(found: Prediction, day: date) -> None:
    """Put the new chances in the place of the old, and remember them for scoring."""
    rows = found.table
    keys = dict(Customer.objects.values_list("code", "pk"))
    _empty_chances()
    names = (
        *("customer_id", "p_detractor", "p_passive", "p_promoter"),
        *("p_detractor_low", "p_detractor_high", "possible", "given_on"),
    )
    for batch in rows.to_batches(max_chunksize=BATCH):
        chances = [
            (keys[row["customer_id"]], *list(row.values())[1:], day)
            for row in batch.to_pylist()
            if row["customer_id"] in keys
        ]
        with transaction.atomic():
            insert_many(Chance, names, chances)
    kept = rows.select(["customer_id", "p_detractor", "p_passive", "p_promoter"])
    given = pa.array([day.isoformat()] * rows.num_rows, pa.string())
    store.replace(
        _TABLE,
        kept.append_column("given_on", given),
        f"given_on = '{day.isoformat()}'",
        ["given_on"],
    )
    Trial.objects.update_or_create(given_on=day, defaults={"predicted": rows.num_rows})


def with_numbers(table: ir.Table) -> ir.Table:
    """Return a table whose traits are numbers where every known value of a trait is one.

    The warehouse keeps traits as text, since any trait may be either.
    """
    traits = [name for name in table.columns if name.startswith("attr_")]
    if not traits:
        return table
    told = table.aggregate(
        **{f"known_{i}": table[name].count() for i, name in enumerate(traits)},
        **{f"number_{i}": table[name].try_cast("float64").count() for i, name in enumerate(traits)},
    )
    (row,) = told.to_pyarrow().to_pylist()
    numbers = {
        name: table[name].try_cast("float64")
        for i, name in enumerate(traits)
        if row[f"known_{i}"] and row[f"known_{i}"] == row[f"number_{i}"]
    }
    return table.mutate(**numbers) if numbers else table


def score_trials() -> None:
    """Score the chances of the last year against what the customers have answered since."""
    _forget_gone()
    for trial in Trial.objects.filter(given_on__gt=today() - timedelta(days=365)):
        if trial.scored_at is None or trial.scored_at.date() < today():
            _score(trial)


def _score(trial: Trial) -> None:
    """Compare chances with the latest answers since; who was erased is not among them."""
    later = Standing.objects.filter(answered_on__gt=trial.given_on, state__in=BUCKETS)
    answers = dict(later.values_list("customer__code", "state"))
    trial.scored_at = now()
    rows = _chances_of(trial.given_on, list(answers)) if len(answers) >= FEWEST_TO_SCORE else []
    trial.n = len(rows)
    if trial.n >= FEWEST_TO_SCORE:
        chances = np.array([[row[f"p_{bucket}"] for bucket in BUCKETS] for row in rows])
        said = np.array([BUCKETS.index(answers[row["customer_id"]]) for row in rows], float)
        base = np.tile(chances.mean(axis=0), (trial.n, 1))
        found = skill(chances, base, said, [row["customer_id"] for row in rows])
        trial.log_loss, trial.base_log_loss = found.log_loss, found.base_log_loss
        trial.brier, trial.calibration_error = found.brier, found.calibration_error
    trial.save()


def _chances_of(day: date, customers: list[str]) -> list[dict[str, Any]]:
    if store.version(_TABLE) < 0 or not store.files(_TABLE):
        return []
    table = engine().read_parquet(store.files(_TABLE), hive_partitioning=True)
    given = table.filter(table["given_on"].cast("string") == day.isoformat())
    asked = ibis.memtable(pa.table({"customer_id": customers}))
    rows: list[dict[str, Any]] = given.semi_join(asked, "customer_id").to_pyarrow().to_pylist()
    return rows


def forget(activity: Activity) -> None:
    """Let go of the chance of a customer who was erased."""
    Chance.objects.filter(customer__code=activity.subject).delete()


def _empty_chances() -> None:
    """Delete every chance, in steps short enough for others to write between."""
    while some := list(Chance.objects.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        Chance.objects.filter(pk__gte=some[0], pk__lte=some[-1]).delete()


def _forget_gone() -> None:
    """Let go of earlier chances of customers who are not there under that id any more."""
    if store.version(_TABLE) < 0 or not store.files(_TABLE):
        return
    table = engine().read_parquet(store.files(_TABLE), hive_partitioning=True)
    ids = set(table.select("customer_id").distinct().to_pyarrow()["customer_id"].to_pylist())
    gone = ids - set(Customer.objects.values_list("code", flat=True))
    if gone:
        store.delete(_TABLE, "customer_id", sorted(gone))
