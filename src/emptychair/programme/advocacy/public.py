"""The pages on which customers answer an ask, and who was recommended leaves an address.

GET shows and never writes; POST acts. No session or cookie is involved.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from emptychair.programme.accounts.policy import public
from emptychair.programme.advocacy import asking, giving, steps, whom
from emptychair.programme.advocacy.models import (
    Ask,
    Favour,
    Platform,
    ReferralLink,
    Testimonial,
)
from emptychair.programme.advocacy.words import LANGUAGES, language_of, words_in
from emptychair.programme.capture.circumstances import address_of
from emptychair.programme.capture.guard import KEPT, Guard
from emptychair.programme.capture.views import browser_languages, public_page, unless_refused
from emptychair.programme.customers.models import Contact
from emptychair.programme.lib import mail
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.marks import Marks

LEFT = Guard(Marks("left.marks", KEPT))  # addresses left in a minute, by source and by network


@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def show_ask(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a customer is asked for; take yes, no, words, and taking words back."""
    one = asking.ask_of(token)
    if one is None or one.state not in giving.ANSWERABLE:
        return _gone(request)
    language = language_of(one.customer.language, *browser_languages(request))
    words = words_in(language, platform=one.platform.name if one.platform else "")
    problem = ""
    if request.method == "POST":
        problem = _act(request.POST, one, words, language)
        if not problem:
            return redirect(request.path)
    page = _ask_page(request, one, words, language, words.get(problem, ""))
    page.status_code = 400 if problem else 200
    return page


@csrf_exempt
@public
@unless_refused
@require_POST
def take_up(request: HttpRequest, token: str) -> HttpResponse:
    """Store that a customer takes up what was offered after the survey, and lead on."""
    response = steps.response_of(token)
    favour = whom.plan().on_page
    if response is None or not favour:
        return _gone(request)
    platform = Platform.objects.filter(is_on=True).first() if favour == Favour.REVIEW else None
    one = giving.take_up(response, favour=favour, platform=platform)
    if one is None:
        return _gone(request)
    if favour in (Favour.REVIEW, Favour.REFERRAL):  # the click was the yes
        giving.answer(one, is_yes=True)
    return redirect(asking.path_of(one))


@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def land(request: HttpRequest, code: str) -> HttpResponse:
    """Show who was recommended what it is about, and take an address."""
    link = ReferralLink.objects.filter(code=code.lower(), is_open=True).first()
    if link is None:
        return _gone(request)
    language = language_of(request.GET.get("language", "")[:2], *browser_languages(request))
    words = words_in(language)
    said = {name: request.POST.get(name, "") for name in ("name", "email", "phone")}
    problem = ""
    if request.method == "POST":
        problem = _left(request, link, words, language, said)
        if not problem:
            return redirect(f"{request.path}?done=1&language={language}")
    context = {
        "page": {"language": language, "languages": LANGUAGES},
        "words": words,
        "offer": whom.plan().offer,
        "said": said,
        "problem": words.get(problem, ""),
        "is_done": request.GET.get("done") == "1",
    }
    page = public_page(request, "advocacy/landing.html", language, context)
    page.status_code = {"": 200, "slow": 429}.get(problem, 400)
    return page


def _act(
    said: Mapping[str, str], one: Ask, words: Mapping[str, str], language: str
) -> str:  # fmt: skip
    """Do what the form says; return the name of what is wrong with it, or nothing."""
    wish = said.get("wish", "")
    if wish == "withdraw":
        giving.withdraw_words(one)
    elif wish == "no":
        giving.withdraw_words(one)
        giving.answer(one, is_yes=False)
    elif one.favour != Favour.TESTIMONIAL:
        giving.answer(one, is_yes=True, note=said.get("note", ""))
    elif not said.get("consent"):
        return "bad_consent"
    else:
        try:
            giving.give_words(
                one, text=said.get("note", ""), name=said.get("name", ""),
                consent=words["testimonial_consent"], language=language,
            )  # fmt: skip
        except RefusedError as error:
            return error.code
    return ""


def _ask_page(
    request: HttpRequest, one: Ask, words: Mapping[str, str], language: str, problem: str
) -> HttpResponse:
    kept = Testimonial.objects.filter(ask=one).first()
    contact = Contact.objects.filter(customer=one.customer).first()
    say_no, my_data = asking.rights_of(one.customer)
    state: str = one.state
    if kept is not None and kept.withdrawn_at is not None and state == Ask.State.ACCEPTED:
        state = "withdrawn"
    context: dict[str, Any] = {
        "page": {"language": language},
        "words": words,
        "title": words[f"{one.favour}_title"],
        "text": words[f"{one.favour}_text"],
        "yes": words[f"{one.favour}_yes"],
        "note_label": words.get(f"{one.favour}_note", ""),
        "done": words.get(f"{one.favour}_done", words["done"]),
        "favour": one.favour,
        "state": state,
        "problem": problem,
        "note": request.POST.get("note") or whom.latest_comment(one.customer),
        "name": request.POST.get("name") or (contact.name if contact else ""),
        "kept": kept,
        "platform": one.platform,
        "link": _own_link(one) if state == Ask.State.ACCEPTED else "",
        "say_no": say_no,
        "my_data": my_data,
    }
    if context["link"]:
        context["share"] = quote(f"{words['landing_title']}: {context['link']}")
    return public_page(request, "advocacy/ask.html", language, context)


def _own_link(one: Ask) -> str:
    link = ReferralLink.objects.filter(customer=one.customer).first()
    if one.favour != Favour.REFERRAL or link is None:
        return ""
    return mail.link(reverse("favours:land", args=[link.code]))


def _left(
    request: HttpRequest,
    link: ReferralLink,
    words: Mapping[str, str],
    language: str,
    said: Mapping[str, str],
) -> str:
    """Keep an address that was left; return the name of what is wrong, or nothing."""
    if request.POST.get("leave_empty"):
        return ""  # a machine is told what people are told
    if not request.POST.get("consent"):
        return "bad_consent"
    source = address_of(request.META)
    if LEFT.wait_seconds(source):
        return "slow"
    LEFT.miss(source)
    try:
        giving.be_referred(link, **said, consent=words["landing_consent"], language=language)
    except RefusedError as error:
        return error.code
    return ""


def _gone(request: HttpRequest) -> HttpResponse:
    language = language_of(*browser_languages(request))
    context = {"page": {"language": language}, "words": words_in(language)}
    page = public_page(request, "advocacy/gone.html", language, context)
    page.status_code = 404
    return page
