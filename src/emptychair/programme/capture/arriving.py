"""How new customers came to us: asked once after the score, kept with the customer."""

from collections.abc import Sequence
from datetime import timedelta

from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Response
from emptychair.programme.customers.arriving import note_arrival
from emptychair.programme.customers.models import Arrival

TRAIT = "origin"  # a company's own systems may know it


def asks_origin(response: Response) -> bool:
    """Say whether the page after the score asks a new customer how the customer came.

    Nobody is asked whose link or own systems told it already; who has answered may change it.
    """
    customer = response.customer
    if customer is None or response.held_reason not in ("", "test"):
        return False
    age = response.answered_at - customer.created_at
    if age > timedelta(days=response.survey.origin_days) or customer.traits.get(TRAIT):
        return False
    return not Arrival.objects.filter(customer=customer).exclude(referrer=None).exists()


def origin_said(response: Response) -> str:
    """Return what was said about it with this response, the last time."""
    for entry in response.entries.order_by("-pk"):
        if entry.body.get("origin"):
            return str(entry.body["origin"])
    return ""


def that_tell_origin(activities: Sequence[Activity]) -> list[Activity]:
    """Return those with which a customer may have said how he or she came."""
    return [
        activity
        for activity in activities
        if activity.details.get("origin") or activity.action == "response.released"
    ]


def note_origin(activity: Activity) -> None:
    """Keep how a customer says to have come.

    Args:
        activity: `response.recorded` or `response.amended`, whose detail `origin` is what was
            said, if anything was; or `response.released`. Its subject is the response.
    """
    if not that_tell_origin([activity]):
        return
    found = Response.objects.select_related("customer").filter(public_id=activity.subject)
    response = found.filter(held_reason="").exclude(customer=None).first()
    origin = origin_said(response) if response else ""
    if response is not None and response.customer is not None and origin:
        note_arrival(response.customer, origin=origin, at=response.answered_at)
