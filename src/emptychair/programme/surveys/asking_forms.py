"""Whom a survey asks and when, as a person fills it in."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from emptychair.programme.accounts.models import Unit
from emptychair.programme.capture.models import Survey
from emptychair.programme.capture.services import ASKING
from emptychair.programme.customers.rules import Condition
from emptychair.programme.surveys import queries
from emptychair.programme.surveys.forms import INPUT, SELECT
from emptychair.programme.surveys.labels import CHANNEL

_NUMBER = {**INPUT, "inputmode": "numeric"}
_FACTS = {"country": _("Country"), "language": _("Language"), "unit": _("Unit")}
OPERATORS = {
    "is": _("is one of"),
    "is_not": _("is none of"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "known": _("is known"),
    "unknown": _("is not known"),
}
MOST_CONDITIONS = 8
PRECISIONS = (3, 5, 8, 10)
Text = Any  # Django's lazy texts have no public type


def fact_choices(rule: list[Condition]) -> list[tuple[str, object]]:
    """Return the facts a condition may be about, with those `rule` has already."""
    known: dict[str, object] = dict(_FACTS)
    known |= {f"trait:{name}": name for name in queries.traits()}
    for condition in rule:
        known.setdefault(condition["field"], condition["field"].removeprefix("trait:"))
    return list(known.items())


def _whole(label: Text, most: int, least: int = 0, help_text: Text = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        help_text=help_text,
        widget=forms.NumberInput(_NUMBER),
    )


class AskingForm(forms.Form):
    """Whom and when, apart from the conditions."""

    asks_from = forms.DateField(
        label=_("First day"),
        required=False,
        help_text=_("Left empty, the survey asks nobody by itself."),
        widget=forms.DateInput({**INPUT, "type": "date"}, format="%Y-%m-%d"),
    )
    # What can be sent; links and kiosks need no invitation.
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=[(code, CHANNEL[code]) for code in ("email", "sms")],
        widget=forms.Select(SELECT),
        help_text=_("Who cannot be reached so is asked the other way."),
    )
    cadence_days = _whole(_("Days until the same customer is asked again"), 1825, 7)
    event_kind = forms.CharField(
        label=_("Event to ask after"),
        max_length=40,
        required=False,
        widget=forms.TextInput({**INPUT, "list": "ec-event-kinds"}),
        help_text=_("As in imports and the API, such as purchase."),
    )
    delay_hours = _whole(_("Hours after the event"), 720)
    reminder_days = _whole(_("Remind after so many days"), 45, help_text=_("0: never."))
    precision_points = forms.TypedChoiceField(
        label=_("Ask no more than needed for"),
        coerce=int,
        required=False,
        widget=forms.Select(SELECT),
        help_text=_("Who is not needed stands among the asks, with the reason."),
    )
    unconfirmed = forms.ChoiceField(
        label=_("A score chosen in the message, touched and never sent"),
        choices=[
            (Survey.Unconfirmed.HOLD, _("is held, apart from those that count")),
            (Survey.Unconfirmed.COUNT, _("counts, and is shown apart")),
            (Survey.Unconfirmed.OFF, _("is not stored")),
        ],
        required=False,
        widget=forms.Select(SELECT),
    )
    origin_days = forms.IntegerField(
        label=_("Ask new customers how they came to us, for so many days"),
        min_value=0,
        max_value=730,
        required=False,
        widget=forms.NumberInput(_NUMBER),
        help_text=_("Recommended or not: growth that is earned is read from it. 0: never."),
    )
    quiet_after_ask_days = _whole(_("Days after a question of this survey"), 730)
    quiet_after_answer_days = _whole(_("Days after an answer to this survey"), 730)
    quiet_after_any_ask_days = _whole(_("Days after a question of any survey"), 730)
    quiet_after_any_answer_days = _whole(_("Days after an answer to any survey"), 730)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_relationship = kind == Survey.Kind.RELATIONSHIP
        precision = self.fields["precision_points"]
        assert isinstance(precision, forms.ChoiceField)
        words = gettext("plus or minus %(n)d points in each segment")
        precision.choices = [
            (0, gettext("no limit: ask everyone who is due")),
            *((n, words % {"n": n}) for n in PRECISIONS),
        ]
        unused = ("event_kind", "delay_hours") if self.is_relationship else ("cadence_days",)
        for name in unused:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not said.get("unconfirmed"):
            said.pop("unconfirmed", None)  # left as it is
        if said.get("origin_days") is None:
            said.pop("origin_days", None)
        said["precision_points"] = said.get("precision_points") or 0
        if not self.is_relationship and said.get("asks_from") and not said.get("event_kind"):
            self.add_error("event_kind", _("Say after which event it asks."))
        cadence, quiet = said.get("cadence_days"), said.get("quiet_after_ask_days")
        if cadence and quiet and quiet > cadence:
            sentence = _(
                "Customers are asked again after %(cadence)d days, so they cannot be left alone"
                " for %(quiet)d."
            )
            numbers = {"cadence": cadence, "quiet": quiet}
            self.add_error("quiet_after_ask_days", sentence % numbers)
        return said


class ConditionForm(forms.Form):
    """One condition of who may be asked. A row without a fact counts for nothing."""

    field = forms.ChoiceField(label=_("Fact"), required=False, widget=forms.Select(SELECT))
    operator = forms.ChoiceField(
        label=_("Comparison"), choices=list(OPERATORS.items()), widget=forms.Select(SELECT)
    )
    value = forms.CharField(
        label=_("Values, with commas between"), required=False, widget=forms.TextInput(INPUT)
    )

    def __init__(
        self, *args: Any, facts: list[tuple[str, object]], types: Mapping[str, set[type]], **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.types = types
        field = self.fields["field"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("No condition")), *facts]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not said.get("field") or not said.get("operator"):
            return said
        try:
            said["condition"] = self._condition(said["field"], said["operator"], said["value"])
        except ValueError as error:
            self.add_error("value", str(error))
        return said

    def _condition(self, field: str, operator: str, text: str) -> Condition:
        if operator in ("known", "unknown"):
            return {"field": field, "known": operator == "known"}
        if operator in ("at_least", "at_most"):
            return {"field": field, operator: _number(text)}
        values = [part.strip() for part in text.split(",") if part.strip()]
        if not values:
            raise ValueError(_("Write at least one value."))
        return {"field": field, operator: [self._value(field, value) for value in values]}

    def _value(self, field: str, text: str) -> str | float | bool:
        if field == "country":
            return _two_letters(text).upper()
        if field == "language":
            return _two_letters(text).lower()
        if field == "unit":
            if not Unit.objects.filter(code=text).exists():
                raise ValueError(_("There is no unit with the code %(code)s.") % {"code": text})
            return text
        types = self.types.get(field.removeprefix("trait:"), set())
        if types == {bool}:
            return text.lower() == "true"
        return _number(text) if types and types <= {int, float} else text


def _two_letters(text: str) -> str:
    if len(text) != 2 or not text.isalpha():
        raise ValueError(_("%(text)s is no code of two letters, such as SE.") % {"text": text})
    return text


def _number(text: str) -> float:
    try:
        number = float(text.strip().replace(",", ".").replace("\u2212", "-"))
    except ValueError:
        raise ValueError(_("Write a number here.")) from None
    if number != number or abs(number) > 1e15:
        raise ValueError(_("Write a number here."))
    return int(number) if number.is_integer() else number


ConditionFormSet = forms.formset_factory(
    ConditionForm, extra=2, max_num=MOST_CONDITIONS, validate_max=True
)


class WholeAskingForm:
    """The form and its conditions together."""

    def __init__(self, survey: Survey, data: Any = None) -> None:
        start = {name: getattr(survey, name) for name in ASKING}
        kwargs = {"facts": fact_choices(survey.rule), "types": queries.traits()}
        self.survey = survey
        self.form = AskingForm(data, initial=start, kind=survey.kind)
        self.conditions = ConditionFormSet(
            data,
            prefix="rule",
            initial=[_row(condition) for condition in survey.rule],
            form_kwargs=kwargs,
        )

    def is_valid(self) -> bool:
        """Say whether everything is; errors stand at their fields."""
        return all([self.form.is_valid(), self.conditions.is_valid()])

    @property
    def is_wrong(self) -> bool:
        """Whether something was sent and is not valid."""
        return self.form.is_bound and not self.is_valid()

    def asking(self) -> dict[str, Any]:
        """Return values for `save_asking`; fields the kind does not use stay as they are."""
        kept = {name: getattr(self.survey, name) for name in ASKING}
        rows = [row.cleaned_data for row in self.conditions.forms]
        rule = [row["condition"] for row in rows if "condition" in row]
        return {**kept, **self.form.cleaned_data, "rule": rule}


def _row(condition: Condition) -> dict[str, str]:
    operator = next(key for key in condition if key != "field")
    value = condition[operator]
    if operator == "known":
        name = "known" if value else "unknown"
        return {"field": condition["field"], "operator": name, "value": ""}
    shown = ", ".join(map(_text, value)) if isinstance(value, list) else _text(value)
    return {"field": condition["field"], "operator": operator, "value": shown}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
