"""The words of a survey per language, with the customer's page beside them as one writes."""

from csp.decorators import csp
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from emptychair.programme.accounts.policy import requires
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Survey
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.capture.wordings import STANDARD, Words
from emptychair.programme.surveys.forms import WordsForm, words_values
from emptychair.programme.surveys.frame import Tab, frame, refuse_reader, survey_of, user_of
from emptychair.programme.surveys.labels import LANGUAGES, language_name
from emptychair.programme.surveys.preview import mail_body, preview


@require_http_methods(["GET", "HEAD", "POST"])
@requires("survey.read")
def change_words(request: HttpRequest, slug: str, language: str) -> HttpResponseBase:
    """Show the words in one language; changed words become a new version."""
    survey = survey_of(slug)
    present = _present(survey, language)
    form = WordsForm(request.POST or None, initial=words_values(present), language=language)
    if request.method == "POST":
        refuse_reader(request)
        # Without JavaScript a button shows the unsaved words.
        if "show" not in request.POST and form.is_valid():
            return _saved(request, survey, language, form.words())
    said = form.words() if form.is_bound else present
    is_wrong = form.is_bound and not form.is_valid()
    context = frame(request, survey, "words") | {
        "form": form,
        "words_language": language,
        "language_name": language_name(language),
        "languages": _languages(survey, language),
        "versions": survey.wordings.filter(language=language).order_by("-version"),
        "preview": preview(survey, language, said, request.POST.get("step", "question")),
    }
    return render(request, "surveys/words.html", context, status=400 if is_wrong else 200)


@require_POST
@requires("survey.read")
def show_preview(request: HttpRequest, slug: str, language: str) -> HttpResponseBase:
    """Show the customer's page with words that are not saved."""
    survey = survey_of(slug)
    words = _present(survey, language)
    if "question" in request.POST:  # the fields of who may only read are not sent
        words = WordsForm(request.POST, language=language).words()
    shown = preview(survey, language, words, request.POST.get("step", ""))
    return render(request, "surveys/frames.html", {"preview": shown})


# A mail brings its style along; it may load nothing and do nothing.
@csp(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "frame-ancestors": ["'self'"],
        "sandbox": True,
    }
)
@require_safe
@requires("survey.read")
def show_mail(_request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Show the mail in the saved words, for a frame."""
    return HttpResponse(mail_body(language, _present(survey_of(slug), language)))


def _saved(request: HttpRequest, survey: Survey, language: str, words: Words) -> HttpResponseBase:
    before = current_wordings(survey).get(language)
    wording = services.save_words(survey, language, words, by=user_of(request).public_id)
    if wording == before:
        messages.info(request, _("Nothing was changed, so there is no new version."))
    else:
        said = _("Saved as version %(version)d. Earlier answers keep the words they were asked in.")
        messages.success(request, said % {"version": wording.version})
    return redirect("surveys:words", slug=survey.slug, language=language)


def _present(survey: Survey, language: str) -> Words:
    """Return the words in use; the standard ones where the survey has none in that language."""
    if language not in LANGUAGES:
        raise Http404
    wording = current_wordings(survey).get(language)
    return services.words_of(wording) if wording else STANDARD[language]


def _languages(survey: Survey, here: str) -> list[Tab]:
    return [
        Tab(reverse("surveys:words", args=[survey.slug, code]), language_name(code), code == here)
        for code in LANGUAGES
    ]
