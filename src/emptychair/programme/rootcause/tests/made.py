"""A drawn journey and findings as the worker leaves them, for tests of pages."""

from emptychair.programme.capture.models import Survey
from emptychair.programme.customers.services import save_segment
from emptychair.programme.journeys.models import Driver, Journey
from emptychair.programme.rootcause.models import Finding


def driver(name, effect, share, mean, **more):
    return {
        "driver": name, "members": [f"rating_{name}"], "n": 400, "missing_share": 0.1,
        "performance_mean": mean, "performance_low": mean - 0.1, "performance_high": mean + 0.1,
        "importance_share": share, "importance_low": share - 0.1, "importance_high": share + 0.1,
        "rank_low": 1, "rank_high": 2, "effect_points": effect, "effect_low": effect - 3,
        "effect_high": effect + 3, "own_points": effect, "promoter_points": effect / 2,
        "promoter_low": effect / 2 - 2, "promoter_high": effect / 2 + 2,
        "detractor_points": -effect / 2, "detractor_low": -effect / 2 - 2,
        "detractor_high": 2 - effect / 2, "acts_on": "detractors", "p_value": 0.001,
        "robustness_share": 0.2, "verdict": "improve", **more,
    }  # fmt: skip


def moment(touchpoint, n, share):
    limits = (None, None) if share is None else (share - 0.1, share + 0.1)
    return {
        "group": [], "stage": "", "touchpoint": touchpoint, "n": n,
        "nps_points": 30.0 if n else None, "low_points": 20.0 if n else None,
        "high_points": 40.0 if n else None, "importance_share": share,
        "importance_low": limits[0], "importance_high": limits[1], "n_both": 90,
        "measured": bool(n), "why": "" if share else "not_measured",
    }  # fmt: skip


def store_findings():
    """Store a journey of three touchpoints, one unmeasured, and findings."""
    for slug, name in (("waiting", "Waiting time"), ("staff", "Staff")):
        Driver.objects.create(slug=slug, name=name)
    path = Journey.objects.create(slug="visit", name="A visit")
    shop = path.stages.create(slug="shop", name="Shop", position=1)
    after = path.stages.create(slug="after", name="Afterwards", position=2)
    desk = shop.touchpoints.create(slug="checkout", name="Checkout", met_by="Shop staff")
    after.touchpoints.create(slug="support", name="Support")
    after.touchpoints.create(slug="returns", name="Returns desk")
    Survey.objects.create(slug="checkout", name="After checkout", state="open", touchpoint=desk)
    for slug in ("families", "seniors"):
        save_segment(
            slug=slug, name=slug.capitalize(), rule=[{"field": "country", "is": ["SE"]}],
            priority=1, is_key=True, actor="",
        )  # fmt: skip
    for segment, against in (("", None), ("families", "stronger"), ("seniors", "same")):
        drivers = [
            driver("waiting", 18.0, 0.6, 3.2, against_company=against),
            driver("staff", 9.0, 0.4, 4.1, verdict="keep", against_company=against),
        ]
        group = {
            "group": [segment] if segment else [], "n": 500, "nps_points": 31.0,
            "explained_share": 0.4, "is_filled": True, "is_borrowed": False, "drivers": drivers,
            "covariance": [[2.0, 0.0], [0.0, 2.0]],
        }  # fmt: skip
        histograms = {"rating_waiting": [5, 10, 30, 40, 15], "rating_staff": [1, 2, 10, 40, 47]}
        found = {"group": group, "overlaps": [], "histograms": histograms, "customers": 400}
        moments = [
            moment("support", 90, 0.7),
            moment("checkout", 400, 0.3),
            moment("returns", 0, None),
        ]
        for kind, result in (("drivers", found), ("journey", {"moments": moments})):
            Finding.objects.create(
                kind=kind, segment=segment, result=result, n=500, method=kind, data_version="1",
                inputs_digest="a" * 64, library_version="0.1.0",
            )  # fmt: skip
