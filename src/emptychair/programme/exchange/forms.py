"""What a person fills in on the pages of exchange."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emptychair.programme.capture.models import Survey
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.reading import Choices


class UploadForm(forms.Form):
    """A file and what it holds."""

    kind = forms.ChoiceField(label=_("What does the file hold?"), choices=Import.Kind)
    file = forms.FileField(
        label=_("File"),
        max_length=200,
        help_text=_("CSV, Excel or Parquet. Choose it, or drop it here."),
        widget=forms.FileInput(
            attrs={"class": "ec-drop", "accept": ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.parquet"}
        ),
    )


class ReadingForm(forms.Form):
    """How the file is written, where it does not tell itself."""

    encoding = forms.ChoiceField(
        label=_("Letters"),
        required=False,
        choices=[
            ("", _("Found out")),
            ("utf-8", "UTF-8"),
            ("cp1252", "Windows-1252"),
            ("latin-1", "Latin-1"),
            ("utf-16", "UTF-16"),
            ("mac_roman", "Mac Roman"),
            ("cp850", "DOS 850"),
            ("cp865", "DOS 865"),
        ],
    )
    separator = forms.ChoiceField(
        label=_("Between cells"),
        required=False,
        choices=[
            ("", _("Found out")),
            (",", _("comma")),
            (";", _("semicolon")),
            ("tab", _("tab")),
            ("|", "|"),
        ],
    )
    dates = forms.ChoiceField(
        label=_("Dates such as 03-04-2026"),
        required=False,
        choices=[
            ("", _("Found out")),
            ("day-first", _("day first")),
            ("month-first", _("month first")),
        ],
    )
    decimal = forms.ChoiceField(
        label=_("Numbers such as 1.234"),
        required=False,
        choices=[
            ("", _("Found out")),
            ("comma", _("comma for decimals: a thousand")),
            ("point", _("point for decimals: one and a bit")),
        ],
    )
    given_on = forms.DateField(
        label=_("One date for rows without"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    unknown_units = forms.ChoiceField(
        required=False, choices=[("create", "create"), ("refuse", "refuse")]
    )

    def choices(self) -> Choices:
        """Return what was said, as the reader of files wants it."""
        said: dict[str, Any] = self.cleaned_data
        return Choices(
            encoding=said["encoding"],
            separator="\t" if said["separator"] == "tab" else said["separator"],
            dates=said["dates"],
            decimal=said["decimal"],
            given_on=said["given_on"].isoformat() if said["given_on"] else "",
        )


class ConfirmForm(forms.Form):
    """Which survey the responses belong to."""

    survey = forms.CharField(required=False, max_length=60)
    survey_name = forms.CharField(required=False, max_length=120)
    survey_kind = forms.ChoiceField(required=False, choices=Survey.Kind)


class PeriodForm(forms.Form):
    """Which days an export covers."""

    start = forms.DateField(required=False)
    end = forms.DateField(required=False)
