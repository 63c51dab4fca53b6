"""The truth about a simulated company, read from one TOML file and checked."""

from __future__ import annotations

import dataclasses
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from emptychair.analysis.errors import ArgumentError

BUCKETS = ("detractor", "passive", "promoter")
_Section = TypeVar("_Section")


@dataclass(frozen=True)
class Attitude:
    """What customers think, on the 0-to-10 scale before rounding."""

    person_sd: float
    persistence: float
    answer_sd: float
    spill: float
    rating_sd: float


@dataclass(frozen=True)
class Experience:
    """What customers meet, driver by driver, on the 1-to-5 scale of ratings."""

    means: Mapping[str, float]
    person_sd: float
    unit_sd: float
    correlation: float


@dataclass(frozen=True)
class Employees:
    """How many serve in a unit, and how much they differ."""

    per_unit: int
    quality_sd: float


@dataclass(frozen=True)
class Asking:
    """Whom the company asks, and what becomes of the invitations."""

    relationship_survey: str
    relationship_every_days: int
    quarantine_days: int
    transactional_share: float
    contactable_share: float
    bounce_share: float
    reading_share: float
    sms_share: float
    rating_skipped_share: float


@dataclass(frozen=True)
class Answering:
    """Log-odds of answering once an invitation is opened."""

    base: float
    promoter: float
    passive: float
    detractor: float
    per_tenure_year: float
    young: float
    senior: float
    business: float
    sms: float


@dataclass(frozen=True)
class Machines:
    """Answers nobody gave."""

    click_share: float
    stuffing_days: int
    stuffing_per_day: int


@dataclass(frozen=True)
class ByBucket:
    """One number per bucket."""

    promoter: float
    passive: float
    detractor: float

    def values(self) -> tuple[float, float, float]:
        """Return the numbers in the order of `BUCKETS`."""
        return (self.detractor, self.passive, self.promoter)


@dataclass(frozen=True)
class Churn(ByBucket):
    """Share of customers who leave per month, and what a call does to it."""

    follow_up_ratio: float


@dataclass(frozen=True)
class Revenue(ByBucket):
    """What a bucket spends compared with passives, and how spending varies."""

    monthly_sd: float
    person_sd: float


@dataclass(frozen=True)
class Cases:
    """What happens after a detractor's answer."""

    due_hours: int
    holdout_share: float
    reached_share: float
    median_hours: float


@dataclass(frozen=True)
class Referrals:
    """Where new customers come from."""

    earned_share: float
    bought_share: float


@dataclass(frozen=True)
class Languages:
    """What customers speak."""

    by_country: Mapping[str, str]
    english_share: float


@dataclass(frozen=True)
class Segment:
    """Customers who want the same: how each driver moves them, and what they do in a month."""

    name: str
    share: float
    level: float
    monthly_revenue: float
    margin_share: float
    effects: Mapping[str, float]
    rates: Mapping[str, float]
    per_account: int = 0


@dataclass(frozen=True)
class Touchpoint:
    """A place where the company meets customers, and the event that leads there."""

    event: str
    journey: str
    stage: str
    name: str
    shift: float
    survey: str


@dataclass(frozen=True)
class Unit:
    """A shop or region."""

    code: str
    name: str
    country: str
    share: float


@dataclass(frozen=True)
class Initiative:
    """Funded work on one driver, and what it truly changes."""

    id: str
    name: str
    driver: str
    units: tuple[str, ...]
    cost: float
    effect_expected: float
    effect_low: float
    effect_high: float
    state: str
    segments: tuple[str, ...] = ()
    started_days_before_end: int | None = None
    shift: float = 0.0


@dataclass(frozen=True)
class Config:
    """Everything that is true about a simulated company."""

    name: str
    customers: int
    days: int
    new_share: float
    drivers: tuple[str, ...]
    timezone: str
    attitude: Attitude
    experience: Experience
    employees: Employees
    asking: Asking
    answering: Answering
    machines: Machines
    comments: ByBucket
    churn: Churn
    revenue: Revenue
    cases: Cases
    referrals: Referrals
    languages: Languages
    segments: tuple[Segment, ...]
    touchpoints: tuple[Touchpoint, ...]
    units: tuple[Unit, ...]
    initiatives: tuple[Initiative, ...]


