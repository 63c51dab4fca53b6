"""Mail over SMTP in bounded time and memory, with errors that say what became of the message.

Django's own backend leaves open whether a message that failed may have been taken.
"""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from emptychair.programme.lib.handover import (
    DeferredError,
    RejectedError,
    Stage,
    UncertainError,
    UnreachableError,
    refusal_of,
)

LONGEST_SECONDS = 40  # shorter than a worker's lease, however slowly the other side speaks
MOST_REPLY_BYTES = 65_536
_LONGEST_LINE = 8_192


class _Bounded(smtplib.SMTP):
    """A connection that ends at a deadline, reads so much and knows whether the dot was sent."""

    sender_taken = dot_sent = False
    _deadline: threading.Timer | None = None
    _handle: socket.socket | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        # The dot goes out by itself; held back until the text is acknowledged, it is 40 ms late.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # TLS takes the socket over; a second handle can still end the connection.
        self._handle = plain.dup()
        self._deadline = threading.Timer(LONGEST_SECONDS, _cut, [self._handle])
        self._deadline.daemon = True
        self._deadline.start()
        return self._secured(plain)

    def _secured(self, plain: socket.socket) -> socket.socket:
        return plain

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply of at most `MOST_REPLY_BYTES`."""
        lines: list[bytes] = []
        while True:
            line = self._line()
            lines.append(line[4:].strip())
            if sum(map(len, lines)) > MOST_REPLY_BYTES or len(lines) > 1_000:
                self.close()
                raise smtplib.SMTPServerDisconnected("The reply never ends.")
            if line[3:4] != b"-":
                break
        code = int(line[:3]) if line[:3].isdigit() else -1
        return code, b"\n".join(lines)

    def _line(self) -> bytes:
        try:
            if self.file is None:
                assert self.sock is not None
                self.file = self.sock.makefile("rb")
            line: bytes = self.file.readline(_LONGEST_LINE)
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(str(error)) from error
        if not line.endswith(b"\n"):
            self.close()
            raise smtplib.SMTPServerDisconnected("The connection was cut or a line never ended.")
        return line

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Name the recipient; the service has taken the sender by then."""
        self.sender_taken = True
        return super().rcpt(recip, options)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the message; note when its last byte is on the way."""
        self.putcmd("data")
        code, reply = self.getreply()
        if code != 354:
            raise smtplib.SMTPDataError(code, reply)
        end = b".\r\n" if msg.endswith(b"\r\n") else b"\r\n.\r\n"
        self.send(re.sub(rb"(?m)^\.", b"..", msg))
        self.dot_sent = True
        self.send(end)
        return self.getreply()

    def close(self) -> None:
        """End the connection and its deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        if self._handle is not None:
            self._handle.close()
        super().close()


class _Encrypted(_Bounded):
    """TLS from the first byte."""

    default_port = smtplib.SMTP_SSL_PORT

    def __init__(self, *args: Any, context: ssl.SSLContext, **kwargs: Any) -> None:
        self.context = context
        super().__init__(*args, **kwargs)

    def _secured(self, plain: socket.socket) -> socket.socket:
        return self.context.wrap_socket(plain, server_hostname=self._host)  # type: ignore[attr-defined]


class Backend(EmailBackend):
    """Sends each message over a connection of its own."""

    _partial_connection: Any  # Django's, unknown to its stubs

    @property
    def connection_class(self) -> type[_Bounded]:
        """The kind of connection the settings ask for."""
        return _Encrypted if self.use_ssl else _Bounded

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send messages one by one.

        Raises:
            UnreachableError, DeferredError, RejectedError, UncertainError: see `lib.handover`.
        """
        for message in email_messages:
            try:
                self._connect()
                self._hand_over(message)
            finally:
                self._leave()
        return len(email_messages)

    def _connect(self) -> None:
        try:
            self.open()
            assert self.connection is not None
            self.connection.ehlo_or_helo_if_needed()
        except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
            raise UnreachableError(f"{self.host}:{self.port}: {_said(error)}") from error

    def _hand_over(self, message: EmailMessage) -> None:
        wire = self.connection
        assert isinstance(wire, _Bounded)
        try:
            wire.sendmail(
                sanitize_address(message.from_email, "utf-8"),
                [sanitize_address(one, "utf-8") for one in message.recipients()],
                _as_bytes(message),
            )
        except smtplib.SMTPSenderRefused as error:
            raise _refused(error.smtp_code, error.smtp_error, "sender") from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refused(code, text, "recipient") from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error, "content") from error
        except OSError as error:
            if wire.dot_sent:
                raise UncertainError(_said(error)) from error
            kind = DeferredError if wire.sender_taken else UnreachableError
            raise kind(_said(error)) from error

    def _leave(self) -> None:
        """Say good-bye; what was taken stays taken whatever the other side does now."""
        for wire in (self.connection, self._partial_connection):
            if wire is not None:
                with contextlib.suppress(OSError):
                    wire.putcmd("quit")
                wire.close()
        self.connection = self._partial_connection = None


def _as_bytes(message: EmailMessage) -> bytes:
    built: Any = message.message()  # Django's own kind of message, with line ends to choose
    content: bytes = built.as_bytes(linesep="\r\n")
    return content


def _refused(code: int, text: bytes | str, stage: Stage) -> Exception:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    words = f"{code} {said}"
    if code in (421, 530, 535) or (stage == "sender" and 400 <= code < 500):
        return UnreachableError(words)
    kind = refusal_of(code, said, stage)
    return DeferredError(words) if kind == "deferred" else RejectedError(kind, words)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        return f"{error.smtp_code} {said}"
    return str(error) or type(error).__name__


def _cut(wire: socket.socket) -> None:
    with contextlib.suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
