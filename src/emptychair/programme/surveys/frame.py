"""What the pages of one survey have in common."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import may
from emptychair.programme.capture.models import Survey
from emptychair.programme.surveys.labels import KIND, LANGUAGES, STATE, label


@dataclass(frozen=True)
class Tab:
    """One of the pages of a survey."""

    url: str
    name: str
    is_current: bool


@dataclass(frozen=True)
class StateChoice:
    """A state the survey may be put in."""

    state: str
    name: str


def survey_of(slug: str) -> Survey:
    """Return the survey, or answer 404."""
    return get_object_or_404(Survey.objects.select_related("touchpoint"), slug=slug)


def user_of(request: HttpRequest) -> User:
    """Return who is logged in."""
    assert isinstance(request.user, User)
    return request.user


def refuse_reader(request: HttpRequest) -> None:
    """Answer 403 to who may read surveys and not change them."""
    if not may(request.user, "survey.change"):
        raise PermissionDenied


def frame(request: HttpRequest, survey: Survey, here: str) -> dict[str, Any]:
    """Return what `surveys/frame.html` shows around the page `here`."""
    return {
        "survey": survey,
        "state": label(STATE, survey.state),
        "kind": label(KIND, survey.kind),
        "tabs": _tabs(survey, here),
        "may_change": may(request.user, "survey.change"),
        "state_choices": _state_choices(survey),
    }


def first_language() -> str:
    """Return the language in which words are shown first: the reader's, else the organisation's."""
    wishes = ((get_language() or "")[:2], settings.LANGUAGE_CODE)
    return next((wish for wish in wishes if wish in LANGUAGES), LANGUAGES[0])


def _tabs(survey: Survey, here: str) -> list[Tab]:
    slug = survey.slug
    pages = (
        ("survey", reverse("surveys:survey", args=[slug]), _("What")),
        ("words", reverse("surveys:words", args=[slug, first_language()]), _("Words")),
        ("asking", reverse("surveys:asking", args=[slug]), _("Whom and when")),
        ("links", reverse("surveys:links", args=[slug]), _("Links and QR")),
        ("widgets", reverse("surveys:widgets", args=[slug]), _("In your app")),
    )
    return [Tab(url, name, page == here) for page, url, name in pages]


def _state_choices(survey: Survey) -> list[StateChoice]:
    names = {
        Survey.State.OPEN: _("Open it"),
        Survey.State.CLOSED: _("Close it"),
        Survey.State.DRAFT: _("Back to draft"),
    }
    return [StateChoice(state, name) for state, name in names.items() if state != survey.state]
