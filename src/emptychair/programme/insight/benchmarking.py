"""Benchmarks: figures of others that the company writes down with their source and date."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.services import record
from emptychair.programme.insight.models import Benchmark
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError


@dataclass(frozen=True)
class BenchmarkLine:
    """What is written down of one benchmark."""

    name: str
    industry: str
    country: str
    nps_points: float
    source: str
    published_on: date


@transaction.atomic
def save_benchmark(line: BenchmarkLine, *, by: User, public_id: str = "") -> Benchmark:
    """Add a benchmark, or change the one named by `public_id`.

    Raises:
        RefusedError: a value is missing, out of range or in the future.
        Benchmark.DoesNotExist: there is no such benchmark.
    """
    if not line.name.strip() or not line.source.strip():
        raise RefusedError("benchmark_incomplete", _("Give the benchmark a name and its source."))
    if not -100 <= line.nps_points <= 100:
        raise RefusedError("benchmark_out_of_range", _("An NPS lies between -100 and 100."))
    if line.published_on > today():
        raise RefusedError("benchmark_in_future", _("The source's date lies in the future."))
    benchmark = Benchmark.objects.get(public_id=public_id) if public_id else Benchmark()
    for name, value in vars(line).items():
        setattr(benchmark, name, value.strip() if isinstance(value, str) else value)
    benchmark.country = benchmark.country.upper()
    benchmark.changed_at = now()
    benchmark.save()
    action = "benchmark.changed" if public_id else "benchmark.added"
    record(action, benchmark.public_id, actor=by.public_id, nps_points=line.nps_points)
    return benchmark


@transaction.atomic
def remove_benchmark(benchmark: Benchmark, *, by: User) -> None:
    """Take a benchmark away."""
    record("benchmark.removed", benchmark.public_id, actor=by.public_id, name=benchmark.name)
    benchmark.delete()
