"""A model of cost and latency from measured constants: which part moves to what, and when.

`./run bench --plan ANSWERS CUSTOMERS` prints the plan. Constants come from the published
figures (docs/benchmarks/figures.jsonl); each line of the plan names those it stands on.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.published import runs

# What is assumed of the programme. Two years of answers are kept at hand by day.
YEARS = 2.0
PEAK = 10.0  # the busiest minute against the mean of the year
HEADROOM = 0.5  # no part is planned beyond this share of what was measured
ASKS_A_YEAR = 4.0  # per customer
REACHABLE_SECONDS = 9 * 3600.0
WORKING_DAYS = 250.0
NIGHT_SECONDS = 6 * 3600.0
DATABASE_GB = 200.0  # one SQLite file that is still copied and checked in a night
DISK_GB = 1_000.0
SCAN_SECONDS = 60.0  # what a question nobody asked before may take
MEMORY_MB = 16_000.0
BYTES_OF_ANSWER = 1_500.0  # ledger, response, activity and their indexes in the database
BYTES_OF_CUSTOMER = 1_200.0  # with contact, events of a year and latest asks
PRICES = {"core_hour": 0.04, "gb_month": 0.025}  # euros; of a large provider, to be replaced
SPARK_TIMES = 7.0  # assumed where B14 is not published
DAY, YEAR = 86_400.0, 365 * 86_400.0


@dataclass(frozen=True)
class Line:
    """Seconds (or rows, or megabytes) that grow in proportion, above a fixed part."""

    fixed: float
    each: float

    def at(self, size: float) -> float:
        """Return the value at a size.

        Examples:
            >>> Line(2.0, 0.5).at(10)
            7.0
        """
        return self.fixed + self.each * size


@dataclass(frozen=True)
class Constants:
    """What was measured, by the names of the published figures."""

    scan: Line  # processor seconds over answers
    page: Line  # processor seconds over rows of the layer's grain
    fact_bytes: float  # of one answer in the warehouse
    cell_bytes: float  # of one row of the layer
    answers_per_second: float  # by SQLite
    on_server_per_second: float  # by one web process on PostgreSQL
    copied_per_second: float
    planned_per_second: float  # customers looked at
    mails_per_second: float
    predicted: Line  # seconds over silent customers
    predicting_mb: Line
    spark_times: float  # Spark over DuckDB on the same machine
    cores: int


@dataclass(frozen=True)
class Part:
    """One part of the installation at some size: where it lives and what that costs."""

    name: str
    place: str
    figure: str
    reason: str
    core_hours_a_day: float = 0.0
    gigabytes: float = 0.0


def fit(sizes: Sequence[float], values: Sequence[float]) -> Line:
    """Return the line whose relative errors are least in square; its parts are not below zero.

    Relative, because a run of seconds must not drown one of milliseconds.

    Examples:
        >>> line = fit([10, 20, 40], [7, 12, 22])
        >>> round(line.fixed, 6), round(line.each, 6)
        (2.0, 0.5)
    """
    # Weighted by one over the value: minimise the sum of (1 - (fixed + each * size) / value)^2.
    rows = [(1 / value, size / value) for size, value in zip(sizes, values, strict=True)]
    aa = sum(a * a for a, _ in rows)
    ab = sum(a * b for a, b in rows)
    bb = sum(b * b for _, b in rows)
    ra, rb = sum(a for a, _ in rows), sum(b for _, b in rows)
    det = aa * bb - ab * ab
    fixed, each = ((ra * bb - rb * ab) / det, (rb * aa - ra * ab) / det) if det else (0.0, rb / bb)
    if fixed < 0:
        return Line(0.0, rb / bb)
    return Line(fixed, each) if each >= 0 else Line(ra / aa, 0.0)


def occupied(cells: float, answers: float) -> float:
    """Return how many of `cells` hold an answer when answers fall on them at random.

    Examples:
        >>> round(occupied(1000, 1000)), round(occupied(1000, 1e9))
        (632, 1000)
    """
    return cells * -math.expm1(-answers / cells)


def layer_rows(answers: float, days: float, segments: float, units: float) -> dict[str, float]:
    """Return the expected rows of the statistics layer by grain.

    Each grain holds a cell for everyone and one for each segment, by day and by its own
    columns: units, hash groups of the jackknife, or neither. Once its cells are full a grain
    grows no more, however many answers come.
    """
    own = {"segment": 1.0, "unit": units, "hash_group": 50.0, "full": units}
    # Channel, touchpoint, survey and language have few values each: as the segment's grain.
    few = ("channel", "touchpoint", "survey", "language")
    columns = {**own, **dict.fromkeys(few, 1.0)}
    return {
        grain: occupied(days * each, answers) + occupied(days * segments * each, answers)
        for grain, each in columns.items()
    }


def constants() -> Constants:
    """Return the constants of the published figures.

    Raises:
        SystemExit: a benchmark that the model stands on was not published.
    """
    found = {(run.benchmark, f.name): f.value for run in runs() for f in run.figures}
    cores = next((run.cores for run in runs() if run.benchmark == "B19"), None) or 2
    try:
        return Constants(
            scan=Line(found["B19", "scan, fixed part"], found["B19", "scan, a million rows"] / 1e6),
            page=Line(
                found["B19", "page, fixed part"], found["B19", "page, a million cells"] / 1e6
            ),
            fact_bytes=found["B19", "bytes of an answer in the warehouse"],
            cell_bytes=found["B19", "bytes of a row of the layer"],
            answers_per_second=found["B5", "answers per second, hot path, SQLite"],
            on_server_per_second=found["B5", "answers per second, hot path, PostgreSQL"],
            copied_per_second=_first(found, "B8", "first load"),
            planned_per_second=found["B10", "customers looked at"],
            mails_per_second=found["B10", "mails rendered and handed over"],
            predicted=_line(found, "B13", "prediction for "),
            predicting_mb=_line(found, "B13", "peak memory, "),
            spark_times=next(
                (v for (one, name), v in found.items() if one == "B14" and "Spark / Du" in name),
                SPARK_TIMES,
            ),
            cores=cores,
        )
    except (KeyError, StopIteration, ZeroDivisionError) as error:
        raise SystemExit(
            f"The model stands on a figure that is not published: {error}. Measure B5, B8, B10, "
            "B13 and B19, then run ./run bench --document."
        ) from error


def _of_a_million(found: Mapping[tuple[str, str], float], name: str, unit: str) -> Line:
    return Line(
        found["B19", f"{name}, fixed part"], found["B19", f"{name}, a million {unit}"] / 1e6
    )


def _first(found: Mapping[tuple[str, str], float], benchmark: str, start: str) -> float:
    return next(v for (one, name), v in found.items() if one == benchmark and start in name)


def _line(found: Mapping[tuple[str, str], float], benchmark: str, start: str) -> Line:
    """Fit a line through the figures whose names hold a size after `start`."""
    points = [
        (_size(name.removeprefix(start)), value)
        for (one, name), value in found.items()
        if one == benchmark and name.startswith(start)
    ]
    sizes, values = zip(*points, strict=True)
    return fit(sizes, values)


def _size(words: str) -> float:
    return float(words.split(" ")[0].replace(",", ""))


def plan(
    answers: float, customers: float, known: Constants, *, segments: int = 20, units: int = 500
) -> list[Part]:
    """Return where each part lives for so many kept answers and customers, and its cost."""
    return [
        _database(answers, customers, known),
        _warehouse(answers, known, segments, units),
        _pages(answers, known, segments, units),
        _questions(answers, known),
        _sending(customers, known),
        _prediction(customers, known),
    ]


def _database(answers: float, customers: float, known: Constants) -> Part:
    peak = PEAK * answers / (YEARS * YEAR)
    gigabytes = (answers * BYTES_OF_ANSWER + customers * BYTES_OF_CUSTOMER) / 1e9
    limit = HEADROOM * known.answers_per_second
    if peak <= limit and gigabytes <= DATABASE_GB:
        place, reason = "SQLite", f"peak below {limit:,.0f}/s, file below {DATABASE_GB:,.0f} GB"
    else:
        why = "peak" if peak > limit else "size"
        webs = max(2, math.ceil(peak / (HEADROOM * known.on_server_per_second)))
        place = f"PostgreSQL, {webs} web processes"
        reason = f"{why}: beyond one SQLite file"
    cores = max(1.0, peak / PEAK / known.on_server_per_second * known.cores)
    figure = f"peak {peak:,.1f} answers/s, {gigabytes:,.1f} GB"
    return Part("database and web", place, figure, f"{reason} (B5)", 24 * cores, gigabytes)


def _warehouse(answers: float, known: Constants, segments: int, units: int) -> Part:
    cells = sum(layer_rows(answers, 365 * YEARS, segments, units).values())
    gigabytes = (answers * known.fact_bytes + cells * known.cell_bytes) / 1e9
    load = answers / known.copied_per_second
    place = "local folder" if gigabytes <= DISK_GB * HEADROOM else "S3-compatible store"
    figure = f"{gigabytes:,.1f} GB; a first load takes {_time(load)}"
    daily = answers / (YEARS * 365) / known.copied_per_second / 3600 * known.cores
    return Part("warehouse", place, figure, "bytes of B19, load of B8", daily, gigabytes)


def _pages(answers: float, known: Constants, segments: int, units: int) -> Part:
    cells = layer_rows(answers, 365 * YEARS, segments, units)["segment"]
    seconds = known.page.at(cells)
    figure = f"{1000 * seconds:,.0f} ms from {cells:,.0f} sums"
    return Part("pages", "DuckDB in the web process", figure, "page of B19: the sums fill up")


def _questions(answers: float, known: Constants) -> Part:
    alone = known.scan.at(answers) / known.cores
    if alone <= SCAN_SECONDS:
        return Part("new questions", "DuckDB", f"a scan takes {_time(alone)}", "scan of B19")
    cores = math.ceil(known.cores * alone * known.spark_times / SCAN_SECONDS)
    machine = math.ceil(known.cores * alone / SCAN_SECONDS)
    place = f"Spark, {cores:,} cores" if machine > 64 else f"DuckDB, {machine} cores"
    used = cores if machine > 64 else machine
    figure = f"a scan takes {_time(alone)} on {known.cores} cores, {_time(SCAN_SECONDS)} there"
    hours = 20 * used * SCAN_SECONDS / 3600  # twenty such questions a day
    return Part("new questions", place, figure, "scan of B19, overhead of B14", hours)


def _sending(customers: float, known: Constants) -> Part:
    mails = customers * ASKS_A_YEAR / WORKING_DAYS
    workers = max(1, math.ceil(mails / REACHABLE_SECONDS / (known.mails_per_second * HEADROOM)))
    planning = customers / known.planned_per_second
    figure = f"{mails:,.0f} mails a day; planning takes {_time(planning)}"
    hours = (mails / known.mails_per_second + planning) / 3600
    place = f"{workers} worker{'s' if workers > 1 else ''}"
    if planning > NIGHT_SECONDS:
        place += "; planning outgrows a night"
    return Part("asking", place, figure, "B10", hours)


def _prediction(customers: float, known: Constants) -> Part:
    silent = 0.8 * customers
    seconds, megabytes = known.predicted.at(silent), known.predicting_mb.at(silent)
    fits = seconds <= NIGHT_SECONDS and megabytes <= MEMORY_MB
    sample = min(silent, (MEMORY_MB - known.predicting_mb.fixed) / known.predicting_mb.each)
    place = "one worker, at night" if fits else f"one worker, on {sample:,.0f} of them at a time"
    figure = f"{_time(seconds)}, {megabytes / 1000:,.1f} GB of memory"
    return Part("prediction", place, figure, "B13", seconds / 3600 * known.cores / 7)


def cost(parts: Iterable[Part], prices: Mapping[str, float] = PRICES) -> float:
    """Return euros a month, from core hours and gigabytes.

    Examples:
        >>> cost([Part("a", "b", "c", "d", 24.0, 100.0)], {"core_hour": 0.1, "gb_month": 0.01})
        74.0
    """
    some = list(parts)
    hours = 365 / 12 * sum(part.core_hours_a_day for part in some)
    stored = sum(part.gigabytes for part in some)
    return round(hours * prices["core_hour"] + stored * prices["gb_month"], 2)


def table(parts: Sequence[Part]) -> str:
    """Return a plan as a table of Markdown."""
    lines = ["| part | where | figure | stands on |", "|---|---|---|---|"]
    lines += [f"| {p.name} | {p.place} | {p.figure} | {p.reason} |" for p in parts]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    """Return seconds in the unit that a person would say.

    Examples:
        >>> _time(0.25), _time(90), _time(7200), _time(200000)
        ('0.25 s', '1.5 min', '2.0 h', '2.3 days')
    """
    if seconds < 60:
        return f"{seconds:.2g} s"
    if seconds < 3600:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * DAY else f"{seconds / DAY:.1f} days"
