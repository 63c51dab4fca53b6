"""Mail through a provider's interface. The provider here is a real server that speaks Postmark."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from emptychair.programme.lib import config, mail
from emptychair.programme.lib.config import ConfigurationError
from emptychair.programme.lib.handover import (
    DeferredError,
    RejectedError,
    UncertainError,
    UnreachableError,
)
from emptychair.programme.lib.providers import PROVIDERS, webhook

LETTER = mail.Letter(
    key="k" * 22,
    to="eva@example.com",
    subject="Hej",
    text="Hej",
    html="<p>Hej",
    unsubscribe_url="http://127.0.0.1:8000/u/x",
    reply_to="nps+r.x@in.example.com",
)
TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "p-1", "To": "eva@example.com"}


class Postmark(BaseHTTPRequestHandler):
    """Answers as it is told, and remembers what it was sent."""

    status, body, seconds = 200, TAKEN, 0.0
    taken: list[dict[str, Any]]

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        own = type(self)
        own.taken.append({**said, "token": self.headers["X-Postmark-Server-Token"]})
        time.sleep(own.seconds)
        answer = json.dumps(own.body).encode()
        self.send_response(own.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def provider(settings: Any, tmp_path: Any) -> Iterator[type[Postmark]]:
    class Own(Postmark):
        taken: list[dict[str, Any]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    Thread(target=server.serve_forever, daemon=True).start()
    keys = f"server_token=secret,api_url=http://127.0.0.1:{server.server_address[1]}/"
    for name, value in config.mail("postmark:", keys, "user:word", tmp_path).items():
        setattr(settings, name, value)
    settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": (1, 1)}
    settings.MAIL_RETURN = "nps@in.example.com"
    yield Own
    server.shutdown()
    server.server_close()


def test_the_provider_gets_the_mail_with_our_name_for_it(provider: type[Postmark]) -> None:
    assert mail.send(LETTER) == "p-1"
    (said,) = provider.taken
    assert said["token"] == "secret"
    assert said["Metadata"] == {"letter": LETTER.key}
    assert said["From"] == "Nordhem <nps@localhost>"
    assert (said["To"], said["ReplyTo"]) == (LETTER.to, LETTER.reply_to)
    headers = {header["Name"]: header["Value"] for header in said["Headers"]}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"] == mail.message_id_of(LETTER.key)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, 10, UnreachableError),
        (429, 429, UnreachableError),
        (500, 500, UnreachableError),
        (503, 0, UnreachableError),
        (422, 300, RejectedError),
        (422, 406, RejectedError),
        (422, 402, DeferredError),
    ],
)
def test_what_a_provider_answers_decides_what_follows(
    provider: type[Postmark], status: int, code: int, error: type
) -> None:
    words = {
        300: "Invalid 'To' address: 'eva@example.com'.",
        406: "You tried to send to recipient(s) that have been marked as inactive. "
        "Found inactive addresses: eva@example.com. Inactive recipients are ones that ...",
    }
    provider.status = status
    provider.body = {"ErrorCode": code, "Message": words.get(code, "No")}
    with pytest.raises(error) as caught:
        mail.send(LETTER)
    assert "secret" not in str(caught.value)


def test_an_answer_that_names_nobody_is_no_success(provider: type[Postmark]) -> None:
    provider.body = {"ErrorCode": 0, "Message": "OK"}
    with pytest.raises(DeferredError):
        mail.send(LETTER)


def test_a_provider_that_has_it_and_says_nothing_is_uncertain(provider: type[Postmark]) -> None:
    provider.seconds = 2
    with pytest.raises(UncertainError):
        mail.send(LETTER)
    assert len(provider.taken) == 1


def test_a_provider_that_is_away_is_unreachable(provider: type[Postmark], settings: Any) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:1/"}
    with pytest.raises(UnreachableError):
        mail.send(LETTER)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_that_is_offered_is_there(name: str, settings: Any, tmp_path: Any) -> None:
    assert set(PROVIDERS) == set(config.PROVIDERS)
    for setting, value in config.mail(f"{name}:", "api_key=x", "user:word", tmp_path).items():
        setattr(settings, setting, value)
    assert webhook("Tracking") is not None
    __import__(f"anymail.backends.{name}")


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("postmark:", ""),
        ("postmark:", "server_token"),
        ("nonsense:", "a=b"),
        ("smtp://relay.example.com?tls=none", ""),
        ("smtp:", ""),
    ],
)
def test_a_wrong_mail_setting_says_what_to_write(url: str, keys: str, tmp_path: Any) -> None:
    with pytest.raises(ConfigurationError, match="EMPTYCHAIR_MAIL"):
        config.mail(url, keys, "user:word", tmp_path)


@pytest.mark.parametrize("address", ["nps", "@x.example", "nps@", "a+b@x.example", "a" * 21 + "@x"])
def test_a_wrong_return_address_says_what_to_write(address: str) -> None:
    assert config.mail_return("nps@in.example.com") == "nps@in.example.com"
    with pytest.raises(ConfigurationError, match="EMPTYCHAIR_MAIL_RETURN"):
        config.mail_return(address)
