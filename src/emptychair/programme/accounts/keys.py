"""API keys: what a program shows instead of a log-in.

A key is `ec_`, eight letters that tell keys apart, `_`, and the secret. Only its hash is kept. It
may do what its scopes and its owner's role allow, until it expires or is revoked, or its owner is
kept out.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from emptychair.programme.accounts.models import ApiKey, User
from emptychair.programme.accounts.policy import may
from emptychair.programme.activity.services import record
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.middleware import problem
from emptychair.programme.lib.tokens import token_hash

SCOPES = ("event.write", "response.write")  # needs of the policy that programs may have
LONGEST_DAYS = 730
_KEY = re.compile(r"ec_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", re.ASCII)
_USED_NOTED_EVERY = timedelta(hours=1)
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
Api = Callable[..., HttpResponseBase]


def new_key() -> tuple[str, str]:
    """Return the prefix and the whole of a new key."""
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return prefix, f"ec_{prefix}_{secrets.token_urlsafe(32)}"


@transaction.atomic
def make_key(*, name: str, scopes: list[str], days: int, by: User) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which nobody can read again.

    Raises:
        RefusedError: no scope, one that does not exist or that `by` may not have, or a life
            that is too long.
    """
    if not scopes or not set(scopes) <= set(SCOPES) or not all(may(by, one) for one in scopes):
        raise RefusedError("key_scopes", _("Choose at least one scope that you have yourself."))
    if not 1 <= days <= LONGEST_DAYS:
        sentence = _("A key lives from 1 to %(most)d days.")
        raise RefusedError("key_life", sentence % {"most": LONGEST_DAYS})
    prefix, whole = new_key()
    key = ApiKey.objects.create(
        name=name.strip(),
        prefix=prefix,
        key_hash=token_hash(whole),
        scopes=sorted(scopes),
        owner=by,
        expires_at=now() + timedelta(days=days),
    )
    record("key.made", key.public_id, actor=by.public_id, scopes=key.scopes, name=key.name)
    return key, whole


@transaction.atomic
def revoke_key(key: ApiKey, *, by: User) -> None:
    """Make a key useless from the next request on."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now()):
        record("key.revoked", key.public_id, actor=by.public_id)


def key_of(text: str) -> ApiKey | None:
    """Return the key that `text` is, if it works now."""
    if not _KEY.fullmatch(text):
        return None
    moment = now()
    key = ApiKey.objects.select_related("owner").filter(key_hash=token_hash(text)).first()
    if key is None or key.revoked_at is not None or key.expires_at <= moment:
        return None
    if not key.owner.is_active:
        return None
    if key.used_at is None or moment - key.used_at > _USED_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(used_at=moment)
    return key


def with_key(scope: str) -> Callable[[Api], Api]:
    """Let a program into the view whose key has `scope`; the view gets it as `request.api_key`.

    The key comes as `Authorization: Bearer KEY`, or as the user name of Basic authentication.
    """
    if scope not in SCOPES:
        raise KeyError(f"{scope!r} is not in SCOPES")

    def guard(view: Api) -> Api:
        @csrf_exempt  # a key is no cookie that a browser would send along
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refusal = admit(request, _key_sent(request), scope)
            return refusal or view(request, *args, **kwargs)

        guarded.need = scope  # type: ignore[attr-defined]
        return guarded

    return guard


def admit(request: HttpRequest, text: str, scope: str) -> HttpResponse | None:
    """Put the key that `text` is into `request.api_key`, or return why it may not come in."""
    early = request.META.get("emptychair.problem")
    if early is not None:
        answer = problem(early.status, early.code, early.sentence)
        answer.headers["Retry-After"] = "60"
        return answer
    key = key_of(text)
    if key is None:
        answer = problem(401, "key_wrong", "Send a valid key: Authorization: Bearer ec_...")
        answer.headers["WWW-Authenticate"] = 'Bearer realm="emptychair"'
        return answer
    if scope not in key.scopes or not may(key.owner, scope):
        return problem(403, "key_scope", f"This key lacks the scope {scope}.")
    request.api_key = key  # type: ignore[attr-defined]
    return None


def _key_sent(request: HttpRequest) -> str:
    kind, _blank, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(value.strip() + "=" * (-len(value.strip()) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return decoded.partition(":")[0]
