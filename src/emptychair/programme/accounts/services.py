"""Writes about users and units."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.accounts.policy import codes_below
from emptychair.programme.activity.services import record
from emptychair.programme.lib.errors import RefusedError


@transaction.atomic
def save_user(
    *,
    email: str,
    name: str,
    role: str,
    unit: str = "",
    employee: str | None = None,
    password: str | None = None,
    actor: str = "",
    user: User | None = None,
) -> User:
    """Add a colleague, or change one: `user`, or the one who has that e-mail address.

    An `employee` code of None stays as it is.

    Raises:
        RefusedError: the address is none or another's, the role or unit is unknown, the password
            is weak, or nobody would be left who may manage users.
    """
    email = email.strip().lower()
    _check_log_in(email, password)
    if role not in Role:
        sentence = _("There is no role %(role)s; use %(known)s.")
        raise RefusedError("role_unknown", sentence % {"role": role, "known": ", ".join(Role)})
    belongs_to = _unit(unit)
    has_address = User.objects.filter(email=email).first()
    if user is None:
        user = has_address or User(email=email)
    elif has_address not in (None, user):
        raise RefusedError("email_taken", _("Another colleague already has that address."))
    if role != Role.ADMIN:
        _keep_an_administrator(user)
    user.email, user.name, user.role, user.unit = email, name.strip(), Role(role), belongs_to
    if employee is not None:
        user.employee = employee.strip()
    if password is not None:
        user.set_password(password)
    user.save()
    record("user.saved", user.public_id, actor=actor, role=role, unit=unit)
    return user


@transaction.atomic
def set_access(user: User, *, is_active: bool, by: User) -> None:
    """Let a colleague in, or keep the colleague out from the next request on.

    Raises:
        RefusedError: it is oneself, or nobody would be left who may manage users.
    """
    if not is_active:
        if user.pk == by.pk:
            raise RefusedError("own_access", _("You cannot take away your own access."))
        _keep_an_administrator(user)
    User.objects.filter(pk=user.pk).update(is_active=is_active)
    action = "user.enabled" if is_active else "user.disabled"
    record(action, user.public_id, actor=by.public_id)


@transaction.atomic
def renew_password(user: User, *, by: User) -> str:
    """Give a colleague a new temporary password and return it; it is kept only as a hash.

    Whoever is logged in as that colleague is logged out.
    """
    password = "-".join(secrets.token_hex(2) for _number in range(4))
    user.set_password(password)
    user.save(update_fields=["password"])
    record("user.password_renewed", user.public_id, actor=by.public_id)
    return password


@transaction.atomic
def save_unit(
    *, name: str, parent: Unit | None, country: str, by: User, code: str = "", unit: Unit | None
) -> Unit:
    """Add a unit with a `code`, or rename and move `unit`, whose code stays.

    Answers that were given keep the unit they were given at.

    Raises:
        RefusedError: the code is taken, or the unit would stand below itself.
    """
    if unit is None:
        if Unit.objects.filter(code=code).exists():
            sentence = _("There is already a unit with the code %(code)s.")
            raise RefusedError("unit_taken", sentence % {"code": code})
        unit = Unit(code=code)
    elif parent is not None and parent.code in codes_below(unit):
        raise RefusedError("unit_below_itself", _("A unit cannot stand below itself."))
    unit.name, unit.parent, unit.country = name.strip(), parent, country
    unit.save()
    above = parent.code if parent else ""
    record("unit.saved", unit.code, actor=by.public_id, name=unit.name, parent=above)
    return unit


def _check_log_in(email: str, password: str | None) -> None:
    try:
        validate_email(email)
        if password is not None:
            validate_password(password)
    except ValidationError as error:
        raise RefusedError("user_invalid", " ".join(error.messages)) from error


def _keep_an_administrator(user: User) -> None:
    """Refuse when `user` is the last one who may manage users."""
    admins = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True)
    if user.pk in (keys := list(admins.values_list("pk", flat=True))) and len(keys) == 1:
        sentence = _("This is the last administrator. Make another colleague one first.")
        raise RefusedError("last_administrator", sentence)


def _unit(code: str) -> Unit | None:
    if not code:
        return None
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        known = ", ".join(Unit.objects.values_list("code", flat=True)[:20])
        sentence = _("There is no unit %(code)s; there are: %(known)s.")
        raise RefusedError("unit_unknown", sentence % {"code": code, "known": known})
    return unit
