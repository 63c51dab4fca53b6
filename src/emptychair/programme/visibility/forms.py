"""Forms of Delivery."""

from django import forms
from django.utils.translation import gettext_lazy as _


class BenchmarkForm(forms.Form):
    """One benchmark, as its source states it."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For example: retail in Sweden, median.")
    )
    industry = forms.CharField(label=_("Industry"), max_length=80, required=False)
    country = forms.CharField(
        label=_("Country"),
        max_length=2,
        min_length=2,
        required=False,
        help_text=_("Two letters, such as SE."),
    )
    nps_points = forms.FloatField(label="NPS", min_value=-100, max_value=100)
    source = forms.CharField(
        label=_("Source"), max_length=300, help_text=_("Who measured it, and where it can be read.")
    )
    published_on = forms.DateField(
        label=_("Date of the source"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"
