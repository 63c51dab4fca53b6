"""Groups: what waits at the same time is written together and means what it would alone."""

import pytest
from django.db import IntegrityError, connection, transaction

from emptychair.programme.activity.models import Activity, Change
from emptychair.programme.capture import answering
from emptychair.programme.capture.answering import Stored, _Waiting, write_group
from emptychair.programme.capture.circumstances import Circumstances
from emptychair.programme.capture.models import LedgerEntry, Link, Origin, Response
from emptychair.programme.capture.submission import Problem, Submission

HERE = Circumstances("source", "network")


def waiting(token: str, number: int, score: int | None = 9, comment: str = "") -> _Waiting:
    said = Submission(f"submission-{number:07}", score, comment or None)
    return _Waiting(said, HERE, token=token)


def write(group: list[_Waiting]) -> None:
    with transaction.atomic():
        write_group(group)


def replies(group: list[_Waiting]) -> list[Stored]:
    assert all(isinstance(item.outcome, Stored) for item in group)
    return [item.outcome for item in group if isinstance(item.outcome, Stored)]


def test_it_writes_many_first_answers_in_a_handful_of_statements(
    link: Link, django_assert_max_num_queries
) -> None:
    group = [waiting(link.public_id, number, number % 11) for number in range(50)]
    with django_assert_max_num_queries(10):  # with BEGIN and COMMIT
        write(group)
    kept = dict(Response.objects.values_list("public_id", "score"))
    assert [kept[reply.response] for reply in replies(group)] == [n % 11 for n in range(50)]
    assert LedgerEntry.objects.count() == Activity.objects.count() == Origin.objects.count() == 50
    assert Change.objects.filter(table="responses").count() == 50


def test_it_stores_one_of_two_repeats_in_a_group_and_gives_both_the_same_reply(link: Link) -> None:
    group = [waiting(link.public_id, 1), waiting(link.public_id, 1)]
    write(group)
    first, second = replies(group)
    assert first.response == second.response
    assert Response.objects.count() == Origin.objects.count() == 1


def test_it_refuses_another_body_under_an_id_of_the_same_group(link: Link) -> None:
    group = [waiting(link.public_id, 1, 9), waiting(link.public_id, 1, 2)]
    write(group)
    assert isinstance(group[0].outcome, Stored)
    assert isinstance(group[1].outcome, Problem)
    assert group[1].outcome.status == 409


def test_it_takes_two_answers_to_one_invitation_in_a_group_for_a_change(
    invited: str, link: Link
) -> None:
    group = [waiting(invited, 1, 9), waiting(link.public_id, 2, 5), waiting(invited, 3, 3)]
    write(group)
    first, _, second = replies(group)
    assert first.response == second.response
    assert Response.objects.get(public_id=first.response).score == 3
    assert LedgerEntry.objects.filter(response_id=first.response).count() == 2


def test_it_gives_each_of_a_group_its_own_reply(invited: str, link: Link) -> None:
    group = [
        waiting(link.public_id, 1, None, "no score"),
        waiting("no-such-token-at-all-here", 2),
        waiting(invited, 3),
        waiting(link.public_id, 4),
    ]
    write(group)
    codes = [item.outcome.code if isinstance(item.outcome, Problem) else "" for item in group]
    assert codes == ["score", "unknown_link", "", ""]
    assert Response.objects.count() == 2


def test_it_appends_in_one_order_whichever_came_first(link: Link) -> None:
    write([waiting(link.public_id, number) for number in (3, 1, 2)])
    ids = list(LedgerEntry.objects.order_by("pk").values_list("submission_id", flat=True))
    assert ids == sorted(ids)


@pytest.mark.django_db(transaction=True)
def test_it_stores_the_others_when_one_of_a_group_cannot_be_stored(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = answering.write_group

    def stumbling(group: list[_Waiting]) -> None:
        written(group)
        if any(item.submission.score == 0 for item in group):
            raise IntegrityError("this one breaks a rule of the database")

    monkeypatch.setattr(answering, "write_group", stumbling)
    group = [waiting(link.public_id, number, score) for number, score in enumerate((9, 0, 7))]
    answering._Writer()._commit(group)
    assert isinstance(group[0].outcome, Stored)
    assert group[1].outcome is answering.BUSY
    assert isinstance(group[2].outcome, Stored)
    assert sorted(Response.objects.values_list("score", flat=True)) == [7, 9]
    assert all(item.reply.get_nowait() is item.outcome for item in group)


def test_postgresql_plans_its_statements_once_and_whoever_watches_sees_them(link: Link) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite plans them once by itself")
    seen = []

    def watch(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        write([waiting(link.public_id, 1)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        prepared = " ".join(statement for (statement,) in cursor.fetchall())
    for table in ("capture_link", "capture_ledgerentry", "capture_response", "activity_change"):
        assert any(table in statement for statement in seen)
        assert table in prepared
