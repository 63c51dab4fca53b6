"""A case handled from the mail: one step, once, for three days."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connections

from emptychair.programme.accounts.models import Role, User
from emptychair.programme.closedloop import by_mail
from emptychair.programme.closedloop.by_mail import forget_old_links, path_for, use
from emptychair.programme.closedloop.digests import digest_of, letter_of
from emptychair.programme.closedloop.models import Case, MailLink
from emptychair.programme.closedloop.services import close, contact
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.tokens import sign


def text_of(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def test_the_letter_carries_a_link_that_shows_and_writes_nothing(client, case, bob):
    Case.objects.update(due_at=now() - timedelta(days=3))
    body = letter_of(digest_of(bob), bob).text
    path = re.search(r"/c/[^\s]+", body)[0]
    assert path == path_for(case, bob), "a letter that is sent again carries the same link"
    for method in (client.get, client.head):
        page = method(path)
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
    page = text_of(client.get(path))
    assert "A customer gave 2 of 10" in page
    assert "Lång kö" in page
    assert "Anna Berg" not in page
    case.refresh_from_db()
    assert case.state == "new"


CLOSED = {"step": "close", "outcome": "recovered", "root_cause": "Waiting time"}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"step": "claim"}, "claimed"),
        ({"step": "contact", "said": "She is glad"}, "contacted"),
        ({**CLOSED, "said": "Settled by phone"}, "closed"),
        ({**CLOSED, "said": "", "outcome": "unreachable"}, "closed"),
    ],
)
def test_one_step_is_done_once(client, case, bob, said, state):
    path = path_for(case, bob)
    done = client.post(path, said, follow=True)
    assert done.status_code == 200
    assert "Done. The link works once." in text_of(done)
    case.refresh_from_db()
    assert case.state == state
    assert set(case.notes.exclude(by=None).values_list("by", flat=True)) == {bob.pk}
    again = client.post(path, {"step": "contact", "said": "Once more"})
    assert again.status_code == 409
    assert "used already" in text_of(again)
    assert not case.notes.filter(text="Once more").exists()


def test_a_refused_step_leaves_the_link_as_it_was(client, case, bob):
    path = path_for(case, bob)
    for wrong in (
        {"step": "contact", "said": " "},
        CLOSED,
        {**CLOSED, "outcome": "merged", "said": "y"},
        {"step": "merge"},
        {},
    ):
        assert client.post(path, wrong).status_code == 409, wrong
    assert MailLink.objects.get().used_at is None
    assert client.post(path, {"step": "claim"}).status_code == 302


def test_who_comes_too_late_is_told(client, case, bob, alice):
    path = path_for(case, bob)
    contact(case, said="x", by=alice)
    close(case, outcome="recovered", root_cause="Price", said="", by=alice)
    told = client.post(path, {"step": "contact", "said": "y"})
    assert told.status_code == 409
    assert "Alice closed it before you." in text_of(told)


def test_the_link_speaks_for_one_colleague_one_purpose_and_three_days(client, case, bob):
    path = path_for(case, bob)
    link = MailLink.objects.get()
    token = path.removeprefix("/c/")
    later = now() + timedelta(days=1)
    for wrong in (
        token[:-3] + "AAA",
        token.swapcase(),
        sign("unsubscribe", link.public_id, later),
        sign(by_mail.PURPOSE, case.public_id, later),
        sign(by_mail.PURPOSE, link.public_id, now() - timedelta(seconds=1)),
        "nonsense",
    ):
        assert client.post(f"/c/{wrong}", {"step": "claim"}).status_code == 404
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert client.post(path, {"step": "claim"}).status_code == 404
    User.objects.filter(pk=bob.pk).update(is_active=True, role=Role.LEADER)
    assert client.post(path, {"step": "claim"}).status_code == 404
    User.objects.filter(pk=bob.pk).update(role=Role.MANAGER, unit=None)
    Case.objects.update(owner=None)
    assert client.post(path, {"step": "claim"}).status_code == 404
    case.refresh_from_db()
    assert case.state == "new"


def test_expired_links_are_removed(case, bob):
    path_for(case, bob)
    forget_old_links()
    assert MailLink.objects.exists()
    MailLink.objects.update(expires_at=now() - timedelta(seconds=1))
    forget_old_links()
    assert not MailLink.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one(case, bob):
    path_for(case, bob)
    start, outcomes = threading.Barrier(2), []

    def click():
        try:
            link = MailLink.objects.select_related("case__rule", "user").get()
            start.wait()
            use(link, step="contact", said="Hello", outcome="", root_cause="")
            outcomes.append("done")
        except RefusedError as error:
            outcomes.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "link_used"]
    assert case.notes.filter(step="contacted").count() == 1
