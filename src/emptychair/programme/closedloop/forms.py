"""What colleagues fill in about cases, rules and absences."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from emptychair.programme.accounts.models import User
from emptychair.programme.capture.models import Survey
from emptychair.programme.closedloop.labels import (
    ASSIGN,
    CAUSE_OF,
    CAUSES,
    KINDS,
    OUTCOMES,
    OUTCOMES_OF,
)
from emptychair.programme.closedloop.models import Rule
from emptychair.programme.comments.queries import theme_names

INPUT = {"class": "form-control"}
SELECT = {"class": "form-select"}
CHECK = {"class": "form-check-input"}


class _Choices(forms.CheckboxSelectMultiple):
    """Boxes in the look of the house."""

    def __init__(self) -> None:
        super().__init__(CHECK)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput({**INPUT, "type": "date"}, "%Y-%m-%d")
    )


class ContactForm(forms.Form):
    """What came of contacting the customer; filled in during the call."""

    said = forms.CharField(
        label=_("What was said"), max_length=2000, widget=forms.Textarea({**INPUT, "rows": 3})
    )
    promise = forms.CharField(
        label=_("What was promised"),
        max_length=300,
        required=False,
        widget=forms.TextInput(INPUT),
        help_text=_("Leave it empty if nothing was."),
    )
    due_on = forms.DateField(
        label=_("By"),
        required=False,
        widget=forms.DateInput({**INPUT, "type": "date"}, "%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the day of a promise."""
        said = super().clean() or {}
        if said.get("promise") and not said.get("due_on"):
            self.add_error("due_on", _("Say by when."))
        return said


class CloseForm(forms.Form):
    """How a case ends."""

    outcome = forms.ChoiceField(label=_("What came of it"), widget=forms.Select(SELECT))
    root_cause = forms.CharField(
        label=_("What lay behind the score"),
        max_length=200,
        widget=forms.TextInput({**INPUT, "list": "ec-causes"}),
    )
    said = forms.CharField(
        label=_("A sentence for colleagues"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(INPUT),
    )
    causes = CAUSES

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outcome = self.fields["outcome"]
        assert isinstance(outcome, forms.ChoiceField)
        outcome.choices = [(name, OUTCOMES[name]) for name in OUTCOMES_OF[kind]]
        self.fields["root_cause"].label = CAUSE_OF[kind]


class WaitForm(forms.Form):
    """Until when a case waits, and for what."""

    until = _day(_("Until"))
    said = forms.CharField(label=_("For what"), max_length=500, widget=forms.TextInput(INPUT))


class AbsenceForm(forms.Form):
    """Days without new cases."""

    user = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name"),
        label=_("Colleague"),
        widget=forms.Select(SELECT),
        to_field_name="public_id",
    )
    first_on = _day(_("First day"))
    last_on = _day(_("Last day"))


