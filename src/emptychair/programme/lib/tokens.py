"""Tokens and ids that leave the system: random, unguessable, without order.

A reference token (an invitation, a public link) is random and stored only as a hash. A signed
token (unsubscribe, my data) carries its purpose and expiry and is checked against the key ring.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime

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


def seal(purpose: str, subject: str) -> str:
    """Return `subject` with a short signature of 96 bits, for the local part of an address."""
    key = next(iter(_key_ring().values()))
    return f"{subject}.{_short_mac(key, purpose, subject)}"


def unseal(purpose: str, sealed: str) -> str | None:
    """Return the subject of a sealed text, or None when it is not one of ours."""
    subject, _, mac = sealed.rpartition(".")
    for key in _key_ring().values():
        if hmac.compare_digest(_short_mac(key, purpose, subject).encode(), mac.encode()):
            return subject or None
    return None


def _short_mac(key: bytes, purpose: str, subject: str) -> str:
    return urlsafe_b64encode(_mac(key, f"seal {purpose}", subject)[:12]).decode()


def derived_token(purpose: str, subject: str) -> str:
    """Return the reference token of `subject`, the same at every call, for what is sent again."""
    key = next(iter(_key_ring().values()))
    return urlsafe_b64encode(_mac(key, purpose, subject)[:TOKEN_BYTES]).decode()


def keyed_hash(text: str) -> str:
    """Return a keyed hash of a normalised address: comparable here, useless elsewhere."""
    key = settings.ADDRESS_KEY.encode()
    return hmac.new(key, b"address\0" + text.encode(), hashlib.sha256).hexdigest()


def timed_id(moment: datetime) -> str:
    """Return a new id of 40 characters from which `moment_of` alone reads when it was made.

    It looks random and has no order, so it tells nobody else when, or how many, were made.
    """
    key = next(iter(_key_ring().values()))
    start = secrets.token_bytes(16)
    milliseconds = int(moment.timestamp() * 1000).to_bytes(6, "big")
    hidden = _mixed(milliseconds, _mac(key, "timed-id", start.hex()))
    check = _mac(key, "timed-id-check", (start + hidden).hex())[:8]
    return urlsafe_b64encode(start + hidden + check).decode()


def moment_of(text: str) -> datetime | None:
    """Return when `timed_id` made `text`; None when it did not."""
    if len(text) != 40:
        return None
    try:
        raw = urlsafe_b64decode(text)
    except ValueError:
        return None
    start, hidden, check = raw[:16], raw[16:22], raw[22:]
    for key in _key_ring().values():
        if hmac.compare_digest(_mac(key, "timed-id-check", (start + hidden).hex())[:8], check):
            milliseconds = _mixed(hidden, _mac(key, "timed-id", start.hex()))
            return datetime.fromtimestamp(int.from_bytes(milliseconds, "big") / 1000, UTC)
    return None


def _mixed(text: bytes, stream: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))


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
