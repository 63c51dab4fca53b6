"""Responses from a file: read, shown, confirmed, written, taken back."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.activity.models import Activity, Change
from emptychair.programme.capture.models import ErasurePermit, LedgerEntry, Response, Survey
from emptychair.programme.customers.models import Contact, Customer, Segment
from emptychair.programme.exchange import queries, running, services, writing_responses
from emptychair.programme.exchange.models import Import, ImportedRow
from emptychair.programme.exchange.reading import Choices
from emptychair.programme.exchange.tests.conftest import RESPONSES, say_yes, take_back
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.errors import RefusedError

pytestmark = pytest.mark.django_db
TakeIn = Callable[..., Import]


def reasons(imported: Import) -> dict[str, int]:
    return {one["reason"]: one["count"] for one in imported.preview["refused"]}


def test_it_shows_what_a_file_holds_and_writes_nothing(take_in: TakeIn, malmo: Unit) -> None:
    imported = take_in(RESPONSES)
    assert imported.state == Import.State.READY
    assert imported.mapping == {
        "Svars-id": "response_id",
        "Kundnummer": "customer_id",
        "Svarsdatum": "answered_on",
        "Betyg": "score",
        "Kommentar": "comment",
        "Butik": "unit",
    }
    assert (imported.total_rows, imported.refused_rows) == (3, 2)
    assert reasons(imported) == {"score_out_of_range": 1, "date_missing": 1}
    assert imported.preview["refused"][0]["examples"][0]["row"] in (4, 6)
    assert imported.preview["unknown_units"] == ["lund"]
    assert imported.preview["form"]["separator"] == ";"
    assert imported.preview["rows"][0]["cells"][4] == "Snabb hjälp på Möllan"
    assert not Response.objects.exists()
    assert not Customer.objects.exists()
    assert Unit.objects.count() == 1


def test_it_writes_each_answer_with_its_ledger_entry_and_note(
    bring: TakeIn, malmo: Unit, alice: User
) -> None:
    Customer.objects.create(code="k1", language="sv", traits={"tier": "gold"}, unit=malmo)
    imported = bring(RESPONSES)
    assert (imported.added_rows, imported.repeated_rows, imported.done_rows) == (3, 0, 3)
    first = Response.objects.get(comment="Snabb hjälp på Möllan")
    assert (first.score, first.unit, first.channel, first.language) == (9, "malmo", "import", "sv")
    assert first.customer is not None
    assert first.customer.code == "k1"
    assert first.traits == {"tier": "gold"}
    assert first.answered_on == date(2026, 1, 31)
    assert first.answered_at == datetime(2026, 1, 31, 11, tzinfo=UTC)  # noon in Stockholm
    assert first.source == imported.public_id
    entry = LedgerEntry.objects.get(response=first)
    assert entry.kind == "import"
    assert entry.submission_id.startswith("imp_")
    assert entry.body["comment"] == first.comment
    noted = set(Change.objects.filter(table="responses").values_list("key", flat=True))
    assert noted == set(Response.objects.values_list("public_id", flat=True))
    assert Change.objects.filter(table="customers", key="k2").exists()
    assert Unit.objects.get(code="lund").name == "lund"
    assert not Activity.objects.filter(action="response.recorded").exists()
    done = Activity.objects.get(action="import.done")
    assert done.details["added"] == 3


def test_it_adds_nothing_when_the_same_file_comes_again(bring: TakeIn, malmo: Unit) -> None:
    bring(RESPONSES)
    again = bring(RESPONSES, name="copy.csv")
    assert (again.added_rows, again.repeated_rows) == (0, 3)
    assert Response.objects.count() == 3


def test_it_keeps_equal_answers_of_one_file_and_knows_them_again(bring: TakeIn) -> None:
    content = "date,score\n2026-01-01,9\n2026-01-01,9\n2026-01-01,9\n"
    assert bring(content).added_rows == 3
    assert bring(content + "2026-01-01,9\n").added_rows == 1


def test_it_takes_back_exactly_what_came(bring: TakeIn, malmo: Unit, alice: User) -> None:
    own = Response.objects.create(
        survey=Survey.objects.create(slug="own", name="Own"),
        score=5,
        channel="link",
        answered_at=datetime(2026, 1, 1, tzinfo=UTC),
        answered_on=date(2026, 1, 1),
    )
    known = Customer.objects.create(code="k1")
    imported = bring(RESPONSES)
    Change.objects.all().delete()
    gone = set(Response.objects.exclude(pk=own.pk).values_list("public_id", flat=True))
    take_back(imported, alice)
    assert imported.state == Import.State.UNDONE
    assert (imported.undone_rows, imported.kept_rows) == (3, {})
    assert list(Response.objects.all()) == [own]
    assert not LedgerEntry.objects.exists()
    assert not ErasurePermit.objects.exists()
    assert list(Customer.objects.all()) == [known]
    assert list(Unit.objects.values_list("code", flat=True)) == ["malmo"]
    assert not ImportedRow.objects.exists()
    noted = set(Change.objects.filter(table="responses").values_list("key", flat=True))
    assert noted == gone


def test_it_can_be_run_again_after_it_was_undone(bring: TakeIn, malmo: Unit, alice: User) -> None:
    imported = bring(RESPONSES)
    take_back(imported, alice)
    services.run_again(imported, by=alice)
    running.work_off()
    imported.refresh_from_db()
    assert (imported.state, imported.added_rows) == (Import.State.DONE, 3)
    assert Response.objects.count() == 3


def test_it_leaves_what_somebody_added_to_since(bring: TakeIn, malmo: Unit, alice: User) -> None:
    imported = bring(RESPONSES)
    response = Response.objects.get(score=3)
    LedgerEntry.objects.create(
        submission_id="amend-0123456789abcdef", response=response, kind="amend", body={}, digest=""
    )
    take_back(imported, alice)
    assert imported.undone_rows == 2
    assert imported.kept_rows == {"changed_since": 1, "in_use": 1}  # its customer k2 stays too
    assert list(Response.objects.all()) == [response]
    assert Customer.objects.filter(code="k2").exists()


def test_it_survives_a_kill_between_any_two_chunks(
    take_in: TakeIn, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"r{number},c{number % 7},2026-01-01,{number % 11}" for number in range(50)]
    imported = take_in("response_id,customer_id,date,score\n" + "\n".join(rows))
    monkeypatch.setattr(running, "CHUNK", 10)
    write, calls = writing_responses.write_responses, 0

    def dies_often(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        written = write(*args)
        if calls % 2:
            raise KeyboardInterrupt  # after the chunk was written, before it was committed
        return written

    monkeypatch.setitem(running.WRITERS, "responses", dies_often)
    with pytest.raises(KeyboardInterrupt):
        say_yes(imported, alice)
    for _ in range(20):
        imported.refresh_from_db()
        assert Response.objects.count() == imported.done_rows == imported.added_rows
        assert imported.done_rows % 10 == 0
        if imported.state == Import.State.DONE:
            break
        Import.objects.update(lease_until=imported.uploaded_at)  # its holder is dead
        try:
            running.work_off()
        except KeyboardInterrupt:
            continue
    assert imported.state == Import.State.DONE
    assert (Response.objects.count(), LedgerEntry.objects.count()) == (50, 50)
    assert Customer.objects.count() == 7


def test_it_gives_way_when_another_worker_took_over(take_in: TakeIn, alice: User) -> None:
    imported = take_in("date,score\n2026-01-01,9\n")
    Survey.objects.create(slug="old", name="Old")
    services.confirm(imported, survey="old", survey_name="", survey_kind="", by=alice)
    mine = running._claim()
    assert mine is not None
    Import.objects.update(leased_by="somebody else")
    running._work(mine)
    assert not Response.objects.exists()


def test_it_gives_up_after_several_failures_and_says_so(
    take_in: TakeIn, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = take_in("date,score\n2026-01-01,9\n")

    def fails(*_: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setitem(running.WRITERS, "responses", fails)
    say_yes(imported, alice)
    for _ in range(running.MOST_ATTEMPTS):
        Import.objects.update(lease_until=imported.uploaded_at)
        running.work_off()
    imported.refresh_from_db()
    assert imported.state == Import.State.FAILED
    assert "undo" in queries.import_page(imported).problem
    monkeypatch.undo()
    services.run_again(imported, by=alice)
    running.work_off()
    assert Response.objects.count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])
def test_it_reads_the_letters_however_they_were_written(bring: TakeIn, encoding: str) -> None:
    text = RESPONSES + "a6;k9;2026-02-04;9;Överås, Ærø og Ängelholm – så gott på ön;malmo\r\n"
    bring(text.encode(encoding))
    assert Response.objects.filter(comment__contains="Överås, Ærø og Ängelholm").count() == 1
    assert Response.objects.filter(comment="Snabb hjälp på Möllan").count() == 1


def test_it_asks_when_no_row_tells_day_from_month(take_in: TakeIn, alice: User) -> None:
    imported = take_in("date,score\n03-04-2026,9\n05-06-2026,8\n")
    assert imported.preview["questions"] == [["dates", "date"]]
    page = queries.import_page(imported)
    assert not page.may_confirm
    with pytest.raises(RefusedError):
        say_yes(imported, alice)
    services.read_again(
        imported,
        mapping=imported.mapping,
        reading=Choices(dates="month-first"),
        unknown_units="create",
    )
    running.work_off()
    imported.refresh_from_db()
    say_yes(imported, alice)
    assert Response.objects.get(score=9).answered_on == date(2026, 3, 4)


def test_it_asks_which_of_two_columns_is_the_score(take_in: TakeIn) -> None:
    imported = take_in("date,NPS,Betyg\n2026-01-01,9,3\n")
    assert imported.preview["missing"] == ["score"]
    (question,) = queries.import_page(imported).questions
    assert "“NPS”" in question.sentence
    assert "“Betyg”" in question.sentence
    mapping = {"date": "answered_on", "NPS": "score", "Betyg": ""}
    services.read_again(imported, mapping=mapping, reading=Choices(), unknown_units="create")
    running.work_off()
    imported.refresh_from_db()
    assert (imported.total_rows, imported.preview["missing"]) == (1, [])


def test_it_takes_one_date_for_answers_without(take_in: TakeIn, alice: User) -> None:
    imported = take_in("score,comment\n9,Fin\n")
    assert imported.preview["missing"] == ["answered_on"]
    services.read_again(
        imported,
        mapping=imported.mapping,
        reading=Choices(given_on="2026-05-01"),
        unknown_units="create",
    )
    running.work_off()
    imported.refresh_from_db()
    say_yes(imported, alice)
    assert Response.objects.get().answered_on == date(2026, 5, 1)


def test_it_refuses_rows_of_unknown_units_when_told_so(take_in: TakeIn, malmo: Unit) -> None:
    imported = take_in(RESPONSES)
    services.read_again(
        imported, mapping=imported.mapping, reading=Choices(), unknown_units="refuse"
    )
    running.work_off()
    imported.refresh_from_db()
    assert reasons(imported)["unit_unknown"] == 1
    assert imported.total_rows == 2


def test_it_knows_a_unit_by_its_name(bring: TakeIn, malmo: Unit) -> None:
    bring("date,score,store\n2026-01-01,9,Malmö\n")
    assert Response.objects.get().unit == "malmo"
    assert Unit.objects.count() == 1


def test_it_never_takes_an_address_for_an_id(bring: TakeIn) -> None:
    anna = Customer.objects.create(code="77")
    Contact.objects.create(customer=anna, email="anna@example.se")
    bring("customer_id,date,score\nAnna@Example.se,2026-01-01,9\nbo@example.se,2026-01-01,2\n")
    assert Response.objects.get(score=9).customer == anna
    bo = Contact.objects.get(email="bo@example.se").customer
    assert "@" not in bo.code
    assert Response.objects.get(score=2).customer == bo


def test_it_keeps_ratings_under_their_driver_and_doubts_bad_ones(
    take_in: TakeIn, alice: User
) -> None:
    imported = take_in("date,score,rating_price\n2026-01-01,9,4\n2026-01-01,2,7\n")
    (warning,) = imported.preview["warnings"]
    assert (warning["code"], warning["count"]) == ("rating_unusable", 1)
    say_yes(imported, alice)
    assert Response.objects.get(score=9).ratings == {"price": 4}
    assert Response.objects.get(score=2).ratings == {}
    assert Driver.objects.filter(survey__slug="old", slug="price").exists()


def test_it_makes_a_survey_when_asked_and_takes_it_back(take_in: TakeIn, alice: User) -> None:
    imported = take_in("date,score\n2026-01-01,9\n")
    services.confirm(
        imported, survey="new", survey_name="NPS 2026", survey_kind="transactional", by=alice
    )
    running.work_off()
    imported.refresh_from_db()
    survey = Survey.objects.get()
    assert (survey.slug, survey.kind, survey.state) == ("nps-2026", "transactional", "closed")
    assert imported.survey == survey
    take_back(imported, alice)
    assert not Survey.objects.exists()


def test_it_follows_the_surveys_a_file_names(take_in: TakeIn, alice: User) -> None:
    Survey.objects.create(slug="delivery", name="Delivery")
    imported = take_in("date,score,survey\n2026-01-01,9,Delivery\n2026-01-01,8,Service\n")
    services.confirm(imported, survey="file", survey_name="", survey_kind="", by=alice)
    running.work_off()
    assert Response.objects.get(score=9).survey.slug == "delivery"
    assert Response.objects.get(score=8).survey.name == "Service"


def test_it_decides_anew_who_belongs_to_a_segment(bring: TakeIn) -> None:
    rule = [{"field": "language", "is": ["da"]}]
    segment = Segment.objects.create(slug="danes", name="Danes", rule=rule)
    bring("date,score,customer_id,language\n2026-01-01,9,k1,Dansk\n2026-01-01,9,k2,sv-SE\n")
    assert list(segment.customers.values_list("code", flat=True)) == ["k1"]


def test_it_reports_every_refused_row(take_in: TakeIn, malmo: Unit) -> None:
    imported = take_in(RESPONSES)
    rows = list(queries.refused_rows(imported))
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (4, "Betyg", "11"),
        (6, "Svarsdatum", ""),
    ]
    assert "between 0 and 10" in rows[0][3]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("-1", "score_out_of_range"),
        ("9.5", "score_not_whole"),
        ("nine", "score_not_a_number"),
        ("", "score_missing"),
        ("1e999", "score_not_a_number"),
    ],
)
def test_it_refuses_a_score_that_is_none(take_in: TakeIn, cell: str, reason: str) -> None:
    imported = take_in(f"date,score,note\n2026-01-01,{cell},x\n2026-01-01,8,x\n")
    assert reasons(imported) == {reason: 1}
    assert imported.total_rows == 1


def test_it_says_what_is_wrong_with_a_file_it_cannot_read(take_in: TakeIn) -> None:
    imported = take_in('date,score\n2026-01-01,"9\n2026-01-02,8\n')
    assert imported.state == Import.State.REFUSED
    assert "quotation mark" in imported.problem


def test_it_shows_nobody_a_way_to_another_folder(take_in: TakeIn, tmp_path: Any) -> None:
    imported = take_in("date,score\n2026-01-01,9\n", name="../../etc/passwd.csv")
    assert imported.folder.parent == tmp_path / "files" / "imports"
    assert hashlib.sha256(imported.uploaded_path.read_bytes()).hexdigest()
    assert imported.uploaded_path.stat().st_mode & 0o077 == 0


def test_it_removes_files_past_their_time(
    bring: TakeIn, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = bring("date,score\n2026-01-01,9\n")
    monkeypatch.setenv("EMPTYCHAIR_IMPORT_DAYS", "1")
    Import.objects.update(uploaded_at=datetime(2026, 1, 1, tzinfo=UTC))
    running.remove_old_files()
    imported.refresh_from_db()
    assert not imported.folder.exists()
    assert imported.preview == {}
    with pytest.raises(RefusedError, match="no longer kept"):
        services.undo(imported, by=alice)
