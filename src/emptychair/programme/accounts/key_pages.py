"""The page of API keys: make one, see when it was used, revoke it."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from emptychair.programme.accounts import keys
from emptychair.programme.accounts.forms import SCOPE_NAMES, KeyForm
from emptychair.programme.accounts.models import ApiKey, User
from emptychair.programme.accounts.policy import requires
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError


@dataclass(frozen=True)
class ShownKey:
    """A key as the page shows it."""

    public_id: str
    name: str
    start: str
    scopes: str
    owner: str
    expires_at: datetime
    used_at: datetime | None
    state: str
    works: bool


@require_http_methods(["GET", "HEAD", "POST"])
@requires("key.change")
def show_keys(request: HttpRequest) -> HttpResponseBase:
    """List the API keys; make one and show it once."""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        try:
            key, whole = keys.make_key(**form.cleaned_data, by=request.user)
        except RefusedError as error:
            form.add_error("scopes" if error.code == "key_scopes" else "days", error.sentence)
        else:
            return _page(request, KeyForm(), made=key, whole=whole)
    return _page(request, form)


@require_POST
@requires("key.change")
def revoke(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Make a key useless."""
    assert isinstance(request.user, User)
    key = get_object_or_404(ApiKey, public_id=public_id)
    keys.revoke_key(key, by=request.user)
    messages.success(request, _("%(name)s works no longer.") % {"name": key.name})
    return redirect("accounts:keys")


def _page(
    request: HttpRequest, form: KeyForm, made: ApiKey | None = None, whole: str = ""
) -> HttpResponse:
    context = {"form": form, "keys": _shown(), "made": made, "whole": whole}
    return render(request, "accounts/keys.html", context, status=400 if form.errors else 200)


def _shown() -> list[ShownKey]:
    found = ApiKey.objects.select_related("owner").order_by("-made_at")
    return [_key(key) for key in found]


def _key(key: ApiKey) -> ShownKey:
    state = _state(key)
    return ShownKey(
        key.public_id,
        key.name,
        f"ec_{key.prefix}_…",
        ", ".join(str(SCOPE_NAMES.get(scope, scope)) for scope in key.scopes),
        str(key.owner),
        key.expires_at,
        key.used_at,
        state or _("Works"),
        not state,
    )


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return _("Revoked")
    if key.expires_at <= now():
        return _("Expired")
    return "" if key.owner.is_active else _("Its owner is kept out")
