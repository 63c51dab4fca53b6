"""Answers: stored once, acknowledged after COMMIT, amended by new ledger rows."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from emptychair.programme.activity.models import Activity, Change
from emptychair.programme.capture.answering import Stored, amend, answer
from emptychair.programme.capture.models import ErasurePermit, LedgerEntry, Link, Response
from emptychair.programme.capture.submission import Problem, Submission
from emptychair.programme.journeys.models import Driver

ID = "submission-0000001"


def test_it_stores_a_score_with_its_ledger_entry_activity_and_change(link: Link) -> None:
    outcome = answer(link.public_id, Submission(ID, 9, language="sv"))
    assert isinstance(outcome, Stored)
    response = Response.objects.get(public_id=outcome.response)
    assert (response.score, response.unit, response.channel) == (9, "malmo", "link")
    assert response.wording is not None
    assert response.wording.language == "sv"
    assert LedgerEntry.objects.get().submission_id == ID
    assert Activity.objects.get().action == "response.recorded"
    assert Change.objects.get().key == response.public_id


def test_it_gives_a_repeat_the_same_reply_and_stores_nothing(link: Link) -> None:
    first = answer(link.public_id, Submission(ID, 9))
    assert answer(link.public_id, Submission(ID, 9)) == first
    assert Response.objects.count() == LedgerEntry.objects.count() == 1


def test_it_refuses_another_body_under_the_same_id(link: Link) -> None:
    answer(link.public_id, Submission(ID, 9))
    outcome = answer(link.public_id, Submission(ID, 2))
    assert isinstance(outcome, Problem)
    assert outcome.status == 409
    assert Response.objects.get().score == 9


def test_it_keeps_a_changed_score_as_a_new_ledger_row(invited: str) -> None:
    first = answer(invited, Submission(ID, 9))
    second = answer(invited, Submission("submission-0000002", 3, "Too slow"))
    assert isinstance(first, Stored)
    assert isinstance(second, Stored)
    assert first.response == second.response
    response = Response.objects.get()
    assert (response.score, response.comment) == (3, "Too slow")
    assert [entry.body["score"] for entry in LedgerEntry.objects.order_by("id")] == [9, 3]
    assert response.invitation is not None
    assert response.invitation.outcome == "answered"


def test_it_freezes_the_customers_traits(invited: str) -> None:
    answer(invited, Submission(ID, 9))
    response = Response.objects.select_related("customer").get()
    assert response.customer is not None
    response.customer.traits = {"tier": "gold"}
    response.customer.save()
    assert Response.objects.get().traits == {"tier": "basic"}


def test_it_adds_comment_ratings_and_contact_to_the_same_response(link: Link) -> None:
    link.survey.drivers.add(Driver.objects.create(slug="waiting", name="Waiting"))
    first = answer(link.public_id, Submission(ID, 4))
    assert isinstance(first, Stored)
    said = Submission("submission-0000002", None, "Köade länge", True, "sv", {"waiting": 2})
    amend(first.answer_token, said)
    response = Response.objects.get()
    assert (response.score, response.comment, response.contact_wanted) == (4, "Köade länge", True)
    assert response.ratings == {"waiting": 2}


def test_it_refuses_a_rating_of_an_unknown_driver(link: Link) -> None:
    outcome = answer(link.public_id, Submission(ID, 4, ratings={"nonsense": 2}))
    assert isinstance(outcome, Problem)
    assert outcome.code == "rating"
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "x" * 24, "x" * 5_000, "å", "../etc"])
def test_it_answers_every_wrong_token_alike(link: Link, token: str) -> None:
    outcome = answer(token, Submission(ID, 9))
    assert outcome == Problem(404, "unknown_link", "This link is not valid, or no longer.")


def test_it_tells_that_a_survey_is_closed(link: Link) -> None:
    link.survey.state = "closed"
    link.survey.save()
    outcome = answer(link.public_id, Submission(ID, 9))
    assert isinstance(outcome, Problem)
    assert outcome.status == 410


def test_it_holds_the_answers_of_a_draft_as_test(link: Link) -> None:
    link.survey.state = "draft"
    link.survey.save()
    answer(link.public_id, Submission(ID, 9))
    assert Response.objects.get().held_reason == "test"


@pytest.mark.django_db(transaction=True)
def test_it_stores_one_of_64_parallel_repeats(link: Link) -> None:
    barrier = threading.Barrier(64)

    def send(_: int) -> object:
        barrier.wait()
        return answer(link.public_id, Submission(ID, 9))

    with ThreadPoolExecutor(64) as pool:
        outcomes = set(pool.map(send, range(64)))
    assert len(outcomes) == 1
    assert Response.objects.count() == LedgerEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_parallel_repeats_test_would_notice_a_missing_index(link: Link) -> None:
    """Positive control: the database, not good luck, keeps the second one out."""
    answer(link.public_id, Submission(ID, 9))
    entry = LedgerEntry.objects.get()
    entry.pk = None
    with pytest.raises(IntegrityError):
        entry.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_it_lets_nobody_change_or_delete_the_ledger_but_the_eraser(link: Link) -> None:
    answer(link.public_id, Submission(ID, 9))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.update(kind="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.all().delete()
    with transaction.atomic():
        permit = ErasurePermit.objects.create()
        LedgerEntry.objects.all().delete()
        permit.delete()
    assert not LedgerEntry.objects.exists()


def test_its_statements_name_every_column_of_the_models(link: Link) -> None:
    answer(link.public_id, Submission(ID, 9))
    for model in (Response, LedgerEntry, Activity, Change):
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
        assert {c.name for c in columns} == {f.column for f in model._meta.concrete_fields}
        model.objects.get().clean_fields(exclude=["ratings", "traits", "details"])
