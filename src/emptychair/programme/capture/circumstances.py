"""What surrounds an answer: where it came from, what sent it, and how fast.

Read from the request alone, without the database, so that every answer can afford it. Addresses
leave this module only as keyed hashes.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings

from emptychair.programme.capture.visits import VISITS
from emptychair.programme.lib import tokens

FASTEST = timedelta(seconds=1)  # nobody reads the question and presses Send sooner
_MACHINES = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scanner|preview|safelinks|proofpoint|mimecast|barracuda|headless|phantom"
    r"|python-|python/|curl/|wget|libwww|java/|okhttp|go-http|axios|node-fetch|undici|scrapy"
    r"|facebookexternalhit|slurp|urldefense|httpclient",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Circumstances:
    """Where an answer came from, and why it is to be held at once, if it is.

    Attributes:
        source: keyed hash of the address, or of its IPv6 network of 64 bits; empty: unknown.
        network: keyed hash of the network of 24 (IPv4) or 48 bits (IPv6) around it.
        reason: why this is probably no person; empty when nothing speaks for it.
    """

    source: str = ""
    network: str = ""
    reason: str = ""


UNKNOWN = Circumstances()


def circumstances_of(
    environ: Mapping[str, Any], token: str, submission_id: str, moment: datetime
) -> Circumstances:
    """Return what the request tells about an answer sent with `token` at `moment`."""
    address = address_of(environ)
    source, network = _hashes(address)
    reason = _machine(environ) or _too_fast(submission_id, moment) or VISITS.scan(token, address)
    return Circumstances(source, network, reason)


def address_of(environ: Mapping[str, Any]) -> str:
    """Return the address of the sender; forwarding headers count only from trusted proxies."""
    near = str(environ.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXIES
    if proxies:
        named = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        # Only the last so many were written by proxies of ours; the rest anyone may invent.
        if len(named) >= proxies and (far := named[-proxies].strip()):
            return far[:64]
    return near


def _machine(environ: Mapping[str, Any]) -> str:
    agent = environ.get("HTTP_USER_AGENT", "")
    purpose = environ.get("HTTP_SEC_PURPOSE", "") + environ.get("HTTP_PURPOSE", "")
    return "machine" if _MACHINES.search(agent) or "prefetch" in purpose else ""


def _too_fast(submission_id: str, moment: datetime) -> str:
    shown_at = tokens.moment_of(submission_id)
    return "too_fast" if shown_at is not None and moment - shown_at < FASTEST else ""


@lru_cache(4_096)
def _hashes(address: str) -> tuple[str, str]:
    """Return the keyed hashes of the source and of the network around it."""
    if not address:
        return "", ""
    source, network = networks_of(address)
    return tokens.keyed_hash(f"source {source}")[:16], tokens.keyed_hash(f"net {network}")[:16]


@lru_cache(4_096)
def networks_of(address: str) -> tuple[str, str]:
    """Return the source and the network that `address` belongs to.

    Examples:
        >>> networks_of("192.0.2.7"), networks_of("2001:db8:1:2::3")
        (('192.0.2.7', '192.0.2.0/24'), ('2001:db8:1:2::/64', '2001:db8:1::/48'))
    """
    try:
        known = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return address, address
    mapped = getattr(known, "ipv4_mapped", None)
    known = mapped or known
    if known.version == 4:
        return str(known), str(ipaddress.ip_network((known, 24), strict=False))
    return tuple(str(ipaddress.ip_network((known, bits), strict=False)) for bits in (64, 48))  # type: ignore[return-value]
