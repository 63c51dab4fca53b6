"""Segments: the list, what a rule says in words, and the builder's form."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from emptychair.programme.customers.models import Membership, Segment
from emptychair.programme.customers.rules import (
    EVENT,
    LONGEST_DAYS,
    NUMBERS,
    Condition,
    is_behaviour,
    operator_of,
)
from emptychair.programme.lib.lists import Column
from emptychair.programme.lib.templatetags.look import number
from emptychair.programme.relations import naming
from emptychair.programme.relations.forms import INPUT
from emptychair.programme.relations.previewing import event_kinds
from emptychair.programme.surveys.asking_forms import (
    MOST_CONDITIONS,
    OPERATORS,
    ConditionForm,
    fact_choices,
)
from emptychair.programme.surveys.queries import traits

USUAL_DAYS = 365


def segments() -> QuerySet[Segment]:
    """Return the segments by priority, with members and what they brought."""
    mine = Membership.objects.filter(segment=OuterRef("pk")).order_by().values("segment")
    money = mine.annotate(n=Sum("customer__standing__revenue")).values("n")
    return Segment.objects.annotate(
        members=Coalesce(Subquery(mine.annotate(n=Count("pk")).values("n")), 0),
        revenue=Subquery(money),
    ).order_by("-is_key", "priority", "name")


def columns() -> tuple[Column, ...]:
    """Return the columns of the list of segments."""
    return (
        Column(
            "name",
            _("Segment"),
            lambda s: s.name,
            "name",
            url=lambda s: reverse("customers:segment", args=[s.slug]),
        ),
        Column("key", _("Key segment"), lambda s: _("yes") if s.is_key else "", "is_key"),
        Column("priority", _("Priority"), lambda s: s.priority, "priority", "number"),
        Column(
            "members",
            _("Customers"),
            lambda s: s.members,
            "members",
            "number",
            url=lambda s: f"{reverse('customers:customers')}?segment={s.slug}",
        ),
        Column("revenue", _("Revenue"), lambda s: float(s.revenue or 0), "revenue", "number"),
        Column("rule", _("Rule"), lambda s: "; ".join(in_words(s.rule)), kind="long"),
        Column("state", _("State"), _state),
    )


def _state(segment: Segment) -> str:
    return _("Being built") if segment.next_rule is not None else _("Up to date")


def in_words(rule: Sequence[Condition]) -> list[str]:
    """Return the conditions of a rule as sentences."""
    return [_condition_in_words(condition) for condition in rule] or [_("Everybody")]


def _condition_in_words(condition: Condition) -> str:
    field, operator = str(condition["field"]), operator_of(condition)
    value = condition[operator]
    if operator == "known":
        what = OPERATORS["known" if value else "unknown"]
        return f"{fact_label(condition)} {what}"
    said = ", ".join(map(str, value)) if isinstance(value, list) else number(value)
    if field == "revenue":
        said = naming.money(value)
    return f"{fact_label(condition)} {OPERATORS[operator]} {said}"


def fact_label(condition: Condition) -> str:
    """Return what a condition is about, in words."""
    field = str(condition["field"])
    if field.startswith(EVENT):
        values = {
            "event": naming.event_name(field.removeprefix(EVENT)),
            "days": number(condition["days"]),
        }
        return _("“%(event)s”, times in the last %(days)s days:") % values
    known: dict[str, Any] = dict(fact_choices([]))
    return str(known.get(field) or _numbers().get(field) or field.removeprefix("trait:"))


def _numbers() -> dict[str, str]:
    return {
        "revenue": _("Revenue of the last twelve whole months"),
        "tenure_days": _("Days as a customer"),
    }


class SegmentConditionForm(ConditionForm):
    """One condition over traits or behaviour. A row without a fact counts for nothing."""

    days = forms.IntegerField(
        label=gettext_lazy("In the last days"),
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=forms.NumberInput({**INPUT, "placeholder": USUAL_DAYS}),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        condition = said.get("condition")
        if condition and str(condition["field"]).startswith(EVENT):
            days = said.get("days") or USUAL_DAYS
            said["condition"] = {"field": condition["field"], "days": days, **condition}
        return said

    def _condition(self, field: str, operator: str, text: str) -> Condition:
        about = {"field": field}
        if is_behaviour(about) and operator not in ("at_least", "at_most"):
            raise ValueError(_("Choose “is at least” or “is at most” for a number like this."))
        return super()._condition(field, operator, text)


SegmentConditions = forms.formset_factory(
    SegmentConditionForm, extra=2, max_num=MOST_CONDITIONS, validate_max=True
)


class SegmentForm(forms.Form):
    """What a segment is called and how much it matters."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, widget=forms.TextInput(INPUT)
    )
    is_key = forms.BooleanField(
        label=gettext_lazy("Key segment: pages show it first"),
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"),
        min_value=1,
        max_value=999,
        initial=100,
        help_text=gettext_lazy("1 comes first on every page."),
        widget=forms.NumberInput(INPUT),
    )


class WholeSegmentForm:
    """The form of a segment and its conditions together."""

    def __init__(self, segment: Segment | None, data: Any = None) -> None:
        rule: list[Condition] = []
        start: dict[str, Any] = {}
        if segment is not None:
            rule = segment.next_rule if segment.next_rule is not None else segment.rule
            start = {name: getattr(segment, name) for name in ("name", "is_key", "priority")}
        self.form = SegmentForm(data, initial=start)
        self.conditions = SegmentConditions(
            data,
            prefix="rule",
            initial=[_row(condition) for condition in rule],
            form_kwargs={"facts": _facts(rule), "types": traits()},
        )

    def is_valid(self) -> bool:
        """Say whether everything is; errors stand at their fields."""
        return all([self.form.is_valid(), self.conditions.is_valid()])

    def rule(self) -> list[Condition]:
        """Return the conditions of the rows that are filled in."""
        rows = [row.cleaned_data for row in self.conditions.forms]
        return [row["condition"] for row in rows if "condition" in row]


def _facts(rule: Sequence[Condition]) -> list[tuple[str, object]]:
    plain = [condition for condition in rule if not is_behaviour(condition)]
    kinds = event_kinds()
    event = _("Event")
    events = [(f"{EVENT}{kind}", f"{event}: {naming.event_name(kind)}") for kind in kinds]
    known = {name for name, _label in events}
    more = [
        (str(one["field"]), str(one["field"]).removeprefix(EVENT))
        for one in rule
        if str(one["field"]).startswith(EVENT) and one["field"] not in known
    ]
    numbers: list[tuple[str, object]] = [(name, _numbers()[name]) for name in NUMBERS]
    return [*fact_choices(plain), *numbers, *events, *more]


def _row(condition: Mapping[str, Any]) -> dict[str, Any]:
    operator = operator_of(condition)
    value = condition[operator]
    row = {"field": condition["field"], "operator": operator, "days": condition.get("days")}
    if operator == "known":
        return {**row, "operator": "known" if value else "unknown", "value": ""}
    return {
        **row,
        "value": ", ".join(map(_text, value)) if isinstance(value, list) else _text(value),
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
