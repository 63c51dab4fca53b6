"""The survey inside a company's own pages: a script, and three addresses it may write to.

The page that shows it lies on another origin. So each reply names exactly that origin, if it is
on the list, takes JSON alone (which makes a browser ask first), and uses no cookie. The key can
ask whether to show the question and store an answer; it can read nothing.
"""

import hashlib
import hmac
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from emptychair.programme.accounts.policy import public
from emptychair.programme.capture import colours, whom
from emptychair.programme.capture.answering import Stored, amend, answer
from emptychair.programme.capture.circumstances import circumstances_of
from emptychair.programme.capture.letters import INVITATION
from emptychair.programme.capture.models import Invitation, Survey, Widget
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.capture.submission import MOST_BYTES, Problem, submission_of
from emptychair.programme.customers.models import Customer
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib import strict_json, tokens
from emptychair.programme.lib.clock import now

AMEND = "widget-answer"  # a purpose of its own: such a token opens no page
ASK_LIFE = timedelta(days=1)
PREFLIGHT_SECONDS = "600"
_KINDS = ("ask", "answer", "decline")


@dataclass(frozen=True)
class Visitor:
    """Whom the host page says it shows: a customer it vouches for, or nobody in particular."""

    customer: Customer | None


@public
@require_safe
def script(_request: HttpRequest, version: str) -> HttpResponseBase:
    """Return the widget's script; an outdated version gets the present one, kept for minutes."""
    present, text = script_file()
    answer_ = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    fresh = "public, max-age=31536000, immutable" if version == present else "public, max-age=300"
    answer_.headers["Cache-Control"] = fresh
    answer_.headers["Access-Control-Allow-Origin"] = "*"
    answer_.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer_


def script_file() -> tuple[str, bytes]:
    """Return the version of the script and the script."""
    found = finders.find("capture/widget.js")
    path = Path(found) if found else settings.STATIC_ROOT / "capture" / "widget.js"
    return _script(path, path.stat().st_mtime_ns)


@lru_cache(2)
def _script(path: Path, _changed: int) -> tuple[str, bytes]:
    text = path.read_bytes()
    return hashlib.sha256(text).hexdigest()[:12], text


# No cookie is involved: the origin and the key are what is checked.
@csrf_exempt
@public
@require_http_methods(["POST", "OPTIONS"])
def endpoint(request: HttpRequest, key: str, kind: str) -> HttpResponseBase:
    """Say whether to ask, store an answer, or note that somebody declined."""
    early: Problem | None = request.META.get("emptychair.problem")
    if early is not None:
        return _problem(early)
    widget = _widget(key) if kind in _KINDS else None
    if widget is None:
        return _problem(Problem(404, "unknown_key", "There is no such widget, or it is closed."))
    origin = request.headers.get("Origin", "")
    if origin not in widget.origins:
        return _problem(Problem(403, "origin", "This page is not on the list of the widget."))
    if request.method == "OPTIONS":
        return _for_origin(HttpResponse(status=204), origin)
    said = _body(request)
    if isinstance(said, Problem):
        return _for_origin(_problem(said), origin)
    deeds = {"ask": _ask, "answer": _answer, "decline": _decline}
    return _for_origin(deeds[kind](request, widget, said), origin)


def _widget(key: str) -> Widget | None:
    found = Widget.objects.select_related("link__survey", "link__unit")
    open_ones = found.filter(link__is_open=True, link__channel="widget")
    return open_ones.exclude(link__survey__state="closed").filter(link__public_id=key).first()


def _for_origin(reply: HttpResponse, origin: str) -> HttpResponse:
    reply.headers["Access-Control-Allow-Origin"] = origin
    reply.headers["Vary"] = "Origin"
    reply.headers["Cache-Control"] = "no-store"
    if reply.status_code == 204:
        reply.headers["Access-Control-Allow-Methods"] = "POST"
        reply.headers["Access-Control-Allow-Headers"] = "content-type"
        reply.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return reply


def _problem(problem: Problem) -> HttpResponse:
    body = {"status": problem.status, "code": problem.code, "title": problem.sentence}
    reply = JsonResponse(body, status=problem.status, content_type="application/problem+json")
    if problem.status == 429:
        reply.headers["Retry-After"] = "60"
    return reply


def _body(request: HttpRequest) -> dict[str, Any] | Problem:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return Problem(415, "content_type", "Send JSON: Content-Type: application/json.")
    if len(request.body) > MOST_BYTES:
        return Problem(413, "too_large", f"Send at most {MOST_BYTES} bytes.")
    try:
        said = strict_json.read(request.body)
    except ValueError:
        return Problem(400, "json_unreadable", "The body is not valid JSON with unique keys.")
    if not isinstance(said, dict):
        return Problem(400, "json_shape", "Send one JSON object.")
    return said


def _ask(_request: HttpRequest, widget: Widget, said: dict[str, Any]) -> HttpResponse:
    fields = {"customer_id", "expires", "signature", "language", "is_new"}
    if unknown := sorted(set(said) - fields):
        return _problem(Problem(400, "field_unknown", f"There is no field {unknown[0][:60]!a}."))
    visitor = _visitor(widget, said)
    if isinstance(visitor, Problem):
        return _problem(visitor)
    token = _token(widget, visitor, is_new=said.get("is_new") is not False)
    if token is None:
        return JsonResponse({"ask": False})
    language = said.get("language")
    return JsonResponse({"ask": True, "token": token, **_words(widget, str(language)[:2])})


