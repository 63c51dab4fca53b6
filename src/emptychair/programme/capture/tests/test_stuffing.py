"""Stuffing of open links is held with its source; offices, classes and shops are not."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from emptychair.programme.capture import stuffing
from emptychair.programme.capture.answering import answer
from emptychair.programme.capture.circumstances import circumstances_of
from emptychair.programme.capture.models import LedgerEntry, Link, Origin, Response
from emptychair.programme.capture.stuffing import chance_of, forget_origins, hold_stuffing
from emptychair.programme.capture.submission import Submission
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.tokens import new_id

MIXED = [10, 9, 9, 8, 10, 7, 6, 9, 10, 3, 8, 9]
Send = Callable[..., None]


@pytest.fixture(autouse=True)
def fresh() -> None:
    stuffing._baselines.clear()


@pytest.fixture
def known(link: Link) -> Link:
    """A link whose own mixture is known: 200 answers of the last weeks."""
    moment = now() - timedelta(days=20)
    Response.objects.bulk_create(
        Response(
            survey=link.survey,
            score=MIXED[number % len(MIXED)],
            channel="link",
            unit="malmo",
            answered_at=moment,
            answered_on=local_date(moment),
        )
        for number in range(200)
    )
    return link


def send(link: Link, scores: Sequence[int], address: str = "192.0.2.7", **said: object) -> None:
    for score in scores:
        submission = Submission(new_id(), score, **said)  # type: ignore[arg-type]
        around = circumstances_of({"REMOTE_ADDR": address}, link.public_id, "", now())
        answer(link.public_id, submission, around)


def held(link: Link) -> dict[str, int]:
    hold_stuffing()
    found: dict[str, int] = {}
    for reason in Response.objects.filter(survey=link.survey).values_list("held_reason", flat=True):
        found[reason] = found.get(reason, 0) + 1
    found.pop("", None)
    return found


def spread_out(link: Link) -> None:
    """Put the answers so far a minute apart, as people give them."""
    for number, origin in enumerate(Origin.objects.filter(link=link.public_id)):
        Origin.objects.filter(pk=origin.pk).update(at=now() - timedelta(seconds=20 + number * 20))


def test_it_holds_a_source_that_sends_one_bucket(known: Link) -> None:
    send(known, [0] * 15)
    assert held(known) == {"one_source": 15}


def test_it_holds_what_follows_from_a_held_source_too(known: Link) -> None:
    send(known, [0] * 15)
    hold_stuffing()
    send(known, [1])
    assert held(known) == {"one_source": 16}


def test_an_office_behind_one_address_counts(known: Link) -> None:
    chosen = random.Random(4).choices(MIXED, k=80)
    send(known, chosen)
    spread_out(known)
    assert held(known) == {}


def test_a_family_that_is_happy_counts(known: Link) -> None:
    send(known, [10, 10, 9, 10])
    assert held(known) == {}


def test_it_holds_networks_that_rotate_addresses(known: Link) -> None:
    for number in range(40):
        send(known, [0], f"2001:db8:1:{number:x}::1")
    assert held(known) == {"one_network": 40}


def test_it_holds_a_torrent_whatever_it_says(known: Link) -> None:
    send(known, MIXED * 3)
    assert held(known) == {"one_source": 36}


def test_it_holds_a_sudden_burst_of_the_same_answer(known: Link) -> None:
    for number in range(80):
        send(known, [0], f"198.{number}.100.1")
    assert held(known) == {"burst": 80}


def test_an_angry_hour_with_words_of_its_own_counts(known: Link) -> None:
    for number in range(80):
        send(known, [number % 4], f"198.{number}.100.1", comment=f"Out of order, shop {number}")
    assert held(known) == {}


def test_it_holds_comments_that_come_letter_for_letter(known: Link) -> None:
    for number in range(7):
        send(known, [MIXED[number]], f"198.{number}.1.1", comment="Best shop in the whole country!")
    assert held(known) == {"copies": 7}


def test_a_kiosk_is_one_source_and_counts(known: Link) -> None:
    known.channel = "kiosk"
    known.save()
    send(known, random.Random(4).choices(MIXED, k=60))
    for number, response in enumerate(Response.objects.filter(channel="kiosk")):
        moment = now() - timedelta(seconds=30 * number)
        Response.objects.filter(pk=response.pk).update(answered_at=moment)
    assert held(known) == {}


def test_a_child_at_the_kiosk_is_held(known: Link) -> None:
    known.channel = "kiosk"
    known.save()
    send(known, [0, 0, 0, 0])
    assert held(known) == {"kiosk_rapid": 3}


def test_what_colleagues_released_stays_released(known: Link) -> None:
    from emptychair.programme.capture.holding import release

    send(known, [0] * 15)
    hold_stuffing()
    ids = list(Response.objects.exclude(held_reason="").values_list("public_id", flat=True))
    release(ids, by="alice")
    send(known, [0])
    assert held(known) == {"one_source": 1}
    assert LedgerEntry.objects.filter(kind="release").count() == 15


def test_a_new_link_gives_the_benefit_of_the_doubt(link: Link) -> None:
    send(link, [10] * 15)
    spread_out(link)
    assert held(link) == {}


def test_it_forgets_where_answers_came_from_after_a_week(link: Link) -> None:
    send(link, [9, 9])
    Origin.objects.filter(pk=Origin.objects.first().pk).update(at=now() - timedelta(days=8))  # type: ignore[union-attr]
    forget_origins()
    assert Origin.objects.count() == 1


def test_chance_of_small_and_large_counts() -> None:
    # Hand sums: 0.2^6; 1 - 0.5^2; 10 C 9 0.5^10 + 0.5^10.
    assert chance_of(6, 6, 0.2) == pytest.approx(0.2**6)
    assert chance_of(9, 10, 0.5) == pytest.approx(11 / 1024)
    assert chance_of(2, 10, 0.5) == 1.0
    assert chance_of(9_000, 10_000, 0.5) < 1e-300
