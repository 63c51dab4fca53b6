# ruff: noqa: E501  a payload is one line
"""Bad input at every address that takes answers: a code from 400 on, never 500, over real HTTP."""

import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote, urlencode

import pytest
from reliability.harness import Installation, installation, request, some_address

from . import bad_inputs

pytestmark = pytest.mark.slow
ORIGIN = "https://shop.example"
MOST_SECONDS = 2.0
_SETUP = """
import json
from emptychair.programme.accounts.keys import make_key
from emptychair.programme.accounts.models import User
from emptychair.programme.capture.models import Link, Survey
from emptychair.programme.capture.widgets import save_widget
survey = Survey.objects.get()
user = User.objects.create_user("a@nordhem.example", None, name="A", role="owner")
key = make_key(name="x", scopes=["event.write", "response.write"], days=30, by=user)[1]
widget = save_widget(survey, origins=["https://shop.example"], unit="", share_percent=100,
                     asks_anonymous=True, delay_seconds=0, colour="#1f5c99", by="")
kiosk = Link.objects.create(survey=survey, channel="kiosk")
print(json.dumps({"key": key, "widget": widget.link.public_id, "kiosk": kiosk.public_id,
                  "survey": survey.slug}))
"""


class Site:
    """A served installation and the addresses that take answers."""

    def __init__(self, under_test: Installation, survey_path: str, made: dict[str, str]) -> None:
        self.port, self.under_test = under_test.port, under_test
        self.survey, self.kiosk = survey_path, f"/k/{made['kiosk']}"
        self.widget, self.answers = f"/w/{made['widget']}/answer", "/api/v1/responses"
        self.events, self.key, self.slug = "/api/v1/events", made["key"], made["survey"]
        self.token = {"token": made["widget"]}

    @property
    def json_addresses(self) -> tuple[str, ...]:
        return (self.survey, self.widget, self.answers, self.events, f"/s{self.kiosk[2:]}")

    def send(self, path: str, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
        """Send a body from an address of its own; it may not take longer than two seconds."""
        headers = {
            "Content-Type": kind,
            "Accept": "application/json",
            "Origin": ORIGIN,
            "Authorization": f"Bearer {self.key}",
            "X-Forwarded-For": some_address(),
        }
        began = time.monotonic()
        status, reply = request(self.port, "POST", path, body, headers)
        assert time.monotonic() - began < MOST_SECONDS, (path, body[:80])
        return status, reply

    def refused(self, path: str, body: bytes, kind: str = "application/json") -> str:
        """Send what must be refused; return the code of the refusal."""
        status, reply = self.send(path, body, kind)
        assert 400 <= status < 500, (path, body[:120], status)
        return str(json.loads(reply)["code"])

    def stored(self, start: str) -> dict[str, str | None]:
        """Return the comments stored under submission ids that begin with `start`."""
        address = f"file:{self.under_test.folder / 'emptychair.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as database:
            rows = database.execute("SELECT submission_id, body FROM capture_ledgerentry")
            return {one: json.loads(body)["comment"] for one, body in rows if one.startswith(start)}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with installation() as under_test:
        path = under_test.prepare()
        made = json.loads(under_test.run_code(_SETUP))
        under_test.start("web")
        under_test.wait_until_up()
        yield Site(under_test, path, made)


def test_json_that_is_none_is_refused_with_a_code(site: Site) -> None:
    tried = 0
    for body in bad_inputs.json_structure():
        for path in site.json_addresses:
            assert site.refused(path, body)
            tried += 1
    assert tried >= 60 * 4


def test_scores_are_whole_numbers_from_0_to_10_and_nothing_else(site: Site) -> None:
    assert len(bad_inputs.SCORES) >= 45
    for score in bad_inputs.SCORES:
        around = {
            site.survey: "",
            site.widget: f', "token": "{site.token["token"]}"',
            site.answers: f', "survey": "{site.slug}"',
        }
        for path, more in around.items():
            body = f'{{"submission_id": "{bad_inputs.fresh()}", "score": {score}{more}}}'
            code = site.refused(path, body.encode("utf-8", "surrogatepass"))
            assert code in ("score", "json_unreadable"), (path, score, code)
        plain = score.strip('"').encode().decode("unicode_escape", "ignore") or "x"
        form = urlencode({"submission_id": bad_inputs.fresh(), "score": plain})
        for path in (site.survey, site.kiosk):
            status, _ = site.send(path, form.encode(), "application/x-www-form-urlencoded")
            is_fair = plain in {str(number) for number in range(11)}
            assert is_fair or status in (400, 404), (path, plain, status)


def test_text_is_stored_equal_or_refused_with_a_code(site: Site) -> None:
    assert len(bad_inputs.COMMENTS) >= 65
    sent: dict[str, str] = {}
    for comment in bad_inputs.COMMENTS:
        body = bad_inputs.comment_body(comment)
        status, reply = site.send(site.survey, body)
        if status == 201:
            sent[json.loads(body)["submission_id"]] = comment
        else:
            assert (status, json.loads(reply)["code"]) in (
                (400, "comment"),
                (400, "comment_long"),
                (413, "too_large"),
            ), ascii(comment[:20])
    kept = site.stored("bad-input-")
    assert len(sent) > 50
    assert all(kept[one] == comment for one, comment in sent.items())


def test_markup_is_stored_equal_and_shown_as_text(site: Site) -> None:
    assert len(bad_inputs.MARKUP) >= 78
    sent: dict[str, str] = {}
    for text in bad_inputs.MARKUP:
        body = {"submission_id": bad_inputs.fresh(), "score": 3, "comment": text}
        status, reply = site.send(site.survey, json.dumps(body).encode())
        assert status == (400 if "\0" in text else 201), text
        if status == 201:
            sent[body["submission_id"]] = text
            form = urlencode({**body, "submission_id": bad_inputs.fresh()}).encode()
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            status, _ = request(site.port, "POST", site.survey, form, kind)
            assert status == 303
        assert b"<script" not in reply
    kept = site.stored("bad-input-")
    assert all(kept[one] == text for one, text in sent.items())


def test_every_wrong_token_gets_the_same_answer(site: Site) -> None:
    assert len(bad_inputs.TOKENS) >= 58
    replies: dict[str, set[tuple[int, str]]] = {}
    said = json.dumps({"submission_id": bad_inputs.fresh(), "score": 9}).encode()
    for token in bad_inputs.TOKENS:
        address = quote(token, safe="%/.~_-")
        for kind in ("s", "r"):
            status, reply = site.send(f"/{kind}/{address}", said)
            assert status in (404, 405), (kind, token, status)
            if "/" not in token and token not in ("", "."):
                code = json.loads(reply).get("code", "")
                replies.setdefault(kind, set()).add((status, code))
        for kind in ("u", "me", "k", "w"):
            path = f"/{kind}/{address}" + ("/answer" if kind == "w" else "")
            status, _ = request(site.port, "GET", path)
            assert 400 <= status < 500, (kind, token, status)
        status, _ = site.send(f"/w/{address}/answer", said)
        assert status in (403, 404, 405), token
    assert replies["s"] == replies["r"] == {(404, "unknown_link")}


def test_too_much_is_refused_at_once(site: Site) -> None:
    for path in site.json_addresses:
        most = 1_100_000 if path == site.events else 70_000
        assert site.refused(path, b'{"comment": "' + b"x" * most + b'"}') == "too_large"
        wide = json.dumps({f"f{n}": n for n in range(4_000)}).encode()
        assert site.refused(path, wide) in ("field_unknown", "submission_id", "event_id")
    many = "&".join(f"f{n}=1" for n in range(5_000)).encode()
    assert site.refused(site.survey, many, "application/x-www-form-urlencoded") == "form_unreadable"


HEAD = "Host: localhost\r\nX-Forwarded-For: 203.0.113.77\r\n"
JSON = "Content-Type: application/json\r\nAccept: application/json\r\n"
BODY = '{"submission_id": "framing-000000001", "score": 9}'
LONG = f"Content-Length: {len(BODY)}\r\n"
FRAMES = [
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Content-Length: 5\r\nContent-Length: 50\r\n\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Content-Length: -5\r\n\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Content-Length: abc\r\n\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Content-Length: 5,5\r\n\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Content-Length: 9{'9' * 30}\r\n\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\nHost: a\r\nHost: b\r\n{JSON}{LONG}\r\n{BODY[:20]}",
    "POST {s} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n",
    f"POST http://evil.example{{s}} HTTP/1.1\r\n{HEAD}{JSON}Content-Length: 0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}X: {'x' * 200_000}\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}" + "".join(f"X-{n}: 1\r\n" for n in range(2_000)) + "\r\n",
    f"POST {{s}}{'x' * 70_000} HTTP/1.1\r\n{HEAD}\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}X\0Y: 1\r\nContent-Length: 0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}Bad Header: 1\r\nContent-Length: 0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD} folded: 1\r\nContent-Length: 0\r\n\r\n",
    f"POST {{s}} HTTP/9.9\r\n{HEAD}Content-Length: 0\r\n\r\n",
    "POST\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
    f"GET /s/\x80\xff HTTP/1.1\r\n{HEAD}\r\n",
    f"TRACE {{s}} HTTP/1.1\r\n{HEAD}\r\n",
    f"CONNECT evil.example:443 HTTP/1.1\r\n{HEAD}\r\n",
    f"PUT {{s}} HTTP/1.1\r\n{HEAD}{JSON}{LONG}\r\n{BODY}",
    f"PATCH {{s}} HTTP/1.1\r\n{HEAD}{JSON}{LONG}\r\n{BODY}",
    f"DELETE {{s}} HTTP/1.1\r\n{HEAD}\r\n",
    f"QUERY {{s}} HTTP/1.1\r\n{HEAD}\r\n",
    f"FOO {{s}} HTTP/1.1\r\n{HEAD}\r\n",
    f"GET {{s}} HTTP/1.1\r\n{HEAD}X-HTTP-Method-Override: POST\r\n{JSON}{LONG}\r\n{BODY}",
    f"POST {{s}}?_method=DELETE HTTP/1.1\r\n{HEAD}Content-Length: 0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}Content-Type: text/plain\r\n{LONG}\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}Content-Type: multipart/form-data; boundary=x\r\n{LONG}\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}Content-Type: {'a' * 5_000}\r\n{LONG}\r\n{BODY}",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}Content-Type: application/json; charset=utf-16\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x08ab",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}{JSON}Expect: 100-nonsense\r\nContent-Length: 2\r\n\r\n[]",
    f"POST {{s}} HTTP/1.0\r\n{JSON}Content-Length: 2\r\n\r\n[]",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}Cookie: {'a=b; ' * 1_500}\r\nContent-Length: 0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}Accept-Language: {'sv,' * 3_000}\r\nContent-Length: 0\r\n\r\n",
    f"POST {{s}} HTTP/1.1\r\n{HEAD}X-Forwarded-For: not an address, \u00e5\r\nContent-Length: 0\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(FRAMES)))
def test_a_broken_frame_is_refused_or_cut_and_stores_nothing(site: Site, number: int) -> None:
    status = _raw(site.port, FRAMES[number].replace("{s}", site.survey).encode("latin-1"))
    method = FRAMES[number].partition(" ")[0]
    allowed = {200} if method in ("GET",) else set()  # a page is shown, nothing is stored
    assert status is None or 400 <= status < 500 or status in allowed, (number, status)
    assert site.stored("framing-") == {}
    assert request(site.port, "GET", "/health")[0] == 200


def _raw(port: int, frame: bytes) -> int | None:
    """Send bytes as they are; return the status, or None when the connection was cut."""
    with socket.create_connection(("127.0.0.1", port), timeout=MOST_SECONDS) as wire:
        try:
            wire.sendall(frame)
            wire.shutdown(socket.SHUT_WR)
            reply = wire.recv(4_096)
        except TimeoutError:
            pytest.fail("it waits for ever")
        except OSError:
            return None
    return int(reply.split()[1]) if reply.startswith(b"HTTP/") else None
