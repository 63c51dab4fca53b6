"""What a person may do about what we know: stop, see, download, correct, erase.

Reached by a signed link in every message, without logging in. GET shows; POST acts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from emptychair.programme.accounts.policy import public
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.letters import MY_DATA, SAY_NO
from emptychair.programme.capture.models import Invitation, Response
from emptychair.programme.capture.views import unless_refused
from emptychair.programme.customers import consent
from emptychair.programme.customers.holdings import Holding, holdings_of
from emptychair.programme.customers.models import Arrival, Contact, Customer
from emptychair.programme.customers.services import correct_contact
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.tokens import verify


@dataclass(frozen=True)
class Answer:
    """One response as its giver sees it."""

    at: datetime
    survey: str
    score: int
    comment: str


@dataclass(frozen=True)
class Said:
    """What a person wrote to us outside a survey."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Kept:
    """One more thing that is kept, under the name it has for the person."""

    at: datetime
    what: str
    text: str


_KEPT = {
    "follow_up": _("How we followed up your answer"),
    "promise": _("What we promised you"),
    "favour": _("A favour we asked of you"),
    "testimonial": _("Your words that we may show"),
    "referral": _("Recommending us to others"),
    "origin": _("How you came to us"),
}


@dataclass(frozen=True)
class OwnData:
    """Everything an installation holds about one person."""

    customer_id: str
    name: str
    email: str
    phone: str
    traits: dict[str, Any]
    answers: tuple[Answer, ...]
    asked: tuple[datetime, ...]
    messages: tuple[Said, ...]
    kept: tuple[Kept, ...]
    said_no: bool


# A mailbox posts here by itself for RFC 8058; the signed link is what shows whose no it is.
@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to stop all questions; stop them on POST, also by one click of the mailbox."""
    customer = _customer(SAY_NO, token)
    if customer is None:
        return _unknown(request)
    if request.method == "POST":
        consent.suppress(customer, "unsubscribed")
        if request.POST.get("List-Unsubscribe") == "One-Click":
            return HttpResponse(status=200)
        return redirect(request.path)
    context = {"said_no": consent.is_suppressed(customer)}
    return _page(request, "capture/unsubscribe.html", customer.language, context)


@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def my_data(request: HttpRequest, token: str) -> HttpResponse:
    """Show a person everything we hold; correct, stop or erase on POST."""
    customer = _customer(MY_DATA, token)
    if customer is None:
        return _unknown(request)
    refused = ""
    if request.method == "POST":
        try:
            _act(request, customer)
            return redirect(request.path)
        except RefusedError as error:
            refused = error.sentence
    if request.GET.get("download") == "json":
        return _download(customer)
    context = {"own": own_data(customer), "refused": refused}
    return _page(request, "capture/my_data.html", customer.language, context)


def _act(request: HttpRequest, customer: Customer) -> None:
    wish = request.POST.get("wish")
    if wish == "stop":
        consent.suppress(customer, "unsubscribed")
    elif wish == "correct":
        fields = {name: request.POST.get(name, "").strip() for name in ("name", "email", "phone")}
        correct_contact(customer, **fields)
    elif wish == "erase" and request.POST.get("sure"):
        erase(customer)
    else:
        raise RefusedError("wish_unclear", "Tick the box to say that you are sure.")


def own_data(customer: Customer) -> OwnData:
    """Return everything held about `customer`."""
    contact = Contact.objects.filter(pk=customer.pk).first() or Contact()
    responses = Response.objects.filter(customer=customer).select_related("survey")
    return OwnData(
        customer.code,
        contact.name,
        contact.email,
        contact.phone,
        {**customer.traits, "country": customer.country, "language": customer.language},
        tuple(
            Answer(r.answered_at, r.survey.name, r.score, r.comment)
            for r in responses.order_by("-answered_at")
        ),
        tuple(
            invitation.sent_at
            for invitation in Invitation.objects.filter(customer=customer).order_by("-sent_at")
            if invitation.sent_at
        ),
        tuple(Said(one.at, one.text) for one in contact.message_set.order_by("-at"))
        if contact.pk
        else (),
        _kept(customer),
        consent.is_suppressed(customer),
    )


def _kept(customer: Customer) -> tuple[Kept, ...]:
    arrival = Arrival.objects.filter(customer=customer).first()
    found = [
        *holdings_of(customer),
        *([Holding(arrival.at, "origin", arrival.origin)] if arrival else []),
    ]
    return tuple(Kept(one.at, str(_KEPT[one.kind]), one.text) for one in found)


def _download(customer: Customer) -> HttpResponse:
    own = own_data(customer)
    answers = [{**vars(answer), "at": answer.at.isoformat()} for answer in own.answers]
    asked = [moment.isoformat() for moment in own.asked]
    messages = [{"at": one.at.isoformat(), "text": one.text} for one in own.messages]
    kept = [{**vars(one), "at": one.at.isoformat()} for one in own.kept]
    response = JsonResponse(
        {**vars(own), "answers": answers, "asked": asked, "messages": messages, "kept": kept},
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


def _customer(purpose: str, token: str) -> Customer | None:
    code = verify(purpose, token, now())
    return Customer.objects.filter(code=code).first() if code else None


def _unknown(request: HttpRequest) -> HttpResponse:
    context = {"problem": {"code": "unknown_link"}}
    page = _page(request, "capture/problem.html", "", context)
    page.status_code = 404
    return page


def _page(
    request: HttpRequest, template: str, language: str, context: dict[str, Any]
) -> HttpResponse:
    language = language or translation.get_language() or "en"
    with translation.override(language):
        known = {"organisation": settings.ORGANISATION, "page": {"language": language}}
        page = render(request, template, {**known, **context})
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Content-Language"] = language
    return page
