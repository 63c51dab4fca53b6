"""A broken server for the positive control: it acknowledges early and forgets nothing."""

from reliability.control_app import application as early

_kept: list[bytes] = []


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        _kept.append(b"x" * 100_000)
    return early(environ, start_response)
