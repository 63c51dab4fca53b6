"""Writes about users."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.activity.services import record
from emptychair.programme.lib.errors import RefusedError


@transaction.atomic
def save_user(
    *,
    email: str,
    name: str,
    role: str,
    unit: str = "",
    password: str | None = None,
    actor: str = "",
) -> User:
    """Add a colleague, or change one who has that e-mail address.

    Raises:
        RefusedError: the address is none, the role or unit is unknown, or the password is weak.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
        if password is not None:
            validate_password(password)
    except ValidationError as error:
        raise RefusedError("user_invalid", " ".join(error.messages)) from error
    if role not in Role:
        raise RefusedError("role_unknown", f"There is no role {role!r}; use {', '.join(Role)}.")
    belongs_to = _unit(unit)
    user = User.objects.filter(email=email).first() or User(email=email)
    user.name, user.role, user.unit = name, Role(role), belongs_to
    if password is not None:
        user.set_password(password)
    user.save()
    record("user.saved", user.public_id, actor=actor, role=role, unit=unit)
    return user


def _unit(code: str) -> Unit | None:
    if not code:
        return None
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        known = ", ".join(Unit.objects.values_list("code", flat=True)[:20])
        raise RefusedError("unit_unknown", f"There is no unit {code!r}; there are: {known}.")
    return unit
