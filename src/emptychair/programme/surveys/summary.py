"""What a survey will do, in plain words."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emptychair.programme.capture.models import Survey
from emptychair.programme.customers.rules import Condition
from emptychair.programme.lib.templatetags.look import day, number
from emptychair.programme.surveys import queries
from emptychair.programme.surveys.asking_forms import OPERATORS
from emptychair.programme.surveys.labels import CHANNEL, label

WORKING_DAYS_SHARE = 5 / 7
_DAYS = 30


def summary(survey: Survey) -> list[str]:
    """Return sentences about whom the survey asks, and when; it need not be saved."""
    return list(_sentences(survey))


def _sentences(survey: Survey) -> Iterator[str]:
    reach = queries.reach(survey.rule)
    if survey.asks_from is None:
        yield _("It asks nobody by itself: set a first day. Links and kiosks work all the same.")
    elif survey.state != Survey.State.OPEN:
        yield _("It asks nobody yet: open it first.")
    yield (
        _calendar(survey, reach.met)
        if survey.kind == Survey.Kind.RELATIONSHIP
        else _after_events(survey)
    )
    yield _whom(survey.rule, reach)
    if survey.reminder_days:
        yield ngettext(
            "Who has not answered is reminded once, after %(days)d day.",
            "Who has not answered is reminded once, after %(days)d days.",
            survey.reminder_days,
        ) % {"days": survey.reminder_days}
    yield _(
        "Nobody is asked within %(days)s of being asked by any survey, or %(more)s of answering."
    ) % {
        "days": _days(survey.quiet_after_any_ask_days),
        "more": _days(survey.quiet_after_any_answer_days),
    }
    yield _("Messages go out on working days from 9 to 18 where the customer lives.")


def _calendar(survey: Survey, customers: int) -> str:
    a_day = customers / (survey.cadence_days * WORKING_DAYS_SHARE)
    words = {
        "days": number(survey.cadence_days),
        "channel": label(CHANNEL, survey.channel).lower(),
        "customers": number(a_day if a_day >= 1 else None) or _("less than one"),
    }
    text = _(
        "Asks each customer every %(days)s days by %(channel)s: about %(customers)s a working day."
    )
    return (text % words) + _start(survey)


def _after_events(survey: Survey) -> str:
    if not survey.event_kind:
        return _("Say after which event it asks.")
    a_day = queries.events_lately(survey.event_kind) / (_DAYS * WORKING_DAYS_SHARE)
    words = {
        "hours": number(survey.delay_hours),
        "event": survey.event_kind,
        "channel": label(CHANNEL, survey.channel).lower(),
        "events": number(a_day if a_day >= 1 else None) or _("less than one"),
    }
    text = _(
        "Asks %(hours)s hours after each %(event)s by %(channel)s: at most about %(events)s a"
        " working day, as the last 30 days went."
    )
    return (text % words) + _start(survey)


def _start(survey: Survey) -> str:
    return (
        " " + _("First day: %(day)s.") % {"day": day(survey.asks_from)} if survey.asks_from else ""
    )


def _whom(rule: list[Condition], reach: queries.Reach) -> str:
    if not rule:
        text = _("All %(customers)s customers who have not said no may be asked.")
        return text % {"customers": number(reach.askable)}
    text = _(
        "Only customers with %(conditions)s: about %(met)s of the %(customers)s who may be asked."
    )
    conditions = ", ".join(_condition(condition) for condition in rule)
    return text % {
        "conditions": conditions,
        "met": number(reach.met),
        "customers": number(reach.askable),
    }


def _condition(condition: Condition) -> str:
    operator = next(key for key in condition if key != "field")
    value = condition[operator]
    name = condition["field"].removeprefix("trait:")
    if operator == "known":
        return f"{name} {OPERATORS['known' if value else 'unknown']}"
    shown = " / ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{name} {OPERATORS[operator]} {shown}"


def _days(count: int) -> str:
    return ngettext("%(days)d day", "%(days)d days", count) % {"days": count}
