"""Many customers at once who answer as fast as they are answered, at little cost of their own."""

import json
import secrets
import selectors
import socket
import time
from dataclasses import dataclass, field

_PATIENCE = 30.0  # seconds without any reply


@dataclass
class _Client:
    wire: socket.socket
    began: float = 0.0
    reply: bytearray = field(default_factory=bytearray)


def answers(port: int, path: str, seconds: float, clients: int) -> list[float]:
    """Return how long each stored answer took, in seconds.

    One thread serves all connections and reads no more of a reply than its length, so that the
    web server and not the load has the processor.

    Raises:
        TimeoutError: no reply came for 30 seconds.
    """
    taken: list[float] = []
    selector = selectors.DefaultSelector()
    for _ in range(clients):
        client = _Client(socket.create_connection(("127.0.0.1", port)))
        selector.register(client.wire, selectors.EVENT_READ, client)
        _ask(client, path)
    end = time.monotonic() + seconds
    while selector.get_map():
        ready = selector.select(_PATIENCE)
        if not ready:
            raise TimeoutError("The web server has stopped answering.")
        for key, _ in ready:
            client = key.data
            client.reply += client.wire.recv(65536)
            if not _is_complete(client.reply):
                continue
            if client.reply.startswith(b"HTTP/1.1 201"):
                taken.append(time.perf_counter() - client.began)
            if time.monotonic() < end:
                _ask(client, path)
            else:
                selector.unregister(client.wire)
                client.wire.close()
    return taken


def _ask(client: _Client, path: str) -> None:
    body = json.dumps({"submission_id": secrets.token_urlsafe(18), "score": 9})
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    client.reply.clear()
    client.began = time.perf_counter()
    client.wire.sendall((head + body).encode())


def _is_complete(reply: bytearray) -> bool:
    head, found, body = reply.partition(b"\r\n\r\n")
    if not found:
        return False
    length = next(
        line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    return len(body) >= int(length.partition(b":")[2])
