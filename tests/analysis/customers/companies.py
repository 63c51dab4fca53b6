"""Small companies of which every figure can be added up by hand."""

from datetime import date, datetime, timedelta
from typing import Any

SIZES = {"d": (10, 30), "s": (20, 20), "p": (30, 10)}  # big and small of each bucket
SCORES = {"d": 2, "s": 8, "p": 10}


def paying_company() -> dict[str, dict[str, list[Any]]]:
    """Forty of each bucket who answered on 15 January 2025; ten small detractors left in August.

    Big customers pay 20 a month, small ones 10, from July 2024 to June 2026; the margin is 30
    percent.
    """
    people: dict[str, list[Any]] = {
        name: [] for name in ("customer_id", "created_at", "left_at", "attr_size", "attr_happy")
    }
    values: dict[str, list[Any]] = {
        name: [] for name in ("customer_id", "month", "revenue", "margin")
    }
    for letter, (big, small) in SIZES.items():
        for i in range(big + small):
            left = datetime(2025, 8, 10) if letter == "d" and i >= 30 else None
            people["customer_id"].append(f"{letter}{i}")
            people["created_at"].append(datetime(2020, 1, 1))
            people["left_at"].append(left)
            people["attr_size"].append("big" if i < big else "small")
            people["attr_happy"].append("yes" if letter == "p" else "no")
            month = date(2024, 7, 1)
            while month < date(2026, 7, 1) and (left is None or month < date(2025, 8, 1)):
                paid = 20.0 if i < big else 10.0
                values["customer_id"].append(f"{letter}{i}")
                values["month"].append(month)
                values["revenue"].append(paid)
                values["margin"].append(0.3 * paid)
                month = (month + timedelta(days=32)).replace(day=1)
    names = people["customer_id"]
    responses: dict[str, list[Any]] = {
        "customer_id": [*names, *names[-40:], "elsewhere"],
        # Promoters answered again, unhappy: the first answer of the window counts.
        "answered_at": [datetime(2025, 1, 15)] * 120 + [datetime(2025, 9, 1)] * 41,
        "score": [SCORES[name[0]] for name in names] + [0] * 41,
    }
    return {"responses": responses, "customers": people, "values": values}
