"""Empty Chair: the Net Promoter method as a library. `import emptychair as ec`.

The names below are imported when they are first used, so that starting is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "errors": (
        "AnalysisError", "AmbiguousColumnError", "AmbiguousDatesError", "ArgumentError",
        "ColumnNotFoundError", "DataError", "EngineError", "NoAnswersError", "ScoreRangeError",
        "UnreadableFileError",
    ),
    "tables": ("ResponsesFile", "connect", "put", "read_responses"),
    "tables.choose": ("parse_period", "where_true", "within"),
    "tables.simulate": ("Company", "load_config", "simulate_company", "write_company"),
    "sums.counts": ("ScoreCounts", "layer_counts", "score_counts"),
    "delivery.score": ("Nps", "net_promoter_score", "nps_of_counts"),
    "delivery.intervals": ("score_interval",),
    "delivery.trend": ("TrendPoint", "trend", "trend_of_counts"),
    "delivery.compare": ("Comparison", "compare_groups", "compare_periods"),
    "delivery.pairing": ("compare_paired",),
    "delivery.monitor": ("Alarm", "monitor", "monitor_counts"),
    "delivery.reliability": ("Reliability", "reliability"),
    "delivery.sampling": ("answers_for_precision", "answers_to_detect", "neyman_allocation"),
    "delivery.shrink": ("Shrinkage", "Shrunk", "shrink"),
    "comments.columns": ("with_themes",),
    "comments.discover": ("Discovery", "discover"),
    "comments.masking": ("masked",),
    "comments.meaning": ("MeaningGroup", "comments_without_theme", "groups_of_meaning"),
    "comments.quotes": ("Quote", "quotes"),
    "comments.reading": ("CommentReading", "read_comment"),
    "comments.taxonomy": ("Taxonomy", "Theme", "read_taxonomy", "shipped_taxonomy"),
    "comments.themes": ("ThemeEffect", "themes"),
    "customers.behaviour": ("Contrast", "behaviour"),
    "customers.buckets": ("BucketCount", "bucket_counts", "current_buckets"),
    "customers.economics": ("Economics", "economics"),
    "customers.growth": ("Growth", "growth"),
    "customers.lifetime": ("fit_contracts", "fit_purchases", "fit_spend"),
    "customers.movement": ("Movement", "movement"),
    "customers.movers": ("MoverContrast", "movers"),
    "customers.predict": ("Prediction", "predict"),
    "customers.recovery": ("Recovery", "recovery"),
    "customers.retention": ("Retention", "retention"),
    "rootcause.drivers": ("drivers",),
    "rootcause.journey": ("Moment", "journey"),
    "rootcause.kappa": ("Finished", "Kappa", "learn_kappa"),
    "rootcause.records": ("Driver", "DriverGroup", "DriverStudy"),
    "rootcause.whatif": ("Money", "Outcome", "rating_histograms", "what_if"),
    "show.report": ("report_html",),
    "show.words": ("Words",),
}  # fmt: skip
_PLACES = {name: place for place, names in _NAMES.items() for name in names}

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    """Import a public name of the library when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.analysis.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
