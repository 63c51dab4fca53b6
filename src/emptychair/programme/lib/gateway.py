"""SMS gateways and chat services, all through Apprise."""

import re
from typing import Any

from emptychair.programme.lib.handover import DeferredError, UncertainError, UnreachableError

_STATUS = re.compile(r"error=(\d{3})")


def hand_over(address: str, text: str, title: str = "") -> None:
    """Hand a text to the service behind an address as Apprise writes it.

    Raises:
        HandoverError: what the service did instead of taking it; see `lib.handover`.
    """
    import apprise  # takes half a second: only where a gateway is set

    service = apprise.Apprise()
    if not service.add(address):
        raise UnreachableError("No service that Apprise knows has such an address.")
    capture: Any = apprise.LogCapture  # untyped
    with capture(level=apprise.logging.DEBUG, name="apprise") as log:
        taken = service.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
        said = _last_lines(log.getvalue(), address)
    if not taken:
        raise _meaning(said)


def _last_lines(log: str, address: str) -> str:
    """Return what a log says went wrong; it may hold the gateway's address and password."""
    lines = [line for line in log.splitlines() if re.search("fail|error|exception", line, re.I)]
    secret = re.sub(r"^[^:]+://([^@/]*)@.*", r"\1", address)
    text = " ".join(lines[-3:])
    for part in (secret, *secret.split(":")):
        text = text.replace(part, "***") if len(part) > 3 else text
    return text or "The gateway did not take it."


def _meaning(said: str) -> Exception:
    status = _STATUS.search(said)
    code = int(status[1]) if status else 0
    if "timed out" in said.lower() and "connect timeout" not in said.lower():
        return UncertainError(said)
    if code in (401, 402, 403, 429) or code >= 500 or (not code and "onnection" in said):
        return UnreachableError(said)
    return DeferredError(said)