def load_config(path: Path | None = None, **changes: Any) -> Config:
    """Return the truth of a company.

    Args:
        path: a TOML file like the `company.toml` that comes with the package; that one when
            left out.
        changes: values that replace top-level ones of the file, such as `customers=1000`.

    Raises:
        ArgumentError: the file is missing, is not TOML, or a value in it cannot be true.
    """
    if path is None:
        text = resources.files(__package__).joinpath("company.toml").read_text(encoding="utf-8")
        where = "company.toml"
    else:
        where = str(path)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ArgumentError(f"{where} cannot be opened: {error.strerror}.") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ArgumentError(f"{where} is not TOML: {error}.") from error
    data.update({name: value for name, value in changes.items() if value is not None})
    config = _section(Config, data, where)
    _check(config, where)
    return config


def _section(kind: type[_Section], data: Any, where: str) -> _Section:
    if not isinstance(data, dict):
        raise ArgumentError(f"{where} must be a table of values.")
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - set(fields))
    missing = [
        name
        for name, field in fields.items()
        if name not in data and field.default is dataclasses.MISSING
    ]
    if unknown or missing:
        problems = [f"has an unknown {name!r}" for name in unknown]
        problems += [f"lacks {name!r}" for name in missing]
        raise ArgumentError(f"{where} {', '.join(problems)}.")
    values = {name: _value(hints[name], value, f"{where}: {name}") for name, value in data.items()}
    return kind(**values)


def _value(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, types.UnionType):
        kind = get_args(kind)[0]
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _section(kind, value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise ArgumentError(f"{where} must be a list.")
        inner = get_args(kind)[0]
        return tuple(_value(inner, one, f"{where}[{i}]") for i, one in enumerate(value))
    if get_origin(kind) is not None:
        inner = get_args(kind)[1]
        if not isinstance(value, dict):
            raise ArgumentError(f"{where} must be a table of values.")
        return {name: _value(inner, one, f"{where}.{name}") for name, one in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ArgumentError(f"{where} must be of type {kind.__name__}, not {value!r}.")
    return value


def _check(config: Config, where: str) -> None:
    """Raise for values that cannot be true together."""
    _check_shares(config, where)
    drivers, segments = set(config.drivers), {one.name for one in config.segments}
    units = {one.code for one in config.units}
    for wrong, sentence in (
        (not 10 <= config.customers <= 20_000_000, "customers must be from 10 to 20000000"),
        (not 28 <= config.days <= 3660, "days must be from 28 to 3660"),
        (set(config.experience.means) != drivers, "experience.means must name every driver"),
        (not config.segments or not config.units, "there must be segments and units"),
        (
            any(set(one.effects) != drivers for one in config.segments),
            "effects of every segment must name every driver",
        ),
        (
            any(one.driver not in drivers for one in config.initiatives),
            "an initiative has an unknown driver",
        ),
        (
            any(set(one.units) - units for one in config.initiatives),
            "an initiative has an unknown unit",
        ),
        (
            any(set(one.segments) - segments for one in config.initiatives),
            "an initiative has an unknown segment",
        ),
        (
            {one.country for one in config.units} - set(config.languages.by_country),
            "languages.by_country must name every country",
        ),
    ):
        if wrong:
            raise ArgumentError(f"{where}: {sentence}.")


def _check_shares(config: Config, where: str) -> None:
    for part in (config, config.asking, config.machines, config.cases, config.referrals):
        for name, value in vars(part).items():
            if name.endswith("_share") and not 0 <= value <= 1:
                raise ArgumentError(f"{where}: {name} must be a share from 0 to 1, not {value}.")
    for name, parts in (("segments", config.segments), ("units", config.units)):
        total = sum(part.share for part in parts)
        if abs(total - 1) > 0.001 or any(part.share <= 0 for part in parts):
            raise ArgumentError(f"{where}: shares of {name} must add up to 1, not {total:.3f}.")
