from collections.abc import Callable
from typing import Any

import pytest

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.lib.clock import local_date, now

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
