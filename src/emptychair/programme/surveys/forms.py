"""What a person fills in about surveys, drivers, words and links."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emptychair.programme.accounts.forms import unit_choices
from emptychair.programme.capture import widgets
from emptychair.programme.capture.models import MOST_DRIVERS, Survey
from emptychair.programme.capture.wordings import Words
from emptychair.programme.journeys.models import Driver, Touchpoint
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.surveys.labels import CHANNEL, KINDS, LANGUAGES, language_name

INPUT = {"class": "form-control"}
SELECT = {"class": "form-select"}
CHECKS = {"class": "form-check-input"}
BUCKETS = ("detractor", "passive", "promoter")
_FOLLOW_UP = {
    "detractor": _("Question after 0 to 6"),
    "passive": _("Question after 7 or 8"),
    "promoter": _("Question after 9 or 10"),
}
_THANKS = {
    "detractor": _("Thanks after 0 to 6"),
    "passive": _("Thanks after 7 or 8"),
    "promoter": _("Thanks after 9 or 10"),
}


class NewSurveyForm(forms.Form):
    """A survey that is not there yet."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(INPUT),
        help_text=_("For you and your colleagues; customers do not see it."),
    )
    kind = forms.ChoiceField(
        label=_("Kind"), choices=KINDS, initial=KINDS[0][0], widget=forms.Select(SELECT)
    )


class SurveyForm(NewSurveyForm):
    """What a survey is about."""

    touchpoint = forms.ModelChoiceField(
        Touchpoint.objects.filter(same_as=None).select_related("stage__journey"),
        label=_("Touchpoint"),
        required=False,
        empty_label=_("None: the whole relationship"),
        widget=forms.Select(SELECT),
        help_text=_("Where on the customer's journey it asks."),
    )
    drivers = forms.ModelMultipleChoiceField(
        Driver.objects.order_by("name"),
        label=_("Drivers to rate from 1 to 5"),
        required=False,
        widget=forms.CheckboxSelectMultiple(CHECKS),
        help_text=_("At most six. They come after the score, and a customer may skip them."),
    )

    def clean_drivers(self) -> list[Driver]:
        drivers = list(self.cleaned_data["drivers"])
        if len(drivers) > MOST_DRIVERS:
            sentence = _("Choose at most %(most)d drivers, not %(chosen)d.")
            raise forms.ValidationError(sentence % {"most": MOST_DRIVERS, "chosen": len(drivers)})
        return drivers


def survey_values(survey: Survey) -> dict[str, Any]:
    """Return what `SurveyForm` starts with."""
    return {
        "name": survey.name,
        "kind": survey.kind,
        "touchpoint": survey.touchpoint_id,
        "drivers": list(survey.drivers.values_list("pk", flat=True)),
    }


