"""Who may do what, and to whose rows. Denied unless it stands here.

A view declares its need with `@requires("delivery.read")` or `@public`; a view that declares
nothing does not start (`checks.py`). Which rows a user sees is `scope_of(user)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from emptychair.programme.accounts.models import Role, Unit, User

EVERYONE: Final = frozenset(Role)
PROGRAMME: Final = frozenset({Role.ADMIN, Role.OWNER})

# (object.action) -> roles. What a role sees of it is narrowed further by its scope.
POLICY: Final[dict[str, frozenset[Role]]] = {
    "today.read": EVERYONE,
    "delivery.read": EVERYONE,
    "delivery.export": EVERYONE - {Role.EMPLOYEE},
    "delivery.change": PROGRAMME,
    "alert.change": PROGRAMME | {Role.MANAGER},
    "reliability.read": PROGRAMME | {Role.ANALYST, Role.LEADER},
    "response.read": EVERYONE,
    "response.read_pii": PROGRAMME | {Role.MANAGER},
    "response.export": PROGRAMME | {Role.ANALYST, Role.MANAGER},
    "comment.read": EVERYONE,
    "comment.export": PROGRAMME | {Role.ANALYST, Role.MANAGER},
    "theme.change": PROGRAMME | {Role.ANALYST},
    "assistant.change": PROGRAMME,
    "customer.read": PROGRAMME | {Role.MANAGER, Role.ANALYST, Role.LEADER},
    "customer.export": PROGRAMME,
    "customer.change": PROGRAMME | {Role.MANAGER},
    "customer.erase": PROGRAMME,
    "bucket.change": PROGRAMME,
    "segment.read": PROGRAMME | {Role.ANALYST, Role.LEADER},
    "segment.change": PROGRAMME,
    "economics.read": PROGRAMME | {Role.ANALYST, Role.LEADER},
    "economics.export": PROGRAMME | {Role.ANALYST, Role.LEADER},
    "rootcause.read": PROGRAMME | {Role.ANALYST, Role.LEADER},
    "rootcause.export": PROGRAMME | {Role.ANALYST, Role.LEADER},
    "journey.change": PROGRAMME,
    "scenario.change": PROGRAMME | {Role.ANALYST, Role.LEADER},
    "initiative.change": PROGRAMME | {Role.LEADER},
    "case.read": EVERYONE,
    "case.change": PROGRAMME | {Role.MANAGER, Role.EMPLOYEE},
    "case.export": PROGRAMME | {Role.ANALYST, Role.MANAGER},
    "case_rule.change": PROGRAMME,
    "praise.read": EVERYONE,
    "huddle.read": EVERYONE,
    "huddle.change": PROGRAMME | {Role.MANAGER},
    "promoter.read": PROGRAMME | {Role.MANAGER},
    "promoter.ask": PROGRAMME | {Role.MANAGER},
    "promoter.export": PROGRAMME,
    "promoter.change": PROGRAMME,
    "organisation.read": EVERYONE,
    "organisation.export": PROGRAMME | {Role.ANALYST, Role.LEADER, Role.MANAGER},
    "organisation.change": PROGRAMME,
    "survey.read": PROGRAMME | {Role.ANALYST},
    "survey.change": PROGRAMME,
    "held.read": PROGRAMME | {Role.ANALYST},
    "held.change": PROGRAMME,
    "outbox.read": PROGRAMME,
    "outbox.change": PROGRAMME,
    "message.read": PROGRAMME,
    "data.read": PROGRAMME | {Role.ANALYST, Role.MANAGER},
    "data.import": PROGRAMME,
    "data.export": PROGRAMME | {Role.ANALYST},
    # What programs may do with a key of a colleague who may do it too.
    "event.write": PROGRAMME,
    "response.write": PROGRAMME,
    "key.change": PROGRAMME,
    "user.change": frozenset({Role.ADMIN}),
    "unit.change": PROGRAMME,
    "preference.change": EVERYONE,
}

View = Callable[Concatenate[HttpRequest, ...], HttpResponseBase]


@dataclass(frozen=True)
class Scope:
    """Which rows an actor sees: `units` None means all; `pii` whether names are shown."""

    units: frozenset[str] | None
    pii: bool


def may(user: Any, need: str) -> bool:
    """Say whether `user` may do `need`, an `object.action` of `POLICY`."""
    return bool(user.is_authenticated and user.is_active and user.role in POLICY[need])


def scope_of(user: User) -> Scope:
    """Return the rows `user` sees: managers and employees their own unit and those below it."""
    pii = may(user, "response.read_pii")
    if user.role not in (Role.MANAGER, Role.EMPLOYEE):
        return Scope(None, pii)
    return Scope(codes_below(user.unit) if user.unit else frozenset(), pii)


def codes_below(unit: Unit) -> frozenset[str]:
    """Return the codes of `unit` and every unit below it."""
    children: dict[int | None, list[tuple[int, str]]] = {}
    for key, code, parent in Unit.objects.values_list("pk", "code", "parent_id"):
        children.setdefault(parent, []).append((key, code))
    codes, waiting = {unit.code}, [unit.pk]
    while waiting:
        for key, code in children.get(waiting.pop(), ()):
            codes.add(code)
            waiting.append(key)
    return frozenset(codes)


def requires(need: str) -> Callable[[View], View]:
    """Let only users whose role may do `need` into the view; others log in or get 403."""
    if need not in POLICY:
        raise KeyError(f"{need!r} is not in POLICY")

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if not may(request.user, need):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.need = need  # type: ignore[attr-defined]
        return guarded

    return guard


def public(view: View) -> View:
    """Declare that anyone may call the view; its tokens, if any, are checked inside."""
    view.need = "public"  # type: ignore[attr-defined]
    return view


def _to_login(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=401)
        answer.headers["HX-Redirect"] = "/"
        return answer
    return redirect_to_login(request.get_full_path())
