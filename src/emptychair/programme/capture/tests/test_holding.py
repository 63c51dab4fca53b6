"""Answers that are probably no person's: stored, held with the reason, freed by the person."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from emptychair.programme.activity.models import Activity, Change
from emptychair.programme.capture import answering_targets, circumstances, holding
from emptychair.programme.capture.answering import Stored, amend, answer
from emptychair.programme.capture.circumstances import Circumstances, circumstances_of
from emptychair.programme.capture.guard import MISSES, Guard
from emptychair.programme.capture.models import Invitation, LedgerEntry, Link, Response, Survey
from emptychair.programme.capture.submission import Problem, Submission
from emptychair.programme.capture.visits import Visits
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.lib.marks import Marks
from emptychair.programme.lib.tokens import moment_of, timed_id

ID, SECOND, THIRD = "submission-0000001", "submission-0000002", "submission-0000003"
PERSON = {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "Mozilla/5.0 (iPhone) Safari/605.1"}


def machine(reason: str) -> Circumstances:
    return Circumstances("s", "n", reason)


def test_it_holds_a_machines_answer_and_says_thank_you_all_the_same(invited: str) -> None:
    assert isinstance(answer(invited, Submission(ID, 0), machine("machine")), Stored)
    response = Response.objects.select_related("invitation").get()
    assert (response.score, response.held_reason) == (0, "machine")
    assert response.invitation is not None
    assert response.invitation.answered_at is None  # so the person is still reminded


def test_a_persons_later_answer_replaces_a_held_one(invited: str) -> None:
    answer(invited, Submission(ID, 0), machine("many_scores"))
    answer(invited, Submission(SECOND, 9))
    response = Response.objects.select_related("invitation").get()
    assert (response.score, response.held_reason) == (9, "")
    assert response.invitation is not None
    assert response.invitation.outcome == "answered"


def test_a_machine_does_not_change_what_a_person_answered(invited: str) -> None:
    answer(invited, Submission(ID, 9))
    assert isinstance(answer(invited, Submission(SECOND, 0), machine("machine")), Stored)
    assert (Response.objects.get().score, Response.objects.get().held_reason) == (9, "")
    assert [entry.kind for entry in LedgerEntry.objects.order_by("pk")] == ["answer", "kept"]
    assert Activity.objects.filter(action="response.kept_out").count() == 1


def test_an_answer_at_an_open_link_is_not_freed_by_who_sent_it(link: Link) -> None:
    first = answer(link.public_id, Submission(ID, 0), machine("too_fast"))
    assert isinstance(first, Stored)
    amend(first.answer_token, Submission(SECOND, comment="I am a person"))
    assert Response.objects.get().held_reason == "too_fast"


def test_what_colleagues_hold_stays_held_when_the_person_adds_to_it(invited: str) -> None:
    stored = answer(invited, Submission(ID, 9))
    assert isinstance(stored, Stored)
    holding.hold([stored.response], reason="staff", by="alice")
    answer(invited, Submission(SECOND, 10))
    assert (Response.objects.get().score, Response.objects.get().held_reason) == (10, "staff")


def test_it_holds_an_answer_that_filled_the_field_no_person_sees(
    client: Client, link: Link
) -> None:
    page = client.get(f"/s/{link.public_id}").content.decode()
    assert "<p hidden><label>" in page
    said = f"submission_id={ID}&score=9&leave_empty=spam"
    kind = "application/x-www-form-urlencoded"
    assert client.post(f"/s/{link.public_id}", said, content_type=kind).status_code == 302
    assert Response.objects.get().held_reason == "hidden_field"


def test_it_holds_what_comes_sooner_than_a_person_can_read_the_mail(
    monkeypatch: pytest.MonkeyPatch, invite: Callable[..., str]
) -> None:
    monkeypatch.setattr(answering_targets, "SOONEST", timedelta(seconds=5))
    soon = invite(Customer.objects.create(code="C1"), sent_at=now())
    late = invite(Customer.objects.create(code="C2"), sent_at=now() - timedelta(seconds=9))
    answer(soon, Submission(ID, 9))
    answer(late, Submission(SECOND, 9))
    reasons = dict(Response.objects.values_list("customer__code", "held_reason"))
    assert reasons == {"C1": "too_soon", "C2": ""}


def test_it_tells_how_fast_a_form_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circumstances, "FASTEST", timedelta(seconds=1))
    shown_at = now()
    form = timed_id(shown_at)
    for seconds, reason in ((0.4, "too_fast"), (1.2, "")):
        moment = shown_at + timedelta(seconds=seconds)
        assert circumstances_of(PERSON, "token", form, moment).reason == reason
    assert circumstances_of(PERSON, "token", ID, shown_at).reason == ""


def test_its_form_ids_tell_nobody_else_when_they_were_made() -> None:
    moment = now()
    made = [timed_id(moment + timedelta(seconds=n)) for n in range(40)]
    assert made != sorted(made)
    assert all(abs(moment_of(one) - moment) < timedelta(minutes=1) for one in made)  # type: ignore[operator]
    assert moment_of(made[0][:-1] + ("A" if made[0][-1] != "A" else "B")) is None
    assert moment_of("x" * 40) is None


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; SafeLinks)",
        "curl/8.5.0",
        "python-requests/2.32",
        "Mozilla/5.0 (X11) HeadlessChrome/140.0",
        "facebookexternalhit/1.1",
        "Googlebot/2.1",
    ],
)
def test_it_knows_machines_by_what_they_call_themselves(agent: str) -> None:
    environ = {"HTTP_USER_AGENT": agent}
    assert circumstances_of(environ, "token", ID, now()).reason == "machine"


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 14; CUBOT X70) AppleWebKit/537.36 Chrome/139 Mobile",
        "Mozilla/5.0 (Windows NT 10.0) Firefox/142.0 Gecko/20100101",
        "",
    ],
)
def test_it_takes_nobody_else_for_a_machine(agent: str) -> None:
    environ = {"HTTP_USER_AGENT": agent}
    assert circumstances_of(environ, "token", ID, now()).reason == ""


def test_a_scan_of_many_scores_counts_against_the_scanner_alone() -> None:
    visits = Visits(Marks("", 1_000))
    for score in range(11):
        visits.note("token", "198.51.100.1", "GET", str(score))
    assert visits.scan("token", "198.51.100.1") == "many_scores"
    assert visits.scan("token", "192.0.2.7") == ""
    assert visits.scan("other", "198.51.100.1") == ""
    visits.note("token", "192.0.2.8", "GET", "9")
    visits.note("token", "192.0.2.8", "GET", "10")  # a person who thought again
    assert visits.scan("token", "192.0.2.8") == ""
    visits.note("token", "192.0.2.9", "GET", "none")
    assert visits.scan("token", "192.0.2.9") == "hidden_link"


def test_addresses_leave_as_hashes_and_forged_headers_change_nothing(settings: object) -> None:
    plain = circumstances_of(PERSON, "t", ID, now())
    forged = circumstances_of(PERSON | {"HTTP_X_FORWARDED_FOR": "203.0.113.5"}, "t", ID, now())
    assert plain.source == forged.source
    assert "192" not in plain.source
    settings.TRUSTED_PROXIES = 1  # type: ignore[attr-defined]
    behind = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.5, 192.0.2.7"}
    assert circumstances_of(behind, "t", ID, now()).source == plain.source


def test_one_ipv6_household_is_one_source() -> None:
    def source(address: str) -> Circumstances:
        return circumstances_of({"REMOTE_ADDR": address}, "t", ID, now())

    assert source("2001:db8:1:2::3").source == source("2001:db8:1:2:ffff::9").source
    assert source("2001:db8:1:2::3").source != source("2001:db8:1:3::3").source
    assert source("2001:db8:1:2::3").network == source("2001:db8:1:3::3").network
    assert source("::ffff:192.0.2.7").source == source("192.0.2.7").source


def test_an_unconfirmed_score_is_held_until_the_person_sends(invited: str) -> None:
    answer(invited, Submission(ID, 9, unconfirmed=True))
    response = Response.objects.get()
    assert (response.held_reason, response.is_unconfirmed) == ("unconfirmed", True)
    answer(invited, Submission(SECOND, 7, unconfirmed=True))
    assert (Response.objects.get().score, Response.objects.get().held_reason) == (7, "unconfirmed")
    answer(invited, Submission(THIRD, 8))
    response = Response.objects.get()
    assert (response.score, response.held_reason, response.is_unconfirmed) == (8, "", False)
    assert Invitation.objects.get().outcome == "answered"


def test_an_unconfirmed_score_never_replaces_one_that_was_sent(invited: str) -> None:
    answer(invited, Submission(ID, 9))
    answer(invited, Submission(SECOND, 2, unconfirmed=True))
    assert (Response.objects.get().score, Response.objects.get().is_unconfirmed) == (9, False)


def test_it_counts_unconfirmed_scores_only_where_the_survey_says_so(
    invited: str, survey: Survey, link: Link
) -> None:
    survey.unconfirmed = "count"
    survey.save()
    answer(invited, Submission(ID, 9, unconfirmed=True))
    assert (Response.objects.get().held_reason, Response.objects.get().is_unconfirmed) == ("", True)
    survey.unconfirmed = "off"
    survey.save()
    assert isinstance(answer(invited, Submission(SECOND, 9, unconfirmed=True)), Problem)
    assert isinstance(answer(link.public_id, Submission(THIRD, 9, unconfirmed=True)), Problem)


def test_colleagues_release_and_hold_again_with_a_note(link: Link) -> None:
    stored = answer(link.public_id, Submission(ID, 0), machine("machine"))
    assert isinstance(stored, Stored)
    Change.objects.all().delete()
    assert holding.release([stored.response], by="alice", note="Rang: it was our own tablet") == 1
    assert Response.objects.get().held_reason == ""
    assert Change.objects.get().key == stored.response
    assert holding.release([stored.response], by="alice") == 0
    assert holding.hold_again([stored.response], by="bob", note="No, it was not") == 1
    assert Response.objects.get().held_reason == "machine"
    kinds = [(e.kind, e.body.get("by")) for e in LedgerEntry.objects.order_by("pk")]
    assert kinds == [("answer", None), ("release", "alice"), ("hold", "bob")]
    noted = Activity.objects.exclude(actor="").order_by("pk")
    assert [a.action for a in noted] == ["response.released", "response.held"]


def test_releasing_an_invited_persons_answer_settles_the_invitation(invited: str) -> None:
    stored = answer(invited, Submission(ID, 9), machine("too_soon"))
    assert isinstance(stored, Stored)
    holding.release([stored.response], by="alice")
    assert Invitation.objects.get().outcome == "answered"


def test_it_refuses_too_many_at_once_and_too_long_a_note(db: None) -> None:
    with pytest.raises(RefusedError, match="At most 5000"):
        holding.release(["x"] * 5_001, by="alice")
    with pytest.raises(RefusedError, match="note"):
        holding.hold(["x"], reason="staff", by="alice", note="x" * 501)


def test_who_guesses_links_waits_and_nobody_else_does() -> None:
    guard = Guard(Marks("", 1_000))
    for _ in range(MISSES["source"]):
        assert guard.wait_seconds("192.0.2.7") == 0
        guard.miss("192.0.2.7")
    assert 0 < guard.wait_seconds("192.0.2.7") <= 61
    assert guard.wait_seconds("192.0.2.8") == 0
    for number in range(8, 255):
        guard.miss(f"192.0.2.{number}")
    assert guard.wait_seconds("192.0.2.6") > 0  # the whole network guesses
    assert guard.wait_seconds("198.51.100.1") == 0
