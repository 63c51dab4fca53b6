"""SMS: how long a text is, and what gateways do with it. The gateway here is a real server."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from emptychair.programme.lib import sms
from emptychair.programme.lib.config import ConfigurationError
from emptychair.programme.lib.config import sms as checked
from emptychair.programme.lib.handover import DeferredError, UnreachableError


class Gateway(BaseHTTPRequestHandler):
    """Answers with a status, and remembers."""

    status = 200
    taken: list[tuple[str, str]]

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if type(self).status == 200:
            type(self).taken.append((self.path, said["message"]))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def gateway(settings: Any) -> Iterator[type[Gateway]]:
    class Own(Gateway):
        taken: list[tuple[str, str]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    settings.SMS = f"json://user:very-secret-word@127.0.0.1:{port}/sms/{{phone}}"
    yield Own
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("åäöÅÄÖæøÆØüß", "GSM-7", 12, 1),
        ("€[]", "GSM-7", 6, 1),
        ("ą" * 70, "UCS-2", 70, 1),
        ("ą" * 71, "UCS-2", 71, 2),
        ("🙂", "UCS-2", 2, 1),
        ("–", "UCS-2", 1, 1),
    ],
)
def test_length_counts_as_phones_do(text: str, alphabet: str, units: int, parts: int) -> None:
    found = sms.length(text)
    assert (found.alphabet, found.units, found.parts) == (alphabet, units, parts)
    assert found.is_short is (parts <= 2)


def test_a_text_reaches_the_gateway_for_its_number(gateway: type[Gateway]) -> None:
    sms.send("+46701234567", "Hur går det? Åäö", "k1")
    assert gateway.taken == [("/sms/+46701234567", "Hur går det? Åäö")]


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, UnreachableError), (500, UnreachableError), (503, UnreachableError),
     (401, UnreachableError), (400, DeferredError)],
)  # fmt: skip
def test_what_a_gateway_answers_decides_who_waits(
    gateway: type[Gateway], status: int, error: type
) -> None:
    gateway.status = status
    with pytest.raises(error) as caught:
        sms.send("+46701234567", "Hej", "k1")
    assert "very-secret-word" not in str(caught.value)
    assert str(status) in str(caught.value)


def test_a_gateway_that_is_away_is_unreachable(settings: Any) -> None:
    settings.SMS = "json://127.0.0.1:1/{phone}"
    with pytest.raises(UnreachableError):
        sms.send("+46701234567", "Hej", "k1")
    settings.SMS = "nonsense://{phone}"
    with pytest.raises(UnreachableError):
        sms.send("+46701234567", "Hej", "k1")


def test_without_a_gateway_texts_are_written_to_the_data_folder(
    settings: Any, tmp_path: Any, capsys: Any
) -> None:
    settings.SMS, settings.DATA = "file:", tmp_path
    sms.send("+46701234567", "Hej då", "k1")
    kept = json.loads((tmp_path / "sms" / "k1.json").read_text())
    assert (kept["to"], kept["text"]) == ("+46701234567", "Hej då")
    settings.SMS = "console:"
    sms.send("+46701234567", "Hej då", "k2")
    assert capsys.readouterr().out == "SMS to +46701234567: Hej då\n"
    settings.SMS = "none:"
    assert not sms.is_on()
    with pytest.raises(UnreachableError):
        sms.send("+46701234567", "Hej", "k3")


def test_a_gateway_must_say_where_the_number_goes() -> None:
    assert checked("46elks://user:word@Sender/{phone}")
    with pytest.raises(ConfigurationError, match="phone"):
        checked("46elks://user:word@Sender")
