from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pyarrow as pa
import pytest

from emptychair.analysis.tables.simulate import load_config, simulate_company
from emptychair.programme.accounts.models import Role
from emptychair.programme.activity.services import mark_changed, record
from emptychair.programme.capture.models import Response
from emptychair.programme.customers.models import Customer, Segment
from emptychair.programme.demo.filling import fill
from emptychair.programme.lib.clock import local_date, now, today
from emptychair.programme.relations import guessing, studying
from emptychair.programme.relations.models import Chance, Study, Trial
from emptychair.programme.standing.following import follow_calendar
from emptychair.programme.warehouse import store
from emptychair.programme.warehouse.engine import engine
from emptychair.programme.warehouse.services import synchronise

PAGES = ("economics", "behaviour", "movement", "silent")


@pytest.fixture
def company(db):
    """A simulated company of 700 customers in the database and the warehouse."""
    config = replace(load_config(), customers=700)
    made = simulate_company(config, seed=3, until=today() - timedelta(1))
    fill(made, Random(3))
    Segment.objects.exclude(slug="families").update(is_key=False)
    Segment.objects.filter(slug="families").update(is_key=True)
    synchronise()
    follow_calendar()


@pytest.mark.slow  # a whole company is simulated and studied
def test_every_study_is_stored_with_what_explains_it(company, client, alice, monkeypatch):
    studying.refresh_studies()
    kinds = set(Study.objects.values_list("kind", "segment"))
    assert {(kind, "") for kind in studying.RECIPES} <= kinds
    assert {(k, "families") for k in ("economics", "retention", "movement")} <= kinds
    for study in Study.objects.exclude(result={}):
        assert study.n > 0
        assert len(study.inputs_digest) == 64
        assert study.library_version
    client.force_login(alice)
    for page in PAGES:
        shown = client.get(f"/customers/{page}/")
        assert shown.context["page"].state == "usual", page
        for section in shown.context["page"].sections:
            if section.chart:
                csv = client.get(section.chart.csv_url)
                assert csv.status_code == 200
                assert len(csv.content.splitlines()) > 1
    money = client.get("/customers/economics/?segment=families")
    assert money.context["page"].state == "usual"
    text = client.get("/customers/economics/").content.decode()
    assert "go along with the bucket" in text
    assert "Among comparable customers" in text
    rest_while_nothing_changes(monkeypatch)


def rest_while_nothing_changes(monkeypatch):
    before = dict(Study.objects.values_list("pk", "computed_at"))
    studying.refresh_studies()
    assert dict(Study.objects.values_list("pk", "computed_at")) == before
    later = now() + timedelta(hours=7)
    monkeypatch.setattr(studying, "now", lambda: later)
    studying.refresh_studies()
    assert dict(Study.objects.values_list("pk", "computed_at")) == before


def test_chances_are_given_to_the_silent_alone_and_forgotten(company, client, alice, monkeypatch):
    guessing.study_of_silent("")
    given = set(Chance.objects.values_list("customer__standing__state", flat=True))
    assert given <= {"too_old", "never_answered", "never_asked"}
    one = Chance.objects.first()
    assert one.p_detractor + one.p_passive + one.p_promoter == pytest.approx(1)
    assert Trial.objects.get().predicted == Chance.objects.count()
    client.force_login(alice)
    page = client.get("/customers/silent/")
    assert page.context["page"].state == "pending"
    silent = {Study.Kind.SILENT: studying.RECIPES[Study.Kind.SILENT]}
    monkeypatch.setattr(studying, "RECIPES", silent)
    studying.refresh_studies()
    assert client.get("/customers/silent/").context["list"].total == Chance.objects.count()
    an_erased_customer_leaves_no_chance_behind()


def an_erased_customer_leaves_no_chance_behind():
    chance = Chance.objects.select_related("customer").first()
    former = chance.customer.code
    Customer.objects.filter(pk=chance.pk).update(code="erased-one")
    guessing.forget(record("customer.erased", "erased-one"))
    assert not Chance.objects.filter(pk=chance.pk).exists()
    assert guessing._chances_of(today(), [former])
    guessing.score_trials()
    assert not guessing._chances_of(today(), [former])


def test_chances_are_scored_against_answers_that_came_later(company):
    guessing.study_of_silent("")
    Trial.objects.update(given_on=today() - timedelta(days=40))
    day = (today() - timedelta(days=40)).isoformat()
    assert guessing._chances_of(today(), []) == []
    rows = engine().read_parquet(store.files("predictions"), hive_partitioning=True)
    moved = rows.drop("given_on").to_pyarrow()
    dated = moved.append_column("given_on", pa.array([day] * moved.num_rows))
    store.replace("predictions", dated, f"given_on = '{day}'", ["given_on"])
    survey = Response.objects.first().survey
    silent = list(Chance.objects.select_related("customer")[:60])
    for number, chance in enumerate(silent):
        made = Response.objects.create(
            survey=survey,
            customer=chance.customer,
            score=(2, 8, 10)[number % 3],
            channel="email",
            answered_at=now(),
            answered_on=local_date(now()),
        )
        mark_changed("responses", [made.public_id])
    synchronise()
    guessing.score_trials()
    trial = Trial.objects.get()
    assert trial.n == 60
    assert trial.log_loss > 0
    assert 0 < trial.brier < 2


def test_pages_say_that_nothing_is_computed_yet(client, make_user):
    client.force_login(make_user(Role.LEADER))
    for page in PAGES:
        shown = client.get(f"/customers/{page}/")
        assert shown.context["page"].state == "pending"
        assert "Not computed yet" in shown.content.decode()


def test_too_little_data_is_a_sentence(client, alice, customer):
    customer("anna", 9)
    synchronise()
    studying.refresh_studies()
    client.force_login(alice)
    for page in PAGES:
        shown = client.get(f"/customers/{page}/")
        assert shown.status_code == 200
        assert shown.context["page"].state in ("empty", "usual"), page
    assert "Too little is known" in client.get("/customers/movement/").content.decode()


def test_a_manager_sees_no_figures_of_the_whole(client, bob):
    client.force_login(bob)
    assert client.get("/customers/economics/").status_code == 403
    assert client.get("/customers/charts/economics/retention.csv").status_code == 403


def test_an_unknown_chart_is_not_found(client, alice):
    client.force_login(alice)
    assert client.get("/customers/charts/economics/nothing.svg").status_code == 404
    assert client.get("/customers/charts/nothing/growth.svg").status_code == 404


def test_what_json_does_not_know_becomes_plain():
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert studying.plain({"a": float("nan"), "b": (moment.date(), 1.5)}) == {
        "a": None,
        "b": ["2026-03-01", 1.5],
    }
