"""What an administrator fills in about colleagues and units."""

from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from emptychair.programme.accounts import queries
from emptychair.programme.accounts.models import Role, Unit, User

_INPUT = {"class": "form-control"}
_SELECT = {"class": "form-select"}
SCOPE_NAMES = {
    "event.write": _("send events of customers"),
    "response.write": _("send answers given elsewhere"),
}


def unit_choices(*, empty: object) -> list[tuple[str, object]]:
    """Return the units as choices, set in by their place in the tree."""
    return [("", empty), *((line.code, line.indented) for line in queries.unit_tree())]


class PersonForm(forms.Form):
    """A colleague: who, what for, and where."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(_INPUT))
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(_INPUT))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, widget=forms.Select(_SELECT))
    unit = forms.ChoiceField(
        label=_("Unit"),
        required=False,
        widget=forms.Select(_SELECT),
        help_text=_("Unit managers and employees see this unit and those below it."),
    )

    employee = forms.CharField(
        label=_("Name or code as employee"),
        max_length=60,
        required=False,
        widget=forms.TextInput(_INPUT),
        help_text=_("As files and events write it. Praise for that employee is passed on."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = unit_choices(empty=_("No unit"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("role") in (Role.MANAGER, Role.EMPLOYEE) and not said.get("unit"):
            self.add_error("unit", _("Choose a unit: without one this role sees no answers."))
        return said


class NewPersonForm(PersonForm):
    """A colleague who is not there yet."""

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError(_("There is already a colleague with that address."))
        return email


class UnitForm(forms.Form):
    """A unit that is there: its name and its place in the tree."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(_INPUT))
    parent = forms.ChoiceField(label=_("Below"), required=False, widget=forms.Select(_SELECT))
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country"),
        required=False,
        error_messages={"invalid": _("Write the country as two letters, such as SE.")},
        widget=forms.TextInput({**_INPUT, "maxlength": 2, "size": 2}),
        help_text=_("Two letters, such as SE or DK."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parent"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = unit_choices(empty=_("No unit: at the top"))

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_parent(self) -> Unit | None:
        code = self.cleaned_data["parent"]
        return Unit.objects.get(code=code) if code else None


class NewUnitForm(UnitForm):
    """A unit that is not there yet."""

    code = forms.SlugField(
        label=_("Code"),
        max_length=60,
        required=False,
        widget=forms.TextInput(_INPUT),
        help_text=_("As in files and other systems. It stays. Left empty, the name makes it."),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors:
            said["code"] = said.get("code") or slugify(said["name"])[:60]
            if not said["code"]:
                self.add_error("code", _("Give the unit a code of letters and digits."))
        return said


class KeyForm(forms.Form):
    """A key for a program."""

    name = forms.CharField(
        label=_("What it is for"),
        max_length=120,
        widget=forms.TextInput(_INPUT),
        help_text=_("Such as the name of the system that will use it."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=list(SCOPE_NAMES.items()),
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )
    days = forms.TypedChoiceField(
        label=_("Works for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("1 year")), (730, _("2 years"))],
        initial=365,
        widget=forms.Select(_SELECT),
    )
