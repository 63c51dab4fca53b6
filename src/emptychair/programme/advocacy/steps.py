"""What the page after the survey offers a customer who could help."""

from datetime import timedelta

from django.urls import reverse

from emptychair.programme.advocacy import whom
from emptychair.programme.advocacy.models import Ask, Favour, Platform
from emptychair.programme.advocacy.words import words_in
from emptychair.programme.capture.following import NextStep
from emptychair.programme.capture.models import Response
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now

PURPOSE = "advocacy-step"
STEP_LIFE = timedelta(days=30)  # as long as the page itself can be opened


def step_after(response: Response, language: str) -> NextStep | None:
    """Return the favour that the plan offers after the survey, if this customer may be asked."""
    favour = whom.plan().on_page
    if not favour or response.customer is None:
        return None
    platform = Platform.objects.filter(is_on=True).first() if favour == Favour.REVIEW else None
    if not _is_taken_up(response, favour) and whom.why_not(
        response.customer, favour, platform=platform, channel=Ask.Channel.PAGE
    ):
        return None
    words = words_in(language, platform=platform.name if platform else "")
    token = tokens.sign(PURPOSE, response.public_id, now() + STEP_LIFE)
    return NextStep(
        words[f"{favour}_title"],
        words[f"{favour}_text"],
        words[f"{favour}_yes"],
        reverse("favours:after", args=[token]),
    )


def response_of(token: str) -> Response | None:
    """Return the response that the form after the survey speaks for."""
    public_id = tokens.verify(PURPOSE, token, now())
    found = Response.objects.select_related("customer").filter(public_id=public_id or "")
    return found.exclude(customer=None).first()


def _is_taken_up(response: Response, favour: str) -> bool:
    taken = Ask.objects.filter(response=response, favour=favour, channel=Ask.Channel.PAGE)
    return taken.exists()
