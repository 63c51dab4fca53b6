"""Links, QR codes and posters of a survey."""

import io
from dataclasses import dataclass

import segno
from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.policy import requires
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Link, Response, Survey
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.lib import mail
from emptychair.programme.surveys.forms import LinkForm
from emptychair.programme.surveys.frame import (
    first_language,
    frame,
    refuse_reader,
    survey_of,
    user_of,
)
from emptychair.programme.surveys.labels import CHANNEL, label

CODES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class ShownLink:
    """A link as the page shows it."""

    public_id: str
    address: str
    unit: str
    channel: str
    is_open: bool
    answers: int


@dataclass(frozen=True)
class Poster:
    """What stands on a poster."""

    language: str
    languages: tuple[str, ...]
    question: str
    unit: str
    address: str
    image_url: str


@require_http_methods(["GET", "HEAD", "POST"])
@requires("survey.read")
def show_links(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the links of a survey and add one."""
    survey = survey_of(slug)
    form = LinkForm(request.POST or None)
    if request.method == "POST":
        refuse_reader(request)
        if form.is_valid():
            services.add_link(survey, **form.cleaned_data, by=user_of(request).public_id)
            messages.success(request, _("The link is open."))
            return redirect("surveys:links", slug=slug)
    context = frame(request, survey, "links") | {"form": form, "links": _links(survey)}
    return render(request, "surveys/links.html", context, status=400 if form.errors else 200)


@require_POST
@requires("survey.change")
def set_link_state(request: HttpRequest, slug: str, public_id: str) -> HttpResponseBase:
    """Open or close a link."""
    link = _link(slug, public_id)
    is_open = request.POST.get("open") == "yes"
    services.set_link_open(link, is_open=is_open, by=user_of(request).public_id)
    messages.success(
        request, _("The link is open.") if is_open else _("Nobody can answer at that link now.")
    )
    return redirect("surveys:links", slug=slug)


@require_safe
@requires("survey.read")
def show_code(_request: HttpRequest, slug: str, public_id: str, kind: str) -> HttpResponseBase:
    """Return the QR code of a link as SVG or PNG."""
    if kind not in CODES:
        raise Http404
    link = _link(slug, public_id)
    image = io.BytesIO()
    code = segno.make_qr(address_of(link), error="m")
    if kind == "svg":
        code.save(image, kind="svg", scale=8, dark="#000", light="#fff", svgclass=None)
    else:
        code.save(image, kind="png", scale=16)
    answer = HttpResponse(image.getvalue(), content_type=CODES[kind])
    name = f"{slug}-{link.unit.code if link.unit else link.channel}.{kind}"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


@require_safe
@requires("survey.read")
def show_poster(request: HttpRequest, slug: str, public_id: str) -> HttpResponseBase:
    """Show a poster with the question and the QR code, to print."""
    link = _link(slug, public_id)
    wordings = current_wordings(link.survey)
    if not wordings:
        raise Http404
    wishes = (request.GET.get("language", ""), first_language(), *wordings)
    wording = wordings[next(wish for wish in wishes if wish in wordings)]
    poster = Poster(
        wording.language,
        tuple(sorted(wordings)),
        wording.question.replace("{x}", settings.ORGANISATION),
        link.unit.name if link.unit else "",
        address_of(link),
        reverse("surveys:code", args=[slug, public_id, "svg"]),
    )
    with translation.override(wording.language):
        return render(request, "capture/poster.html", {"page": poster})


def address_of(link: Link) -> str:
    """Return the full address people answer at."""
    return mail.link(f"/{'k' if link.channel == 'kiosk' else 's'}/{link.public_id}")


def _link(slug: str, public_id: str) -> Link:
    links = Link.objects.select_related("survey", "unit")
    return get_object_or_404(links, survey__slug=slug, public_id=public_id)


def _links(survey: Survey) -> list[ShownLink]:
    """Return the links, the open ones first, each with what its unit and channel brought."""
    counts = Response.objects.filter(survey=survey, invitation=None, held_reason="")
    grouped = counts.order_by().values_list("unit", "channel").annotate(n=Count("id"))
    brought = {(unit, channel): n for unit, channel, n in grouped}
    found = Link.objects.filter(survey=survey).exclude(channel="widget").select_related("unit")
    return [
        ShownLink(
            link.public_id,
            address_of(link),
            link.unit.name if link.unit else "",
            label(CHANNEL, link.channel),
            link.is_open,
            brought.get((link.unit.code if link.unit else "", link.channel), 0),
        )
        for link in found.order_by("-is_open", "unit__name", "pk")
    ]
