"""The steps of a case. Of two colleagues doing the same step at once exactly one wins."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.closedloop.conditions import check_condition
from emptychair.programme.closedloop.labels import OUTCOMES_OF
from emptychair.programme.closedloop.models import Absence, Case, Note, Promise, Rule
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError

OPEN = (Case.State.NEW, Case.State.CLAIMED, Case.State.CONTACTED, Case.State.WAITING)


def claim(case: Case, *, by: User) -> None:
    """Take a case upon oneself.

    Raises:
        RefusedError: somebody else was quicker, or it is closed.
    """
    _step(case, "claimed", by, "", (Case.State.NEW,), owner=by, state=Case.State.CLAIMED,
          claimed_at=now())  # fmt: skip


def contact(case: Case, *, said: str, by: User) -> None:
    """Note that the customer was contacted, and what was said.

    Raises:
        RefusedError: nothing was said, or the case is closed.
    """
    said = _sentence(said, _("Say in a sentence what came of it."))
    first = case.first_contact_at or now()
    _step(case, "contacted", by, said, OPEN, owner=by, state=Case.State.CONTACTED,
          first_contact_at=first, wait_until=None)  # fmt: skip


def wait(case: Case, *, until: date, said: str, by: User) -> None:
    """Put a case aside until a day.

    Raises:
        RefusedError: the day is past or half a year away, no reason is given, or it is closed.
    """
    if not today() < until <= today() + timedelta(183):
        raise RefusedError("wait_until", _("Choose a day from tomorrow up to half a year ahead."))
    said = _sentence(said, _("Say in a sentence what it waits for."))
    _step(case, "waiting", by, said, OPEN, owner=by, state=Case.State.WAITING, wait_until=until)


def close(case: Case, *, outcome: str, root_cause: str, said: str, by: User) -> None:
    """Close a case with what came of it and what lay behind the score.

    Raises:
        RefusedError: outcome or root cause is missing, the customer was not tried, or a colleague
            closed it first.
    """
    if outcome not in OUTCOMES_OF[case.kind]:
        raise RefusedError("outcome_missing", _("Choose what came of it."))
    cause = _sentence(root_cause, _("Say what lay behind the score first."))[:200]
    without = (Case.Outcome.UNREACHABLE, Case.Outcome.PASSED_ON)
    if outcome not in without and case.first_contact_at is None:
        sentence = _("The customer was not contacted yet: contact first, or close as unreachable.")
        raise RefusedError("not_contacted", sentence)
    is_answer = case.kind == Rule.Kind.UNHAPPY and case.about == Case.About.ANSWER
    days = case.rule.ask_again_days if case.rule and is_answer else 0
    again = today() + timedelta(days) if days and case.customer_id else None
    _step(case, "closed", by, said.strip(), OPEN, state=Case.State.CLOSED, outcome=outcome,
          root_cause=cause, closed_at=now(), ask_again_on=again, wait_until=None)  # fmt: skip


def reopen(case: Case, *, said: str, by: User) -> None:
    """Open a closed case again.

    Raises:
        RefusedError: no reason is given, or it is open.
    """
    said = _sentence(said, _("Say in a sentence why."))
    _step(case, "reopened", by, said, (Case.State.CLOSED,), state=Case.State.CONTACTED, outcome="",
          closed_at=None, ask_again_on=None, merged_into=None, owner=by)  # fmt: skip


def reassign(case: Case, *, owner: User | None, by: User) -> None:
    """Give a case to a colleague, or back to the unit.

    Raises:
        RefusedError: it is closed.
    """
    name = str(owner) if owner else ""
    changes: dict[str, Any] = {"owner": owner}
    if owner is None and case.state == Case.State.CLAIMED:
        changes["state"] = Case.State.NEW
    _step(case, "reassigned", by, name, OPEN, **changes)


@transaction.atomic
def merge(case: Case, *, into: Case, by: User) -> None:
    """Close a case because another one of the same customer goes on.

    Raises:
        RefusedError: the cases are of different customers, or one of them is closed.
    """
    if case.pk == into.pk or case.customer_id is None or case.customer_id != into.customer_id:
        raise RefusedError("merge_strangers", _("Only cases of the same customer can be merged."))
    if not into.is_open:
        raise RefusedError("merge_closed", _("The case to go on with is closed."))
    _step(case, "merged", by, into.public_id, OPEN, state=Case.State.CLOSED, closed_at=now(),
          outcome=Case.Outcome.MERGED, merged_into=into, wait_until=None)  # fmt: skip
    Note.objects.create(case=into, by=by, step="merged_here", text=case.public_id)


@transaction.atomic
def remark(case: Case, *, text: str, by: User) -> None:
    """Add a remark to a case, open or closed.

    Raises:
        RefusedError: it is empty.
    """
    text = _sentence(text, _("Write something first."))
    Note.objects.create(case=case, by=by, step="note", text=text)


@transaction.atomic
def promise(case: Case, *, text: str, due_on: date, by: User) -> Promise:
    """Note what was promised to the customer; it stays a task until it is kept.

    Raises:
        RefusedError: nothing was promised, or the day is past.
    """
    text = _sentence(text, _("Say what was promised."))[:300]
    if due_on < today():
        raise RefusedError("promise_past", _("The day of the promise is past."))
    Note.objects.create(case=case, by=by, step="promised", text=text)
    record("promise.made", case.public_id, actor=by.public_id, due_on=due_on.isoformat())
    return Promise.objects.create(case=case, text=text, due_on=due_on, made_by=by)


@transaction.atomic
def keep(kept: Promise, *, by: User) -> None:
    """Note that a promise was kept.

    Raises:
        RefusedError: it was already.
    """
    if not Promise.objects.filter(pk=kept.pk, kept_at=None).update(kept_at=now()):
        raise RefusedError("promise_kept", _("A colleague ticked it off before you."))
    Note.objects.create(case=kept.case, by=by, step="kept", text=kept.text)
    record("promise.kept", kept.case.public_id, actor=by.public_id)


@transaction.atomic
def forget_conversations(activity: Activity) -> None:
    """Forget what was said with a customer who was erased; that there was a case stays.

    Args:
        activity: `customer.erased`, its subject the customer's code.
    """
    cases = Case.objects.filter(customer__code=activity.subject)
    Note.objects.filter(case__in=cases).exclude(text="").update(text="")
    Promise.objects.filter(case__in=cases).delete()
    cases.filter(state__in=(*OPEN, Case.State.LATER)).update(
        state=Case.State.CLOSED, outcome=Case.Outcome.UNREACHABLE, closed_at=now()
    )
    cases.update(ask_again_on=None, wait_until=None)
    mark_changed("cases", cases.values_list("public_id", flat=True))


@transaction.atomic
def save_rule(rule: Rule, *, people: Collection[User], by: User) -> None:
    """Store a rule with those who take turns.

    Raises:
        RefusedError: the condition is none (see `conditions.check_condition`), or nobody takes
            turns where somebody must.
    """
    check_condition(rule.condition)
    if rule.assign in (Rule.Assign.LANGUAGE, Rule.Assign.ROUND_ROBIN) and not people:
        raise RefusedError("rule_nobody", _("Choose the colleagues who take turns."))
    rule.save()
    rule.people.set(people)
    record("case_rule.saved", rule.public_id, actor=by.public_id, condition=rule.condition,
           is_on=rule.is_on)  # fmt: skip


@transaction.atomic
def note_absence(user: User, *, first_on: date, last_on: date, by: User) -> Absence:
    """Note days on which a colleague gets no new cases.

    Raises:
        RefusedError: the absence ends before it begins or lies in the past.
    """
    if last_on < first_on or last_on < today():
        raise RefusedError("absence_order", _("The absence ends before it begins, or is over."))
    record("absence.noted", user.public_id, actor=by.public_id)
    return Absence.objects.create(user=user, first_on=first_on, last_on=last_on)


@transaction.atomic
def remove_absence(absence: Absence, *, by: User) -> None:
    """Take a noted absence away."""
    record("absence.removed", absence.user.public_id, actor=by.public_id)
    absence.delete()


@transaction.atomic
def _step(
    case: Case, step: str, by: User, text: str, states: Collection[str], **changes: Any
) -> None:
    won = Case.objects.filter(pk=case.pk, state__in=states).update(**changes)
    if not won:
        raise RefusedError("case_moved_on", _moved_on(case))
    Note.objects.create(case=case, by=by, step=step, text=text)
    mark_changed("cases", [case.public_id])
    record(f"case.{step}", case.public_id, actor=by.public_id)
    case.refresh_from_db()


def _moved_on(case: Case) -> str:
    case.refresh_from_db()
    last = case.notes.select_related("by").last()
    who = str(last.by) if last and last.by else _("Someone")
    if case.state == Case.State.CLOSED:
        return _("%(who)s closed it before you.") % {"who": who}
    if case.state == Case.State.NEW:
        return _("It is open already.")
    return _("%(who)s has taken it before you.") % {"who": who}


def _sentence(text: str, wish: str) -> str:
    if not text.strip():
        raise RefusedError("sentence_missing", wish)
    return text.strip()
