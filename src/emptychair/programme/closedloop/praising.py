"""Pass praise on: to who served the customer, and to colleagues whom the comment names."""

import re
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q, QuerySet

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.accounts.policy import scope_of
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.capture.models import Response
from emptychair.programme.closedloop.models import Praise

PRAISE_FROM = 9
SHORTEST_NAME = 3  # a shorter first name is a word of some language


def that_may_praise(activities: Sequence[Activity]) -> list[Activity]:
    """Return those whose answer counts and is a promoter's with words."""
    found = _with_praise(activity.subject for activity in activities)
    subjects = set(found.values_list("public_id", flat=True))
    return [activity for activity in activities if activity.subject in subjects]


def _with_praise(subjects: Iterable[str]) -> QuerySet[Response]:
    found = Response.objects.filter(public_id__in=set(subjects), held_reason="")
    return found.filter(score__gte=PRAISE_FROM).exclude(comment="")


def pass_on_praise(activity: Activity) -> None:
    """Note whom a promoter's words are about; who was found stays found once.

    Args:
        activity: `response.recorded`, `response.amended` or `response.released`; its subject is
            the response.
    """
    response = _with_praise([activity.subject]).first()
    if response is None:
        return
    for user, how in whom_it_praises(response).items():
        _praise, is_new = Praise.objects.get_or_create(
            response=response, user=user, defaults={"how": how}
        )
        if is_new:
            record("praise.passed_on", response.public_id, user=user.public_id, how=how)


def whom_it_praises(response: Response) -> dict[User, str]:
    """Return the colleagues a comment is about: who served, and who is named in it.

    A first name counts when one colleague of the unit alone has it, written as names are; a full
    name always does.
    """
    served = dict.fromkeys(_who_served(response), Praise.How.SERVED)
    named = dict.fromkeys(_who_is_named(response), Praise.How.NAMED)
    return {**named, **served}


def _who_served(response: Response) -> Iterable[User]:
    """Return the colleagues whose code, name or address stands with the answer."""
    employee = response.employee.strip()
    if not employee:
        return ()
    active = User.objects.filter(is_active=True)
    by_code = active.filter(employee__iexact=employee)
    same = Q(name__iexact=employee) | Q(email__iexact=employee)
    return by_code if by_code.exists() else active.filter(same, employee="")


def _who_is_named(response: Response) -> Iterator[User]:
    if not response.unit:
        return
    team = list(_team_of(response.unit))
    firsts = [user.name.split()[0] for user in team if user.name.split()]
    for user in team:
        words = user.name.split()
        first_is_plain = bool(words) and len(words[0]) >= SHORTEST_NAME
        is_alone = first_is_plain and firsts.count(words[0]) == 1
        if (len(words) > 1 and _stands_in(user.name, response.comment, re.IGNORECASE)) or (
            is_alone and _stands_in(words[0], response.comment)
        ):
            yield user


def _team_of(code: str) -> QuerySet[User]:
    """Return the colleagues of a unit: those in it, and the manager of the one above."""
    unit = Unit.objects.filter(code=code).first()
    active = User.objects.filter(is_active=True).exclude(name="")
    if unit is None:
        return active.none()
    above = Q(unit=unit.parent, role=Role.MANAGER) if unit.parent_id else Q(pk__in=[])
    return active.filter(Q(unit=unit) | above).order_by("pk")


def _stands_in(name: str, text: str, flags: int = 0) -> bool:
    """Say whether a name stands in a text as a word, also in the genitive ("Annas", "Anna's")."""
    pattern = rf"(?<!\w){re.escape(name)}(?:['’]?s)?(?!\w)"
    return re.search(pattern, text, flags) is not None


def praise_for(user: User) -> QuerySet[Praise]:
    """Return the praise that reached a colleague, as long as its answer counts, newest first."""
    return _counted().filter(user=user)


def praise_of_team(user: User) -> QuerySet[Praise]:
    """Return the praise for colleagues of the reader's units; none for employees."""
    if user.role == Role.EMPLOYEE:
        return Praise.objects.none()
    units = scope_of(user).units
    found = _counted().exclude(user=user)
    return found if units is None else found.filter(response__unit__in=units)


def _counted() -> QuerySet[Praise]:
    counted = Praise.objects.filter(response__held_reason="", response__score__gte=PRAISE_FROM)
    return counted.select_related("response", "user")
