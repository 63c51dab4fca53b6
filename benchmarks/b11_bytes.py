"""B11: what a customer's and a colleague's first page weigh, compressed."""

import gzip
import re

from reliability.harness import installation, request

from benchmarks.harness import Figure


def run(size: str) -> list[Figure]:
    """Fetch pages with everything they name and add up the compressed bytes."""
    del size
    with installation() as under_test:
        path = under_test.prepare()
        under_test.start("web")
        under_test.wait_until_up()
        survey = _weight(under_test.port, path)
        login = _weight(under_test.port, "/login/login/")
    return [
        Figure("B11", "survey page with its style", survey / 1000, "kB", at_most=15),
        Figure("B11", "first staff page with all it names", login / 1000, "kB", at_most=250),
    ]


def _weight(port: int, path: str) -> int:
    _, page = request(port, "GET", path)
    named = re.findall(rb'(?:href|src)="(/static/[^"]+)"', page)
    total = len(gzip.compress(page))
    for address in dict.fromkeys(named):
        headers = {"Accept-Encoding": "br"}
        total += len(request(port, "GET", address.decode(), headers=headers)[1])
    return total
