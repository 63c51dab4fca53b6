import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.warehouse.services import synchronise

Answered = Callable[..., list[Response]]


@pytest.fixture
def answered(db: None) -> Answered:
    """Return a function that stores answers with the given scores and brings them to the sums.

    Where many calls follow each other, `copied=False` leaves the last to the caller.
    """
    survey, _ = Survey.objects.get_or_create(slug="relationship", name="Relationship", state="open")

    def store(
        scores: Sequence[int], at: datetime | None = None, *, copied: bool = True, **fields: Any
    ) -> list[Response]:
        moment = at or now() - timedelta(hours=2)
        given = {"channel": "email", "language": "en", **fields}
        made = [
            Response.objects.create(
                survey=survey,
                score=score,
                answered_at=moment,
                answered_on=local_date(moment),
                **given,
            )
            for score in scores
        ]
        mark_changed("responses", [response.public_id for response in made])
        if copied:
            synchronise()
        return made

    return store


class ChatRoom:
    """A chat service of our own: keeps what it is told, answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.heard: list[dict[str, str]] = []
        room = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                room.heard.append(json.loads(body))
                self.send_response(room.status)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"json://127.0.0.1:{self.server.server_port}/room"


@pytest.fixture
def chat_room() -> Iterator[ChatRoom]:
    room = ChatRoom()
    thread = Thread(target=room.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield room
    room.server.shutdown()
    thread.join()
    room.server.server_close()


@pytest.fixture
def lund(malmo: Unit) -> Unit:
    return Unit.objects.create(code="lund", name="Lund", country="SE")
