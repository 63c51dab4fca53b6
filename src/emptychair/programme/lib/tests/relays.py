"""Mail servers that behave as mail servers do, on this machine."""

import contextlib
import email
import email.policy
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class Relay:
    """A real SMTP server; `replies` says what it answers to a verb instead of 250."""

    replies: dict[str, str] = field(default_factory=dict)
    taken: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    cut: str = ""  # the verb at which it hangs up: before the reply, or "after DATA"
    port: int = 0

    def _reply(self, verb: str, server: SMTP, usual: str) -> str:
        if self.cut == verb:
            assert server.transport is not None
            server.transport.abort()
        return self.replies.get(verb, usual)

    async def handle_MAIL(  # noqa: N802  as aiosmtpd calls it
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return self._reply("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802  as aiosmtpd calls it
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        reply = self._reply(f"RCPT {address}", server, self._reply("RCPT", server, "250 OK"))
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        reply = self._reply("DATA", server, "250 OK")
        if reply.startswith("250"):
            self.taken.append(message)
            self.senders.append(envelope.mail_from)
        if self.cut == "after DATA":
            server.loop.call_later(0.05, server.transport.abort)
        return reply

    @property
    def settings(self) -> dict[str, Any]:
        """Django's settings for it."""
        return {
            "EMAIL_BACKEND": "emptychair.programme.lib.smtp.Backend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
            "EMAIL_TIMEOUT": 1,
        }


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running(relay: Relay, **options: Any) -> Iterator[Relay]:
    """Run a relay; yield it with its port."""
    relay.port = relay.port or free_port()
    controller = Controller(relay, hostname="127.0.0.1", port=relay.port, **options)
    controller.start()
    try:
        yield relay
    finally:
        controller.stop()


@contextlib.contextmanager
def raw(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that says to each caller whatever `speak` says; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def serve() -> None:
            server.settimeout(0.1)
            while not stopped.is_set():
                with contextlib.suppress(OSError):
                    caller, _ = server.accept()
                    with caller:
                        caller.settimeout(30)
                        speak(caller)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        stopped.set()


def silent(_caller: socket.socket) -> None:
    """Take the call and say nothing."""
    time.sleep(3)


def dripping(caller: socket.socket) -> None:
    """Say one byte now and then, for ever."""
    with contextlib.suppress(OSError):
        for _ in range(200):
            caller.sendall(b"2")
            time.sleep(0.05)


def endless(caller: socket.socket) -> None:
    """Greet with ten megabytes."""
    with contextlib.suppress(OSError):
        for _ in range(10_000):
            caller.sendall(b"220-" + b"x" * 996 + b"\r\n")


def garbled(caller: socket.socket) -> None:
    """Greet in bytes that are no text, and with no number."""
    with contextlib.suppress(OSError):
        caller.sendall(b"\xff\xfe hello \xc3\x28\r\n")
        caller.recv(100)


def untrusted_tls() -> ssl.SSLContext:
    """Return a server's side of TLS whose certificate nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ADH-AES128-SHA256:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context
