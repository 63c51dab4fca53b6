"""What verdicts, states and steps are called on the pages about causes."""

from django.utils.translation import gettext as _


def verdict(name: str) -> str:
    """Return what a driver's verdict says."""
    return {
        "improve": _("Begin here: matters, and is rated below the others"),
        "keep": _("Keep: matters, and is rated as well as the others"),
        "unclear": _("No effect that is sure"),
        "raises": _("Goes along with higher scores"),
        "lowers": _("Goes along with lower scores"),
        "constant": _("Everybody rated the same"),
        "not_rated": _("Nobody rated it"),
        "too_few": _("Too few answers"),
        "one_bucket": _("All answers fall into one bucket"),
    }[name]


def against(name: str | None) -> str:
    """Return how a segment's effect compares with the company's."""
    return {
        "same": _("Same as the company"),
        "stronger": _("Stronger than the company's"),
        "weaker": _("Weaker than the company's"),
    }.get(name or "", "")


def acts_on(name: str | None) -> str:
    """Return which end of the scale a driver moves more."""
    return {
        "detractors": _("Mostly detractors"),
        "promoters": _("Mostly promoters"),
        "both": _("Both ends alike"),
    }.get(name or "", "")


def state(name: str) -> str:
    """Return what an initiative's state is called."""
    return {
        "proposed": _("Proposed"),
        "decided": _("Decided"),
        "running": _("Running"),
        "finished": _("Finished"),
    }[name]


def why(name: str) -> str:
    """Return why a touchpoint has no importance."""
    return {
        "not_measured": _("Nobody is asked here"),
        "no_customer": _("Answers name no customer"),
        "no_overall_answers": _("Nobody answers about us as a whole"),
        "too_few": _("Too few answered about it and about us as a whole"),
    }.get(name, "")
