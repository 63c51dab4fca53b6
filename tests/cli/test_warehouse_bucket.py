"""The warehouse in a bucket: the same figures, the same erasure, a sentence where it cannot be."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from deltalake import DeltaTable

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.customers.models import Customer
from emptychair.programme.doctor import examine
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.config import ConfigurationError, warehouse
from emptychair.programme.warehouse import layer, services, store, tables

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real S3 server in a process of its own; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        made = urllib.request.Request(f"{address}/answers", method="PUT")
        urllib.request.urlopen(made).close()
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def bucket(server, settings, monkeypatch, request) -> str:
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "eu-north-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "word",
    }.items():
        monkeypatch.setenv(name, value)
    settings.WAREHOUSE = f"s3://answers/{request.node.name}"
    return settings.WAREHOUSE


def respond(number, customer=None):
    survey, _ = Survey.objects.get_or_create(slug="relationship", defaults={"state": "open"})
    made = [
        Response.objects.create(
            survey=survey, score=score % 11, comment="said", customer=customer, channel="link",
            answered_at=now(), answered_on=local_date(now()),
        )
        for score in range(number)
    ]  # fmt: skip
    mark_changed("responses", [one.public_id for one in made])


def counted() -> int:
    today = local_date(now())
    return sum(counts.n for counts in layer.counts(start=today, end=today).values())


def test_it_copies_reads_joins_and_erases_in_a_bucket(bucket, monkeypatch):
    store.refuse_unreachable()
    assert layer.counts(start=local_date(now()), end=local_date(now())) == {}
    customer = Customer.objects.create(code="anna")
    mark_changed("customers", ["anna"])
    respond(3, customer)
    services.synchronise()
    respond(4)
    services.synchronise()
    assert counted() == 7
    assert {one.is_well for one in examine("warehouse")} == {True}
    erase(customer)
    services.synchronise()
    monkeypatch.setattr(store, "KEEP_HOURS", 0)
    services.maintain()
    assert counted() == 4
    assert {one.is_well for one in examine("warehouse")} == {True}
    rows = tables.responses().to_pyarrow().to_pylist()
    assert [row["customer_id"] for row in rows] == [None] * 4
    # What the vacuum left is what the newest version names: nothing of hers is in the bucket.
    uris = DeltaTable(f"{bucket}/responses").file_uris()
    left = _objects(bucket, "responses/month=")
    assert sorted(left) == sorted(uri.split("/responses/")[1] for uri in uris)


def _objects(bucket: str, prefix: str) -> list[str]:
    folder = f"{bucket.removeprefix('s3://answers/')}/{prefix}"
    address = f"{os.environ['AWS_ENDPOINT_URL']}/answers?list-type=2&prefix={folder}"
    with urllib.request.urlopen(address) as reply:
        listed = ElementTree.parse(reply)
    keys = [key.text or "" for key in listed.iter("{http://s3.amazonaws.com/doc/2006-03-01/}Key")]
    return [key.split("/responses/")[1] for key in keys]


def test_it_mends_what_was_lost_in_a_bucket(bucket):
    respond(5)
    services.synchronise()
    lost = Response.objects.first()
    store.delete("responses", "response_id", [lost.public_id])
    assert all(one.is_well for one in examine("warehouse", rebuild=True))


def test_it_does_not_start_without_its_bucket(bucket, settings):
    settings.WAREHOUSE = "s3://elsewhere/folder"
    with pytest.raises(SystemExit, match="no such bucket; make it"):
        store.refuse_unreachable()


def test_it_does_not_start_where_nobody_answers(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SystemExit, match="does not answer; check AWS_ENDPOINT_URL"):
        store.refuse_unreachable()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("<Code>SignatureDoesNotMatch</Code>", "refuses these credentials"),
        ("PUT http://169.254.169.254/latest/api/token", "no credentials were found"),
    ],
)
def test_it_says_what_is_wrong_with_credentials(bucket, monkeypatch, said, meant):
    def refused(*_, **__):
        raise OSError(said)

    monkeypatch.setattr(DeltaTable, "is_deltatable", refused)
    with pytest.raises(SystemExit, match=meant):
        store.refuse_unreachable()


def test_it_knows_where_the_tables_lie(tmp_path):
    assert warehouse("", tmp_path) == str(tmp_path / "warehouse")
    assert warehouse("s3://bucket/folder/", tmp_path) == "s3://bucket/folder"
    for wrong in ("bucket/folder", "s3://", "gs://bucket"):
        with pytest.raises(ConfigurationError, match="s3://bucket/folder"):
            warehouse(wrong, tmp_path)
