"""The page of held answers: reasons, filters, release and hold again, in bulk, with a note."""

from collections.abc import Callable

import pytest
from django.test import Client

from emptychair.programme.accounts.models import Role, User
from emptychair.programme.activity.models import Activity, Change
from emptychair.programme.capture.models import LedgerEntry, Response, Survey
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.warehouse import layer
from emptychair.programme.warehouse.services import synchronise

HERE = "/surveys/held/"


@pytest.fixture
def held(db: None) -> list[str]:
    """Four answers, three of them held."""
    survey = Survey.objects.create(slug="shop", name="Shop", state="open")
    return [
        Response.objects.create(
            survey=survey,
            score=score,
            channel="link",
            answered_at=now(),
            answered_on=local_date(now()),
            held_reason=reason,
        ).public_id
        for score, reason in ((9, ""), (0, "machine"), (0, "one_source"), (1, "one_source"))
    ]


def decide(client: Client, **said: object) -> None:
    assert client.post(f"{HERE}change", {"query": "", **said}).status_code == 302


def test_it_lists_what_is_held_by_reason_and_both_totals(
    client: Client, alice: User, held: list[str]
) -> None:
    client.force_login(alice)
    page = client.get(HERE).content.decode()
    assert page.count('name="row"') == 3
    assert "Many alike from one source" in page
    assert client.get(HERE, {"reason": "machine"}).content.decode().count('name="row"') == 1
    assert (
        client.get(HERE, {"start": "2020-01-01", "end": "2020-02-01"})
        .content.decode()
        .count("Nothing is held in this period")
    )


def test_it_releases_those_ticked_with_a_note_and_holds_them_again(
    client: Client, alice: User, held: list[str]
) -> None:
    client.force_login(alice)
    decide(client, row=held[1:3], what="release", note="Our own tablet")
    counted = Response.objects.filter(held_reason="").values_list("public_id", flat=True)
    assert set(counted) == set(held[:3])
    page = client.get(HERE, {"state": "released"}).content.decode()
    assert page.count("Our own tablet") == 2
    decide(client, row=held[2], what="hold", note="It was not")
    assert Response.objects.get(public_id=held[2]).held_reason == "one_source"
    assert {a.actor for a in Activity.objects.filter(subject=held[2])} == {alice.public_id}
    assert LedgerEntry.objects.filter(response=held[2]).count() == 2


def test_it_releases_all_that_the_filters_show(
    client: Client, alice: User, held: list[str]
) -> None:
    client.force_login(alice)
    decide(client, which="all", what="release", query="reason=one_source")
    assert Response.objects.exclude(held_reason="").get().public_id == held[1]


def test_figures_follow_a_decision(client: Client, alice: User, held: list[str]) -> None:
    def counted() -> int:
        synchronise()
        return sum(c.n for c in layer.counts(start=day, end=day).values())

    day = local_date(now())
    Change.objects.bulk_create(Change(table="responses", key=one) for one in held)
    client.force_login(alice)
    assert counted() == 1
    decide(client, which="all", what="release")
    assert counted() == 4
    decide(client, row=held[3], what="hold")
    assert counted() == 3


def test_it_exports_the_list_without_boxes(client: Client, alice: User, held: list[str]) -> None:
    client.force_login(alice)
    reply = client.get(HERE, {"format": "csv", "reason": "machine"})
    lines = b"".join(reply.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0].lstrip("\ufeff").startswith("answered_at")
    assert len(lines) == 2


def test_it_asks_for_a_choice_and_knows_no_other_deed(
    client: Client, alice: User, held: list[str]
) -> None:
    client.force_login(alice)
    reply = client.post(f"{HERE}change", {"what": "release"}, follow=True)
    assert "tick their boxes" in reply.content.decode()
    assert client.post(f"{HERE}change", {"what": "erase", "row": held}).status_code == 404
    reply = client.post(
        f"{HERE}change", {"what": "release", "row": held, "note": "x" * 501}, follow=True
    )
    assert "at most 500 characters" in reply.content.decode()


def test_an_analyst_reads_and_does_not_decide(
    client: Client, make_user: Callable[..., User], held: list[str]
) -> None:
    client.force_login(make_user(Role.ANALYST))
    page = client.get(HERE).content.decode()
    assert 'name="row"' not in page
    assert client.post(f"{HERE}change", {"what": "release", "row": held}).status_code == 403
    client.force_login(make_user(Role.MANAGER))
    assert client.get(HERE).status_code == 403
