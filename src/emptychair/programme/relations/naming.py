"""What states, healths and amounts are called on the pages about customers."""

from decimal import Decimal

from babel.numbers import format_compact_decimal
from django.conf import settings
from django.utils.translation import gettext as _

from emptychair.programme.lib.templatetags.look import locale, number


def state_name(state: str) -> str:
    """Return what a customer's state is called."""
    return {
        "detractor": _("Detractor"),
        "passive": _("Passive"),
        "promoter": _("Promoter"),
        "too_old": _("Silent: answer too old"),
        "never_answered": _("Silent: never answered"),
        "never_asked": _("Silent: never asked"),
        "silent": _("Silent"),
        "left": _("No longer a customer"),
        "lost": _("Lost"),
    }[state]


def state_names(state: str) -> str:
    """Return what the customers in a state are called."""
    return {
        "detractor": _("Detractors"),
        "passive": _("Passives"),
        "promoter": _("Promoters"),
        "silent": _("Silent ones"),
        "asked_silent": _("Silent ones who were asked"),
        "left": _("No longer customers"),
    }.get(state) or state_name(state)


def health_name(health: str) -> str:
    """Return what an account's health is called."""
    return {"safe": _("Safe"), "risk": _("At risk"), "unknown": _("Unknown")}[health]


def money(amount: float | Decimal | None) -> str:
    """Return an amount with the installation's currency; empty for none."""
    return "" if amount is None else f"{number(float(amount))}\u00a0{settings.CURRENCY}"


def short_money(amount: float | Decimal) -> str:
    """Return an amount in few letters: 42.2M SEK."""
    if -1_000_000 < float(amount) < 1_000_000:
        return money(amount)
    text = format_compact_decimal(float(amount), locale=locale(), fraction_digits=1)
    return f"{text.replace('-', '−')} {settings.CURRENCY}"


def event_name(kind: str) -> str:
    """Return what an event is called; a kind of the company's own stands for itself."""
    known = {
        "purchase": _("Bought"),
        "renewal": _("Renewed"),
        "upgrade": _("Took more"),
        "downgrade": _("Took less"),
        "support": _("Asked for help"),
        "complaint": _("Complained"),
        "return": _("Sent back"),
        "referral": _("Recommended us"),
        "login": _("Logged in"),
        "cancellation": _("Cancelled"),
        "visit": _("Visited"),
    }
    return known.get(kind) or kind.replace("_", " ").capitalize()


def choice_name(action: str) -> str:
    """Return what a recorded choice of a customer is called."""
    return {
        "customer.suppressed": _("No more questions"),
        "customer.allowed_again": _("Questions allowed again"),
        "customer.corrected": _("Name or address corrected"),
    }[action]
