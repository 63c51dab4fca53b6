"""What languages, tones and kinds of comments are called."""

from django.utils.translation import gettext as _

from emptychair.analysis.comments.masking import Kind


def language_name(code: str) -> str:
    """Return the name of a language comments are read in."""
    return {
        "sv": _("Swedish"),
        "da": _("Danish"),
        "nb": _("Norwegian"),
        "fi": _("Finnish"),
        "de": _("German"),
        "en": _("English"),
    }.get(code, code)


def sentiment_name(sentiment: str) -> str:
    """Return the name of a tone."""
    return {
        "positive": _("Positive"),
        "mixed": _("Mixed"),
        "negative": _("Negative"),
        "neutral": _("Neutral"),
    }.get(sentiment, sentiment)


def triage_name(triage: str) -> str:
    """Return the name of what is to be done with a comment."""
    return {
        "answer": _("Answer needed"),
        "suggestion": _("Suggestion"),
        "praise": _("Praise"),
        "remark": _("Remark"),
        "unusable": _("Tells nothing"),
    }.get(triage, triage)


def verdict_name(verdict: str) -> str:
    """Return what is said of a theme's impact."""
    return {
        "pulls_down": _("Pulls down"),
        "lifts": _("Lifts"),
        "unclear": _("May be chance"),
    }.get(verdict, verdict)


def period_name(period: str) -> str:
    """Return the name of a period of studies."""
    return {
        "90d": _("Last 90 days"),
        "12m": _("Last 12 months"),
        "all": _("All time"),
    }[period]


def mask_labels() -> dict[Kind, str]:
    """Return what stands in the place of personal data."""
    return {
        "email": _("[e-mail]"),
        "link": _("[link]"),
        "account": _("[account number]"),
        "personal": _("[personal number]"),
        "phone": _("[phone number]"),
        "plate": _("[number plate]"),
        "order": _("[number]"),
        "address": _("[address]"),
        "name": _("[name]"),
    }
