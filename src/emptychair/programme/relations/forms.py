"""Forms of the pages about customers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from emptychair.programme.standing.models import Rule
from emptychair.programme.standing.services import LONGEST_DAYS, SHORTEST_DAYS

INPUT = {"class": "form-control"}


class RuleForm(forms.Form):
    """What every bucket rests on."""

    oldest_answer_days = forms.IntegerField(
        label=_("Days after which an answer says nothing of today"),
        min_value=SHORTEST_DAYS,
        max_value=LONGEST_DAYS,
        help_text=_("Older ones leave the customer silent: not in a bucket until asked again."),
        widget=forms.NumberInput(INPUT),
    )
    role_trait = forms.CharField(
        label=_("Trait that tells a contact's role in the account"),
        max_length=60,
        widget=forms.TextInput(INPUT),
    )
    key_roles = forms.CharField(
        label=_("Roles of key contacts, with commas between"),
        required=False,
        max_length=400,
        help_text=_("Their silence is told on Today."),
        widget=forms.TextInput(INPUT),
    )

    def changes(self) -> dict[str, Any]:
        """Return the arguments of `change_rule`."""
        said = self.cleaned_data
        roles = [role.strip() for role in said["key_roles"].split(",")]
        return {**said, "key_roles": [role for role in roles if role]}


def rule_values(rule: Rule) -> dict[str, Any]:
    """Return a rule as the form starts with it."""
    return {
        "oldest_answer_days": rule.oldest_answer_days,
        "role_trait": rule.role_trait,
        "key_roles": ", ".join(rule.key_roles),
    }


class ContactForm(forms.Form):
    """Who a customer is and how to reach the person."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.update({**INPUT, "autocomplete": "off"})
