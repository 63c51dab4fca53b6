"""The page behind the link in a colleague's letter. GET shows; POST acts, once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from emptychair.programme.accounts.policy import public
from emptychair.programme.capture.views import public_page, unless_refused
from emptychair.programme.closedloop import by_mail
from emptychair.programme.closedloop.forms import CloseForm
from emptychair.programme.closedloop.labels import STATES
from emptychair.programme.closedloop.models import MailLink
from emptychair.programme.lib.errors import RefusedError


# The signed link is what shows who acts; there is no session a forged form could borrow.
@csrf_exempt
@public
@unless_refused
@require_http_methods(["GET", "HEAD", "POST"])
def handle(request: HttpRequest, token: str) -> HttpResponse:
    """Show a case to the colleague who got the link, and do one step of it."""
    link = by_mail.link_of(token)
    language = (link.user.language if link else "") or translation.get_language() or "en"
    with translation.override(language):
        if link is None:
            page = public_page(request, "closedloop/by_mail_gone.html", language, _page(language))
            page.status_code = 404
            return page
        refused = ""
        if request.method == "POST":
            refused = _act(request, link)
            if not refused:
                return redirect(request.path)  # reloading the page does nothing again
        link.refresh_from_db()
        link.case.refresh_from_db()
        return _shown(request, link, language, refused)


def _act(request: HttpRequest, link: MailLink) -> str:
    """Do what the form says; return why it was refused, or nothing."""
    said = {name: request.POST.get(name, "") for name in ("step", "said", "outcome", "root_cause")}
    try:
        by_mail.use(link, **said)
    except RefusedError as error:
        return error.sentence
    return ""


def _shown(request: HttpRequest, link: MailLink, language: str, refused: str) -> HttpResponse:
    case = link.case
    form = CloseForm(kind=case.kind)
    context = {
        **_page(language),
        "case": case,
        "state": STATES[case.state],
        "response": case.response,
        "is_used": link.used_at is not None,
        "refused": refused,
        "said": request.POST.get("said", ""),
        "root_cause": request.POST.get("root_cause", ""),
        "outcomes": form.fields["outcome"].choices,  # type: ignore[attr-defined]
        "cause_label": form.fields["root_cause"].label,
    }
    page = public_page(request, "closedloop/by_mail.html", language, context)
    page.status_code = 409 if refused else 200
    return page


def _page(language: str) -> dict[str, object]:
    return {"page": {"language": language}}
