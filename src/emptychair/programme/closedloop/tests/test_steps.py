"""The steps of a case, and what becomes of it."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.models import Invitation
from emptychair.programme.closedloop import services
from emptychair.programme.closedloop.asking_again import plan_second_asks
from emptychair.programme.closedloop.models import Case, Note, Promise
from emptychair.programme.closedloop.reminding import escalate, overdue
from emptychair.programme.closedloop.services import forget_conversations
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError

DONE = {"outcome": "recovered", "root_cause": "Waiting time", "said": "Got a new slot"}


def test_from_new_to_closed(case, bob):
    services.claim(case, by=bob)
    services.contact(case, said="We talked", by=bob)
    first = case.first_contact_at
    services.wait(case, until=today() + timedelta(3), said="The part arrives", by=bob)
    services.contact(case, said="It arrived", by=bob)
    assert case.first_contact_at == first
    services.close(case, **DONE, by=bob)
    assert (case.state, case.outcome, case.root_cause) == ("closed", "recovered", "Waiting time")
    steps = list(case.notes.values_list("step", flat=True))
    assert steps == ["opened", "claimed", "contacted", "waiting", "contacted", "closed"]
    assert Activity.objects.filter(action="case.closed", subject=case.public_id).exists()


def test_what_is_missing_is_asked_for(case, bob):
    for call, code in (
        (lambda: services.contact(case, said=" ", by=bob), "sentence_missing"),
        (lambda: services.wait(case, until=today(), said="x", by=bob), "wait_until"),
        (lambda: services.close(case, **{**DONE, "outcome": ""}, by=bob), "outcome_missing"),
        (lambda: services.close(case, **{**DONE, "outcome": "merged"}, by=bob), "outcome_missing"),
        (lambda: services.close(case, **{**DONE, "root_cause": ""}, by=bob), "sentence_missing"),
        (lambda: services.close(case, **DONE, by=bob), "not_contacted"),
        (lambda: services.promise(case, text="", due_on=today(), by=bob), "sentence_missing"),
        (
            lambda: services.promise(case, text="x", due_on=today() - timedelta(1), by=bob),
            "promise_past",
        ),
        (lambda: services.reopen(case, said="x", by=bob), "case_moved_on"),
        (lambda: services.merge(case, into=case, by=bob), "merge_strangers"),
    ):
        with pytest.raises(RefusedError) as error:
            call()
        assert error.value.code == code
    services.close(case, **{**DONE, "outcome": "unreachable"}, by=bob)


def test_the_second_to_claim_is_told_who_was_first(case, alice, bob):
    services.claim(case, by=bob)
    with pytest.raises(RefusedError, match="Bob"):
        services.claim(case, by=alice)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_wins(case, alice, bob):
    services.contact(case, said="Hello", by=bob)
    barrier, refused = Barrier(2), []

    def close(user):
        own = Case.objects.select_related("rule").get(pk=case.pk)
        barrier.wait()
        try:
            services.close(own, **DONE, by=user)
        except RefusedError as error:
            refused.append(error.sentence)
        finally:
            connection.close()

    threads = [Thread(target=close, args=[user]) for user in (alice, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert refused[0].endswith("closed it before you.")
    assert Note.objects.filter(case=case, step="closed").count() == 1


def test_cases_of_one_customer_are_merged(case, rule, answer, bob, customer):
    from emptychair.programme.closedloop.opening import open_case

    other = open_case(rule, answer(1))
    services.merge(case, into=other, by=bob)
    assert (case.state, case.outcome, case.merged_into) == ("closed", "merged", other)
    services.reopen(case, said="They differ", by=bob)
    assert (case.state, case.merged_into) == ("contacted", None)


def test_a_promise_is_kept_once(case, bob):
    made = services.promise(case, text="A new chair", due_on=today(), by=bob)
    services.keep(made, by=bob)
    with pytest.raises(RefusedError, match="before you"):
        services.keep(made, by=bob)


def test_the_customer_is_asked_again_once(case, bob, customer):
    services.contact(case, said="Hello", by=bob)
    services.close(case, **DONE, by=bob)
    assert case.ask_again_on == today() + timedelta(21)
    plan_second_asks()
    assert not Invitation.objects.exists()
    Case.objects.update(ask_again_on=today())
    for _ in range(2):
        plan_second_asks()
    invitation = Invitation.objects.get()
    assert (invitation.customer, invitation.outcome) == (customer, "planned")
    case.refresh_from_db()
    assert case.asked_again == invitation


def test_overdue_cases_are_escalated_and_waiting_ones_wake(case, bob):
    escalate()
    case.refresh_from_db()
    assert case.escalated_at is None
    Case.objects.update(due_at=now() - timedelta(days=10))
    assert overdue(Case.objects.all()).get() == case
    escalate()
    escalate()
    case.refresh_from_db()
    assert case.escalated_at is not None
    assert case.notes.filter(step="escalated").count() == 1
    services.wait(case, until=today() + timedelta(2), said="x", by=bob)
    Case.objects.update(wait_until=today())
    escalate()
    case.refresh_from_db()
    assert case.state == "contacted"


def test_an_erased_customers_conversation_is_forgotten(case, bob, customer):
    services.contact(case, said="She is ill", by=bob)
    services.promise(case, text="A call to Anna", due_on=today(), by=bob)
    erase(customer, actor=bob.public_id)
    forget_conversations(Activity.objects.get(action="customer.erased"))
    case.refresh_from_db()
    assert (case.response, case.state) == (None, "closed")
    assert set(case.notes.values_list("text", flat=True)) == {""}
    assert not Promise.objects.exists()
