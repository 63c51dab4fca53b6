"""The one way our server calls an address that somebody typed in.

https only; the name is resolved once, every address of it is checked against a table, and the
connection goes to the address that was checked; no redirect is followed, no proxy of the
environment used, little is read and not for long. What lies inside the company's own network is
reached only if the operator allows the host and port by EMPTYCHAIR_OUTBOUND_ALLOW.
"""

import http.client
import ipaddress
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

LONGEST_ANSWER: Final = 64 * 1024  # bytes
SECONDS: Final = 15.0
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
# Beside what `is_global` refuses: ways to write an IPv4 address as an IPv6 one, and more.
_REFUSED: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
        *("224.0.0.0/4", "240.0.0.0/4", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96"),
        *("64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32"),
        *("2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)


class OutboundError(Exception):
    """An address cannot or must not be called; the sentence says what to do.

    It is the same whether a port is open, closed or filtered.
    """


@dataclass(frozen=True)
class Target:
    """An address that may be called."""

    host: str
    port: int
    path: str
    is_secure: bool
    is_allowed: bool  # by the operator, wherever it lies


def target_of(url: str) -> Target:
    """Return an address taken apart, checked without asking the network.

    Raises:
        OutboundError: it is no https address of a host.
    """
    wrong = OutboundError(
        _("Write an address such as https://api.example.com/v1, without a user name or fragment.")
    )
    if len(url) > 400 or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise wrong
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise wrong from None
    host = (parts.hostname or "").lower()
    is_literal = ":" in host
    if parts.username or parts.password or parts.fragment or "%" in host or not host:
        raise wrong
    if not is_literal and not _HOST.fullmatch(host):
        raise wrong
    is_secure = parts.scheme == "https"
    number = port or (443 if is_secure else 80)
    is_allowed = f"{host}:{number}" in settings.OUTBOUND_ALLOW
    if parts.scheme not in ("http", "https") or (not is_secure and not is_allowed):
        raise wrong
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Target(host, number, path or "/", is_secure, is_allowed)


def is_outside(address: str) -> bool:
    """Say whether an IP address lies on the open internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(found in network for network in _REFUSED if network.version == found.version):
        return False
    return found.is_global and not found.is_multicast


def post_json(url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
    """Send `body` as JSON and return the JSON that comes back.

    Raises:
        OutboundError: the address must not be called, or no JSON came back with status 200.
    """
    target = target_of(url)
    payload = json.dumps(body, ensure_ascii=False).encode()
    failed = OutboundError(_("The service did not answer as it should. Check address and key."))
    try:
        address = _checked_address(target)
        status, answer = _exchange(target, address, payload, headers)
    except (OSError, http.client.HTTPException, ValueError):
        raise failed from None
    if status != 200 or len(answer) > LONGEST_ANSWER:
        raise failed
    try:
        return json.loads(answer)
    except ValueError:
        raise failed from None


def _checked_address(target: Target) -> str:
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not target.is_allowed and not all(is_outside(address) for address in addresses):
        raise OSError("an address of it lies inside")
    return addresses[0]


def _exchange(
    target: Target, address: str, payload: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(target.host, target.port, timeout=SECONDS)
    # The socket is made here, to the address that was checked: a name may tell another one now.
    wire = socket.create_connection((address, target.port), timeout=SECONDS)
    try:
        if target.is_secure:
            wire = ssl.create_default_context().wrap_socket(wire, server_hostname=target.host)
        connection.sock = wire
        sent = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        connection.request("POST", target.path, payload, sent)
        answer = connection.getresponse()
        return answer.status, answer.read(LONGEST_ANSWER + 1)
    finally:
        connection.close()
        wire.close()
