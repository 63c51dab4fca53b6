"""The pages People and Units: who may log in, as what, and where."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods as methods
from django.views.decorators.http import require_POST, require_safe

from emptychair.programme.accounts import queries, services
from emptychair.programme.accounts.forms import NewPersonForm, NewUnitForm, PersonForm, UnitForm
from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.accounts.policy import may, requires
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.lists import Column, list_page


@require_safe
@requires("unit.change")
def show_people(request: HttpRequest) -> HttpResponse:
    """List the colleagues; lead who may not change them to the units."""
    if not may(request.user, "user.change"):
        return redirect("accounts:units")
    search = request.GET.get("search", "")
    found = list_page(request.GET, queries.colleagues(search), _columns())
    return render(request, "accounts/people.html", {"list": found, "search": search})


def _columns() -> tuple[Column, ...]:
    def url(user: User) -> str:
        return reverse("accounts:person", args=[user.public_id])

    return (
        Column("name", _("Name"), lambda user: str(user), sort="name", url=url),
        Column("email", _("E-mail"), lambda user: user.email, sort="email"),
        Column("role", _("Role"), lambda user: str(Role(user.role).label), sort="role"),
        Column("unit", _("Unit"), lambda u: u.unit.name if u.unit else "", sort="unit__name"),
        Column(
            "access",
            _("Access"),
            lambda user: _("May log in") if user.is_active else _("Disabled"),
            sort="is_active",
        ),
        Column("seen_at", _("Last seen"), lambda u: u.seen_at, sort="seen_at", kind="moment"),
    )


@methods(["GET", "HEAD", "POST"])
@requires("user.change")
def add_person(request: HttpRequest) -> HttpResponseBase:
    """Add a colleague and show a temporary password once."""
    form = NewPersonForm(request.POST or None, initial={"role": Role.EMPLOYEE})
    if request.method == "POST" and form.is_valid() and (user := _saved(request, form)):
        return _with_password(request, user)
    status = 400 if form.errors else 200
    return render(request, "accounts/person.html", {"form": form}, status=status)


@methods(["GET", "HEAD", "POST"])
@requires("user.change")
def change_person(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Change a colleague's name, address, role and unit."""
    person = get_object_or_404(User.objects.select_related("unit"), public_id=public_id)
    initial = {
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "unit": person.unit.code if person.unit else "",
        "employee": person.employee,
    }
    form = PersonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _saved(request, form, person):
        messages.success(request, _("Saved."))
        return redirect("accounts:people")
    context = {"form": form, "person": person, "is_self": person.pk == _reader(request).pk}
    return render(request, "accounts/person.html", context, status=400 if form.errors else 200)


def _saved(request: HttpRequest, form: PersonForm, person: User | None = None) -> User | None:
    """Save the colleague; a refusal becomes an error of the form."""
    actor = _reader(request).public_id
    try:
        return services.save_user(**form.cleaned_data, actor=actor, user=person)
    except RefusedError as error:
        form.add_error("email" if error.code == "email_taken" else None, error.sentence)
    return None


@require_POST
@requires("user.change")
def set_access(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Let a colleague in, or keep the colleague out."""
    person = get_object_or_404(User, public_id=public_id)
    is_active = request.POST.get("access") == "yes"
    services.set_access(person, is_active=is_active, by=_reader(request))
    messages.success(
        request,
        _("%(name)s may log in.") % {"name": person}
        if is_active
        else _("%(name)s can no longer log in.") % {"name": person},
    )
    return redirect("accounts:people")


@require_POST
@requires("user.change")
def renew_password(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Give a colleague a new temporary password and show it once."""
    return _with_password(request, get_object_or_404(User, public_id=public_id))


def _with_password(request: HttpRequest, person: User) -> HttpResponse:
    password = services.renew_password(person, by=_reader(request))
    return render(request, "accounts/password.html", {"person": person, "password": password})


@methods(["GET", "HEAD", "POST"])
@requires("unit.change")
def show_units(request: HttpRequest) -> HttpResponseBase:
    """Show the tree of units and add one."""
    form = NewUnitForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _unit_saved(request, form, None):
        messages.success(request, _("The unit is added."))
        return redirect("accounts:units")
    context = {"form": form, "units": queries.unit_tree()}
    return render(request, "accounts/units.html", context, status=400 if form.errors else 200)


@methods(["GET", "HEAD", "POST"])
@requires("unit.change")
def change_unit(request: HttpRequest, key: int) -> HttpResponseBase:
    """Rename and move a unit."""
    unit = get_object_or_404(Unit.objects.select_related("parent"), pk=key)
    above = unit.parent.code if unit.parent else ""
    initial = {"name": unit.name, "parent": above, "country": unit.country}
    form = UnitForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _unit_saved(request, form, unit):
        messages.success(request, _("Saved."))
        return redirect("accounts:units")
    status = 400 if form.errors else 200
    return render(request, "accounts/unit.html", {"form": form, "unit": unit}, status=status)


def _unit_saved(request: HttpRequest, form: UnitForm, unit: Unit | None) -> bool:
    said: dict[str, Any] = form.cleaned_data
    try:
        services.save_unit(**said, unit=unit, by=_reader(request))
    except RefusedError as error:
        form.add_error("code" if error.code == "unit_taken" else "parent", error.sentence)
        return False
    return True


def _reader(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