class RuleForm(forms.Form):
    """A rule: which answers, who gets them, how soon."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(INPUT))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=list(KINDS.items()), widget=forms.Select(SELECT)
    )
    lowest = forms.IntegerField(
        label=_("Score from"),
        min_value=0,
        max_value=10,
        required=False,
        widget=forms.NumberInput(INPUT),
    )
    highest = forms.IntegerField(
        label=_("Score to"),
        min_value=0,
        max_value=10,
        required=False,
        widget=forms.NumberInput(INPUT),
    )
    contact_wanted = forms.BooleanField(
        label=_("The customer wants to be contacted"),
        required=False,
        widget=forms.CheckboxInput(CHECK),
    )
    has_comment = forms.BooleanField(
        label=_("With a comment"), required=False, widget=forms.CheckboxInput(CHECK)
    )
    key_segment = forms.BooleanField(
        label=_("In a key segment"), required=False, widget=forms.CheckboxInput(CHECK)
    )
    value_from = forms.DecimalField(
        label=_("Brought at least, in twelve months"),
        min_value=0,
        required=False,
        widget=forms.NumberInput(INPUT),
    )
    silent_days = forms.IntegerField(
        label=_("Or: a key contact has been silent for so many days"),
        min_value=30,
        max_value=1_825,
        required=False,
        widget=forms.NumberInput(INPUT),
        help_text=_("Then the rule is about silence, not about answers."),
    )
    words = forms.CharField(
        label=_("With one of these words"),
        max_length=500,
        required=False,
        widget=forms.TextInput(INPUT),
        help_text=_("Parted by commas; any language."),
    )
    themes = forms.MultipleChoiceField(
        label=_("About one of these themes"), required=False, widget=_Choices()
    )
    surveys = forms.ModelMultipleChoiceField(
        Survey.objects.order_by("name"),
        label=_("Only these surveys"),
        required=False,
        to_field_name="slug",
        widget=_Choices(),
    )
    assign = forms.ChoiceField(
        label=_("Who gets it"), choices=list(ASSIGN.items()), widget=forms.Select(SELECT)
    )
    people = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True).order_by("name"),
        label=_("Colleagues who take turns"),
        required=False,
        to_field_name="public_id",
        widget=_Choices(),
        help_text=_("For language and turns; whoever is away is passed over."),
    )
    contact_hours = forms.IntegerField(
        label=_("Contact within working hours"),
        min_value=1,
        max_value=200,
        initial=8,
        widget=forms.NumberInput(INPUT),
        help_text=_("Nine hours are a working day."),
    )
    holdout_percent = forms.IntegerField(
        label=_("Percent that wait a month"),
        min_value=0,
        max_value=20,
        initial=0,
        widget=forms.NumberInput(INPUT),
        help_text=_(
            "Only scores from 4 without a wish for contact. Comparing them with the others tells"
            " what contacting does."
        ),
    )
    ask_again_days = forms.IntegerField(
        label=_("Ask again after days"),
        min_value=0,
        max_value=365,
        initial=21,
        widget=forms.NumberInput(INPUT),
        help_text=_("After closing, once. 0: never."),
    )
    position = forms.IntegerField(
        label=_("Position"),
        min_value=1,
        max_value=999,
        initial=100,
        widget=forms.NumberInput(INPUT),
        help_text=_("The first rule that fits opens the case."),
    )
    is_on = forms.BooleanField(
        label=_("Switched on"), required=False, widget=forms.CheckboxInput(CHECK)
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        themes = self.fields["themes"]
        assert isinstance(themes, forms.MultipleChoiceField)
        names = theme_names((get_language() or "en")[:2])
        themes.choices = [(key, names[key]) for key in sorted(names, key=lambda key: names[key])]

    def condition(self) -> dict[str, Any]:
        """Return what is asked of an answer, as `conditions` reads it."""
        said = self.cleaned_data
        has_scores = said["lowest"] is not None or said["highest"] is not None
        low = 0 if said["lowest"] is None else said["lowest"]
        high = 10 if said["highest"] is None else said["highest"]
        parts = {
            "scores": [low, high] if has_scores else None,
            "contact_wanted": said["contact_wanted"],
            "has_comment": said["has_comment"],
            "key_segment": said["key_segment"],
            "value_from": str(said["value_from"]) if said["value_from"] else None,
            "words": [word.strip() for word in said["words"].split(",") if word.strip()],
            "themes": said["themes"],
            "surveys": [survey.slug for survey in said["surveys"]],
            "silent_days": said["silent_days"],
        }
        return {name: part for name, part in parts.items() if part}

    def rule(self, rule: Rule) -> Rule:
        """Return `rule` with what was filled in; it is not stored."""
        for name in (
            "name", "kind", "assign", "contact_hours", "holdout_percent", "ask_again_days",
            "position", "is_on",
        ):  # fmt: skip
            setattr(rule, name, self.cleaned_data[name])
        rule.condition = self.condition()
        return rule


def rule_values(rule: Rule) -> dict[str, Any]:
    """Return a stored rule as the form shows it."""
    condition = rule.condition
    low, high = condition.get("scores") or (None, None)
    return {
        "name": rule.name, "kind": rule.kind, "lowest": low, "highest": high,
        "contact_wanted": condition.get("contact_wanted", False),
        "has_comment": condition.get("has_comment", False),
        "key_segment": condition.get("key_segment", False),
        "value_from": condition.get("value_from"),
        "silent_days": condition.get("silent_days"),
        "words": ", ".join(condition.get("words", ())),
        "themes": condition.get("themes", ()),
        "surveys": condition.get("surveys", ()),
        "assign": rule.assign,
        "people": list(rule.people.values_list("public_id", flat=True)) if rule.pk else (),
        "contact_hours": rule.contact_hours, "holdout_percent": rule.holdout_percent,
        "ask_again_days": rule.ask_again_days, "position": rule.position, "is_on": rule.is_on,
    }  # fmt: skip
