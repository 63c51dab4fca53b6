"""Tokens and ids that leave the system: random, unguessable, without order.

A reference token (an invitation, a public link) is random and stored only as a hash. A signed
token (unsubscribe, my data) carries its purpose and expiry and is checked against the key ring.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

TOKEN_BYTES = 18  # 144 bits, 24 characters in a link


def new_token() -> str:
    """Return a random reference token of 24 URL-safe characters (144 bits)."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_id() -> str:
    """Return a public id of 22 URL-safe characters (132 bits), not ordered by time."""
    return secrets.token_urlsafe(17)[:22]


def token_hash(token: str) -> str:
    """Return what is stored of a reference token. The token has 144 bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign(purpose: str, subject: str, expires_at: datetime) -> str:
    """Return a signed token that says `subject` may do `purpose` until `expires_at`."""
    key_id, key = next(iter(_key_ring().items()))
    expiry = int(expires_at.timestamp())
    payload = f"{key_id}\0{subject}\0{expiry}"
    mac = _mac(key, purpose, payload)
    return urlsafe_b64encode(payload.encode() + mac).decode().rstrip("=")


def verify(purpose: str, token: str, now: datetime) -> str | None:
    """Return the subject of a signed token, or None when anything about it is wrong."""
    try:
        raw = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        payload, mac = raw[:-32].decode(), raw[-32:]
        key_id, subject, expiry = payload.split("\0")
    except (ValueError, UnicodeError):
        return None
    if urlsafe_b64encode(raw).decode().rstrip("=") != token:
        return None
    key = _key_ring().get(key_id)
    if key is None or not hmac.compare_digest(_mac(key, purpose, payload), mac):
        return None
    return subject if now.timestamp() < int(expiry) else None


def derived_token(purpose: str, subject: str) -> str:
    """Return the reference token of `subject`, the same at every call, for what is sent again."""
    key = next(iter(_key_ring().values()))
    return urlsafe_b64encode(_mac(key, purpose, subject)[:TOKEN_BYTES]).decode()


def keyed_hash(text: str) -> str:
    """Return a keyed hash of a normalised address: comparable here, useless elsewhere."""
    oldest = list(_key_ring().values())[-1]
    return hmac.new(oldest, b"address\0" + text.encode(), hashlib.sha256).hexdigest()


def _key_ring() -> Mapping[str, bytes]:
    ring = {}
    for number, entry in enumerate(settings.TOKEN_KEYS.split(",")):
        key_id, _, secret = entry.rpartition(":")
        ring[key_id or str(number)] = secret.encode()
    return ring


def _mac(key: bytes, purpose: str, payload: str) -> bytes:
    # The length in front keeps purpose and payload from running into each other.
    message = f"{len(purpose)}:{purpose}:{payload}".encode()
    return hmac.new(key, message, hashlib.sha256).digest()