def _visitor(widget: Widget, said: Mapping[str, Any]) -> Visitor | Problem:
    """Return whom the host page vouches for. A signature that does not fit is refused."""
    if "customer_id" not in said:
        return Visitor(None)
    customer_id, expires, signature = (said.get(n) for n in ("customer_id", "expires", "signature"))
    wrong = Problem(403, "signature", "The customer_id is not signed with the widget's secret.")
    if not isinstance(customer_id, str) or not isinstance(signature, str):
        return wrong
    if not isinstance(expires, int) or isinstance(expires, bool):
        return wrong
    if not now().timestamp() < expires < 2**40:
        return Problem(403, "signature_old", "The signature has expired: sign at each page view.")
    wanted = signature_of(secret_of(widget), customer_id, expires)
    if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
        return wrong
    return Visitor(Customer.objects.select_related("unit").filter(code=customer_id).first())


def secret_of(widget: Widget) -> str:
    """Return the secret with which the host signs customer ids; the same at every call."""
    return tokens.derived_token("widget-secret", f"{widget.link.public_id} {widget.generation}")


def signature_of(secret: str, customer_id: str, expires: int) -> str:
    """Return the signature that the host's server makes: HMAC-SHA256 in hexadecimal digits.

    Examples:
        >>> signature_of("secret", "C1", 1764000000)[:12]
        '369d7f51653e'
    """
    text = f"{expires}.{customer_id}".encode("utf-8", "replace")
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def _token(widget: Widget, visitor: Visitor, *, is_new: bool) -> str | None:
    """Return what the answer is sent with, or None when nobody is to be asked now."""
    is_chosen = random.random() * 100 < widget.share_percent  # noqa: S311  a sample, no secret
    survey = widget.link.survey
    if visitor.customer is None:
        may_ask = widget.asks_anonymous and is_new and is_chosen
        return widget.link.public_id if may_ask else None
    reason = whom.why_not_now(survey, visitor.customer, now())
    if reason or not is_chosen:
        return None
    invitation = whom.ask_in_widget(widget, visitor.customer, now() + ASK_LIFE)
    return tokens.derived_token(INVITATION, invitation.public_id)


def _words(widget: Widget, wish: str) -> dict[str, Any]:
    """Return every text that the widget shows, in one language."""
    survey: Survey = widget.link.survey
    wordings = current_wordings(survey)
    code = next(c for c in (wish, settings.LANGUAGE_CODE, *wordings) if c in wordings)
    wording = wordings[code]
    with translation.override(code):
        shown = {
            "name": settings.ORGANISATION,
            "send": _("Send"),
            "close": _("Close"),
            "failed": _("Not sent. Try again."),
            "saved": _("Saved. Thank you."),
            "poor": _("Poor"),
            "excellent": _("Excellent"),
            "contact": _("You may contact me about this"),
            "test": _("This is a test. The answer is stored but not counted.")
            if survey.state == Survey.State.DRAFT
            else "",
        }
    return {
        "language": code,
        "question": wording.question.replace("{x}", settings.ORGANISATION),
        "low": wording.low_label,
        "high": wording.high_label,
        "follow_up": wording.follow_up,
        "thanks": wording.thanks,
        "ratings": [
            [driver.slug, driver.names.get(code) or driver.name]
            for driver in Driver.objects.filter(survey=survey)
        ],
        "words": shown,
        "colours": colours.of_brand(widget.colour),
        "delay": widget.delay_seconds,
    }


def _answer(request: HttpRequest, widget: Widget, said: dict[str, Any]) -> HttpResponse:
    token, more = said.pop("token", None), said.pop("more", None)
    submission = submission_of(said)
    if isinstance(submission, Problem):
        return _problem(submission)
    if submission.unconfirmed or submission.amends or submission.answered_at:
        return _problem(Problem(400, "field_unknown", "A widget sends what was pressed, now."))
    around = circumstances_of(request.META, "", submission.submission_id, now())
    if isinstance(more, str):
        outcome = amend(more, submission, around, AMEND)
    elif isinstance(token, str) and _belongs(token, widget):
        outcome = answer(token, submission, around)
    else:
        outcome = Problem(404, "unknown_link", "This question is over. Load the page again.")
    if not isinstance(outcome, Stored):
        return _problem(outcome)
    later = tokens.sign(AMEND, outcome.response, outcome.at + ASK_LIFE)
    return JsonResponse({"submission_id": outcome.submission_id, "more": later}, status=201)


def _belongs(token: str, widget: Widget) -> bool:
    """Say whether the token is the widget's own: no other link is answered from here."""
    if hmac.compare_digest(token.encode("utf-8", "replace"), widget.link.public_id.encode()):
        return True
    digest = tokens.token_hash(token)
    own = Invitation.objects.filter(token_hash=digest, channel="widget", survey=widget.link.survey)
    return own.exists()


def _decline(_request: HttpRequest, widget: Widget, said: dict[str, Any]) -> HttpResponse:
    token = said.get("token")
    if isinstance(token, str) and len(token) < 100 and set(said) == {"token"}:
        whom.decline(widget.link.survey, tokens.token_hash(token))
        return HttpResponse(status=202)
    return _problem(Problem(400, "token", "Send the token of the question that was declined."))