class DriverForm(forms.Form):
    """A thing we deliver, named in every language customers are asked in."""

    name = forms.CharField(
        label=_("Name for colleagues"), max_length=120, widget=forms.TextInput(INPUT)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language in LANGUAGES:
            self.fields[f"name_{language}"] = forms.CharField(
                label=language_name(language),
                max_length=60,
                required=False,
                widget=forms.TextInput({**INPUT, "lang": language}),
            )

    def names(self) -> dict[str, str]:
        """Return the names per language."""
        return {language: self.cleaned_data[f"name_{language}"] for language in LANGUAGES}


class WordsForm(forms.Form):
    """The words of a survey in one language."""

    question = forms.CharField(
        label=_("Question"),
        max_length=300,
        widget=forms.Textarea({**INPUT, "rows": 2}),
        help_text=_("{x} stands for the name of your organisation."),
    )
    low_label = forms.CharField(
        label=_("What 0 means"), max_length=80, widget=forms.TextInput(INPUT)
    )
    high_label = forms.CharField(
        label=_("What 10 means"), max_length=80, widget=forms.TextInput(INPUT)
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for prefix, labels in (("follow_up", _FOLLOW_UP), ("thanks", _THANKS)):
            for bucket in BUCKETS:
                self.fields[f"{prefix}_{bucket}"] = forms.CharField(
                    label=labels[bucket], max_length=300, widget=forms.TextInput(INPUT)
                )
        for field in self.fields.values():
            field.widget.attrs["lang"] = language

    def clean_question(self) -> str:
        question = " ".join(str(self.cleaned_data["question"]).split())
        if "{" in question.replace("{x}", ""):
            raise forms.ValidationError(_("Only {x} may stand in curly brackets."))
        return question

    def words(self) -> Words:
        """Return the words that are filled in, also those that are not valid yet."""
        self.is_valid()

        def said(name: str) -> str:
            return str(self.cleaned_data.get(name) or self.data.get(name) or "")

        return Words(
            said("question"),
            said("low_label"),
            said("high_label"),
            {bucket: said(f"follow_up_{bucket}") for bucket in BUCKETS},
            {bucket: said(f"thanks_{bucket}") for bucket in BUCKETS},
        )


def words_values(words: Words) -> dict[str, str]:
    """Return what `WordsForm` starts with."""
    return {
        "question": words.question,
        "low_label": words.low_label,
        "high_label": words.high_label,
        **{f"follow_up_{bucket}": words.follow_up[bucket] for bucket in BUCKETS},
        **{f"thanks_{bucket}": words.thanks[bucket] for bucket in BUCKETS},
    }


class LinkForm(forms.Form):
    """An address at which anyone may answer."""

    channel = forms.ChoiceField(
        label=_("For"),
        choices=[("link", _("A link or QR code")), ("kiosk", _("A kiosk: a device on the spot"))],
        widget=forms.Select(SELECT),
    )
    unit = forms.ChoiceField(
        label=_("Unit"),
        required=False,
        widget=forms.Select(SELECT),
        help_text=_("Answers are counted for this unit."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = unit_choices(empty=_("No unit"))


class WidgetForm(forms.Form):
    """Where a widget may be shown, whom it asks, how it looks."""

    origins = forms.CharField(
        label=_("Pages that may show it"),
        max_length=3000,
        widget=forms.Textarea({**INPUT, "rows": 3, "spellcheck": "false"}),
        help_text=_("One address a line, such as https://www.example.com. No other page can."),
    )
    unit = forms.ChoiceField(
        label=_("Unit"),
        required=False,
        widget=forms.Select(SELECT),
        help_text=_("Answers are counted for this unit."),
    )
    share_percent = forms.IntegerField(
        label=_("Share of visitors to ask, in per cent"),
        min_value=1,
        max_value=100,
        initial=100,
        widget=forms.NumberInput(INPUT),
    )
    delay_seconds = forms.IntegerField(
        label=_("Seconds on the page before it asks"),
        min_value=0,
        max_value=600,
        initial=5,
        widget=forms.NumberInput(INPUT),
    )
    colour = forms.CharField(
        label=_("Colour"),
        max_length=7,
        initial="#1f5c99",
        widget=forms.TextInput({**INPUT, "type": "color"}),
        help_text=_("Refused when white cannot be read on it."),
    )
    asks_anonymous = forms.BooleanField(
        label=_("Ask visitors too of whom the page names no customer"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(CHECKS),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = unit_choices(empty=_("No unit"))

    def clean_origins(self) -> list[str]:
        try:
            return widgets.origins_of(str(self.cleaned_data["origins"]).splitlines())
        except RefusedError as error:
            raise forms.ValidationError(error.sentence) from error

    def clean_colour(self) -> str:
        try:
            return widgets.readable_colour(str(self.cleaned_data["colour"]))
        except RefusedError as error:
            raise forms.ValidationError(error.sentence) from error


class AsksForm(forms.Form):
    """Which asks to show."""

    survey = forms.ChoiceField(label=_("Survey"), required=False, widget=forms.Select(SELECT))
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, widget=forms.Select(SELECT))
    reason = forms.ChoiceField(label=_("Reason"), required=False, widget=forms.Select(SELECT))
    channel = forms.ChoiceField(
        label=_("Channel"),
        required=False,
        choices=[("", _("All channels")), ("email", CHANNEL["email"]), ("sms", CHANNEL["sms"])],
        widget=forms.Select(SELECT),
    )
    start = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput({**INPUT, "type": "date"}, format="%Y-%m-%d"),
    )
    end = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput({**INPUT, "type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        start, end = said.get("start"), said.get("end")
        if start and end and start > end:
            self.add_error("end", _("The last day is before the first."))
        return said


class HeldForm(forms.Form):
    """Which held or released answers to show."""

    state = forms.ChoiceField(
        label=_("Show"),
        choices=[("held", _("Held")), ("released", _("Released")), ("early", _("Unconfirmed"))],
        required=False,
        widget=forms.Select(SELECT),
    )
    reason = forms.ChoiceField(label=_("Reason"), required=False, widget=forms.Select(SELECT))
    survey = forms.ChoiceField(label=_("Survey"), required=False, widget=forms.Select(SELECT))
    channel = forms.ChoiceField(
        label=_("Channel"),
        required=False,
        choices=[("", _("All channels")), *CHANNEL.items()],
        widget=forms.Select(SELECT),
    )
    start = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput({**INPUT, "type": "date"}, format="%Y-%m-%d"),
    )
    end = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput({**INPUT, "type": "date"}, format="%Y-%m-%d"),
    )
