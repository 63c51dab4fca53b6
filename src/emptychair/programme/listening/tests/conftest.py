from collections.abc import Callable
from typing import Any

import pytest

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.comments import reading
from emptychair.programme.comments.queries import progress
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.listening import studying
from emptychair.programme.listening.models import ThemeStudy
from emptychair.programme.warehouse.services import synchronise

Said = Callable[..., Response]


@pytest.fixture
def said(db: None) -> Said:
    """Return a function that stores an answer with a comment."""
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")

    def store(comment: str, score: int = 5, language: str = "sv", **fields: Any) -> Response:
        made = Response.objects.create(
            survey=survey, score=score, comment=comment, language=language, channel="email",
            answered_at=now(), answered_on=local_date(now()), **fields,
        )  # fmt: skip
        mark_changed("responses", [made.public_id])
        return made

    return store


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that does what the worker does, for one period, until nothing is left."""
    monkeypatch.setattr(studying, "PERIODS", (ThemeStudy.Period.YEAR,))

    def compute() -> None:
        synchronise()
        while progress() is not None:
            reading.read_again()
        synchronise()
        studying.refresh_theme_studies()

    return compute


@pytest.fixture
def lund(malmo: Unit) -> Unit:
    return Unit.objects.create(code="lund", name="Lund", country="SE")


@pytest.fixture
def company(said: Said, computed: Callable[[], None], malmo: Unit, lund: Unit) -> None:
    """Sixty answers: expensive in Malmö, friendly in both, coffee without a theme."""
    for i in range(20):
        said(f"Alldeles för dyrt, hälsar Anna Berg {i}", 2, unit="malmo")
        said(f"Virkelig venligt personale {i}", 10, "da", unit="malmo" if i % 2 else "lund")
        said(f"Kaffemaskinen var av {i}", 5, unit="lund")
    said("Lång kö en gång", 4, unit="lund")
    computed()
