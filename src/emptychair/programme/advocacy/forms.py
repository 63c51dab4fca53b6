"""What colleagues fill in about favours."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emptychair.programme.advocacy.labels import EVERYONE, FAVOURS, PROMOTERS
from emptychair.programme.advocacy.models import Plan, Platform
from emptychair.programme.advocacy.queries import CUSTOMERS

INPUT = {"class": "form-control"}
SELECT = {"class": "form-select"}
NOBODY = [("", _("nothing")), *FAVOURS.items()]


def _whole(label: Any, least: int, most: int, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        help_text=help_text,
        widget=forms.NumberInput({**INPUT, "inputmode": "numeric"}),
    )


class PlanForm(forms.Form):
    """How customers are asked."""

    quiet_days = _whole(_("Days between two asks of the same customer"), 30, 1825)
    recent_days = _whole(_("The latest answer is at most so many days old"), 7, 730)
    on_page = forms.ChoiceField(
        label=_("Offer after the survey"),
        choices=NOBODY,
        required=False,
        widget=forms.Select(SELECT),
        help_text=_("To those who could help; a review on platforms for everyone, to everyone."),
    )
    by_itself = forms.ChoiceField(
        label=_("Ask by mail, by itself"),
        choices=NOBODY,
        required=False,
        widget=forms.Select(SELECT),
    )
    wait_days = _whole(_("So many days after the answer"), 1, 60)
    offer = forms.CharField(
        label=_("What the recommended get"),
        max_length=300,
        required=False,
        widget=forms.TextInput(INPUT),
        help_text=_("Shown on the page of every referral link. Left empty, nothing is promised."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        goals = {**FAVOURS, CUSTOMERS: _("New customers brought")}
        for key, name in goals.items():
            field = _whole(_("Goal a quarter: %(name)s") % {"name": name}, 0, 100_000)
            field.required, field.initial = False, 0
            self.fields[f"goal_{key}"] = field

    def values(self) -> dict[str, Any]:
        """Return the values of `Plan`."""
        said = dict(self.cleaned_data)
        goals = {key.removeprefix("goal_"): n for key, n in said.items() if key.startswith("goal_")}
        plain = {key: value for key, value in said.items() if not key.startswith("goal_")}
        return {**plain, "goals": {key: n for key, n in goals.items() if n}}


def plan_values(plan: Plan) -> dict[str, Any]:
    """Return a plan as the form shows it."""
    names = ("quiet_days", "recent_days", "on_page", "by_itself", "wait_days", "offer")
    goals = {f"goal_{key}": n for key, n in plan.goals.items()}
    return {**{name: getattr(plan, name) for name in names}, **goals}


class PlatformForm(forms.Form):
    """Where reviews are written, and whom we may ask."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(INPUT))
    url = forms.URLField(
        label=_("Address where a review is written"),
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(INPUT),
    )
    asks = forms.ChoiceField(
        label=_("Whom we ask"),
        choices=[(Platform.Asks.EVERYONE, EVERYONE), (Platform.Asks.PROMOTERS, PROMOTERS)],
        widget=forms.Select(SELECT),
        help_text=_(
            "Most platforms, Google and Trustpilot among them, forbid asking the satisfied alone."
            " Choose promoters only where the platform's own rules allow it."
        ),
    )
    is_on = forms.BooleanField(
        label=_("Switched on"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )

    def platform(self, platform: Platform) -> Platform:
        """Return `platform` with what was filled in; it is not stored."""
        for name, value in self.cleaned_data.items():
            setattr(platform, name, value)
        return platform
