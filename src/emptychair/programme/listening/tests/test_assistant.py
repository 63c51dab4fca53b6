import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from emptychair.programme.comments import assistant
from emptychair.programme.comments.models import Assistant, CommentReading
from emptychair.programme.comments.queries import active_themes
from emptychair.programme.warehouse import tables
from emptychair.programme.warehouse.services import synchronise

PAGE = "/root-cause/comments/assistant/"


class Service:
    """A service of our own that speaks as OpenAI does: keeps what it is told."""

    def __init__(self) -> None:
        self.status, self.content, self.heard = 200, '{"1": ["quality", "nonsense"], "2": []}', []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.heard.append(
                    (self.path, self.headers.get("Authorization"), json.loads(body))
                )
                answer = {"choices": [{"message": {"content": service.content}}]}
                text = json.dumps(answer).encode()
                self.send_response(service.status)
                if service.status == 302:
                    self.send_header("Location", "http://127.0.0.1/")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.address = f"http://{self.place}/v1"


@pytest.fixture
def service(settings):
    made = Service()
    thread = Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    settings.OUTBOUND_ALLOW = frozenset([made.place])
    settings.ASSISTANT_KEY = "secret"
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def unread(said, computed):
    said("Brödet är nybakt och himmelskt, hälsar Anna Berg", 9)
    said("Jag var där i tisdags", 7)
    computed()


def set_on(service):
    assistant.change_assistant(endpoint=service.address, model="small", is_on=True, by="alice")


def test_it_shows_exactly_what_leaves_before_it_is_switched_on(unread, service, client, alice):
    client.force_login(alice)
    html = client.get(PAGE).content.decode()
    assert "nybakt" in html
    assert "Anna Berg" not in html
    assert "[name]" in html
    data = {"endpoint": service.address, "model": "small", "is_on": "on"}
    refused = client.post(PAGE, data)
    assert refused.status_code == 400
    assert "Look at what leaves" in refused.content.decode()
    assert not Assistant.objects.exists()
    assert client.post(PAGE, {**data, "has_seen": "on"}).status_code == 302
    assert Assistant.objects.get().is_on
    assert service.heard == []


def test_it_asks_about_comments_without_a_theme_and_nothing_else(unread, service):
    assistant.ask_assistant()
    assert service.heard == []
    set_on(service)
    assistant.ask_assistant()
    ((path, key, body),) = service.heard
    assert (path, key) == ("/v1/chat/completions", "Bearer secret")
    comments = json.loads(body["messages"][1]["content"])["comments"]
    assert body == assistant.request_for(
        ["Jag var där i tisdags", "Brödet är nybakt och himmelskt, hälsar Anna Berg"],
        "small",
        active_themes(),
    )
    assert list(comments.values())[1] == "Brödet är nybakt och himmelskt, hälsar [name]"
    told = CommentReading.objects.get(by_assistant=True)
    assert told.themes == "|quality|"
    synchronise()
    rows = tables.responses().select("theme_quality").to_pyarrow()["theme_quality"].to_pylist()
    assert sorted(rows) == [0, 1]
    assistant.ask_assistant()
    assert len(service.heard) == 1


@pytest.mark.parametrize(
    "content", ["no JSON", "[1]", '{"1": "price"}', "{", '{"9": ["price"]}', ""]
)
def test_answers_that_make_no_sense_change_nothing(content, unread, service):
    service.content = content
    set_on(service)
    assistant.ask_assistant()
    assert not CommentReading.objects.filter(by_assistant=True).exists()
    assert assistant.waiting() == []


@pytest.mark.parametrize("status", [302, 401, 500])
def test_a_service_that_fails_is_told_and_asked_again(status, unread, service, client, alice):
    service.status = status
    set_on(service)
    assistant.ask_assistant()
    assert "Check address and key" in Assistant.objects.get().last_error
    assert len(assistant.waiting()) == 2
    client.force_login(alice)
    assert "Check address and key" in client.get(PAGE).content.decode()


def test_it_can_be_tried_with_a_made_up_sentence(unread, service, client, alice):
    client.force_login(alice)
    tried = client.post(f"{PAGE}try/", follow=True).content.decode()
    assert "Save an address and a model first" in tried
    set_on(service)
    assert "Themes of the test: quality" in client.post(f"{PAGE}try/", follow=True).content.decode()
    assert "parcel" in json.dumps(service.heard[-1][2])
    service.content = "?"
    assert "not in the form" in client.post(f"{PAGE}try/", follow=True).content.decode()
    service.status = 500
    assert "Check address and key" in client.post(f"{PAGE}try/", follow=True).content.decode()


def test_an_address_inside_is_refused_in_words(unread, client, alice):
    client.force_login(alice)
    data = {"endpoint": "http://127.0.0.1:5432/", "model": "m", "is_on": "on", "has_seen": "on"}
    answer = client.post(PAGE, data)
    assert answer.status_code == 400
    assert "Write an address such as" in answer.content.decode()
    missing = client.post(PAGE, {"is_on": "on", "has_seen": "on"})
    assert "Needed before it can be asked" in missing.content.decode()
