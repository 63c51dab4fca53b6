import re

import pytest
from django.utils import translation

from emptychair.programme.accounts.models import Role
from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.customers.models import Customer
from emptychair.programme.improvement.models import Initiative, Scenario
from emptychair.programme.journeys.models import Journey
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.relations.models import Study
from emptychair.programme.rootcause import finding
from emptychair.programme.rootcause.models import Finding
from emptychair.programme.rootcause.reading import cause_names

PAGES = ("", "journeys/", "what-if/", "initiatives/")


def words_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_it_says_so_before_anything_is_computed(client, alice):
    client.force_login(alice)
    finding.refresh_findings()
    assert not Finding.objects.exists()
    assert "Not computed yet" in words_of(client.get("/root-cause/"))
    assert "No journey is drawn yet" in words_of(client.get("/root-cause/journeys/"))
    assert "No drivers to move yet" in words_of(client.get("/root-cause/what-if/"))


def test_it_keeps_importance_and_effect_apart(findings, client, alice):
    client.force_login(alice)
    page = client.get("/root-cause/").context["page"]
    assert page.state == "usual"
    assert [chart.name for chart in page.charts] == ["drivers", "effects"]
    row = next(one for one in page.rows if one.name == "Waiting time")
    assert "%" in row.importance.value
    assert row.effect.value.startswith("+")
    text = words_of(client.get("/root-cause/"))
    assert "go along with the score" in text
    assert "caused" not in text.replace("causes it is not shown", "")


def test_it_sets_a_segment_against_the_company(findings, client, alice):
    client.force_login(alice)
    page = client.get("/root-cause/?segment=families").context["page"]
    assert all("company" in row.against for row in page.rows if row.effect.value)
    assert next(one for one in page.switches if one.is_current).label == "Families"


@pytest.mark.parametrize("name", ["drivers", "effects", "journey"])
def test_it_gives_every_chart_as_a_file(findings, client, alice, name):
    client.force_login(alice)
    csv = client.get(f"/root-cause/charts/{name}.csv?segment=families")
    assert csv.status_code == 200
    assert len(csv.content.splitlines()) >= 3
    svg = client.get(f"/root-cause/charts/{name}.svg")
    assert svg.content.startswith(b"<svg")
    assert client.get("/root-cause/charts/other.svg").status_code == 404


def test_it_shows_the_map_of_a_segment_with_gaps(findings, client, alice):
    client.force_login(alice)
    page = client.get("/root-cause/journeys/?segment=families").context["page"]
    cards = {card.name: card for map_ in page.maps for s in map_.stages for card in s.cards}
    assert cards["Returns desk"].gap == "Nobody is asked here"
    assert page.gaps == 1
    measured = [card for card in cards.values() if card.nps]
    assert measured
    assert {card.rank for card in measured} >= {1}
    assert page.beside.head[1:] == ("Families", "Seniors")


def test_it_draws_a_journey(findings, client, alice):
    client.force_login(alice)
    made = client.post("/root-cause/journeys/new/", {"name": "Becoming a customer"})
    assert made.url == "/root-cause/journeys/becoming-a-customer/"

    def do(action, **fields):
        return client.post(made.url, {"do": action, **fields}, follow=True)

    do("add-stage", name="Look around")
    do("add-stage", name="Decide")
    journey = Journey.objects.get(slug="becoming-a-customer")
    first, second = journey.stages.all()
    do(f"add-touchpoint:{first.pk}", name="Web shop", met_by="The web team")
    do(f"add-touchpoint:{first.pk}", name="Leaflet", met_by="")
    shop, leaflet = first.touchpoints.order_by("position")
    do(f"stage-later:{first.pk}")
    do(f"touchpoint-earlier:{leaflet.pk}")
    do(f"touchpoint-earlier:{leaflet.pk}")
    do(f"touchpoint-rename:{shop.pk}", name="Shop on the web", met_by="Web")
    do(f"stage-rename:{second.pk}", name="Choose")
    assert [s.name for s in journey.stages.order_by("position")] == ["Choose", "Look around"]
    assert [t.name for t in first.touchpoints.order_by("position")] == [
        "Leaflet", "Shop on the web",
    ]  # fmt: skip
    shop.refresh_from_db()
    assert (shop.slug, shop.met_by) == ("web-shop", "Web")
    survey = Survey.objects.order_by("pk").first()
    do(f"attach:{shop.pk}", survey=survey.pk)
    survey.refresh_from_db()
    assert survey.touchpoint == shop
    refused = do(f"touchpoint-remove:{shop.pk}")
    assert "A survey asks about “Shop on the web”" in words_of(refused)
    do(f"touchpoint-remove:{leaflet.pk}")
    do(f"stage-remove:{second.pk}")
    assert first.touchpoints.count() == journey.stages.count() == 1
    assert Activity.objects.filter(action="journey.changed").count() >= 9


def test_it_refuses_what_it_cannot_draw(findings, client, alice):
    client.force_login(alice)
    journey = Journey.objects.first()
    address = f"/root-cause/journeys/{journey.slug}/"
    unnamed = client.post("/root-cause/journeys/new/", {"name": " "}, follow=True)
    assert "Give it a name first" in words_of(unnamed)
    assert "Give it a name first" in words_of(
        client.post(address, {"do": "add-stage", "name": " "}, follow=True)
    )
    for action in ("", "stage-remove:x", "stage-remove:999999", "other-thing:1", "attach:1"):
        assert client.post(address, {"do": action, "survey": "x"}).status_code == 404
    assert client.get("/root-cause/journeys/nothing/").status_code == 404


def test_it_says_what_a_change_may_bring(findings, client, alice):
    client.force_login(alice)
    page = client.get("/root-cause/what-if/?shift-waiting=1&reach=80&success=90&cost=1000").context[
        "page"
    ]
    assert page.outcome.points.startswith("+")
    assert page.outcome.p_positive
    assert page.outcome.ceilings
    assert "no initiative of yours" in page.kappa_source
    assert page.outcome.no_money
    htmx = {"HX-Request": "true", "HX-Target": "ec-outcome"}
    part = client.get("/root-cause/what-if/?shift-waiting=0.5", headers=htmx)
    assert "<html" not in part.content.decode()
    none = client.get("/root-cause/what-if/?segment=families")
    assert none.context["page"].outcome is None
    assert len(none.context["page"].sliders) == 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("shift-waiting=x", "A shift is a number of steps"),
        ("shift-waiting=99", "A shift is a number of steps"),
        ("shift-nothing=1", "no measured driver"),
        ("shift-waiting=1&reach=200", "percentages from 0 to 100"),
        ("shift-waiting=1&success=x", "percentages from 0 to 100"),
        ("shift-waiting=1&cost=-3", "amount of 0 or more"),
        ("shift-waiting=1&cost=NaN", "amount of 0 or more"),
    ],
)
def test_it_says_what_is_wrong_with_a_supposition(findings, client, alice, query, sentence):
    client.force_login(alice)
    assert sentence in words_of(client.get(f"/root-cause/what-if/?{query}"))


def test_it_turns_a_scenario_into_an_initiative_and_learns_from_it(findings, client, alice):
    client.force_login(alice)
    form = {"shift-waiting": "0.5", "reach": "100", "success": "100", "name": "Shorter queues"}
    assert "Saved." in words_of(client.post("/root-cause/what-if/save", form, follow=True))
    scenario = Scenario.objects.get()
    client.post(f"/root-cause/scenarios/{scenario.public_id}/propose")
    one = Initiative.objects.get()
    assert one.expected_points == scenario.effect_points
    steps = f"/root-cause/initiatives/{one.public_id}"
    client.post(f"{steps}/decide")
    client.post(f"{steps}/start")
    wrong = client.post(f"{steps}/finish", {"measured": "x", "error": "1"}, follow=True)
    assert "measured effect lies between" in words_of(wrong)
    client.post(f"{steps}/finish", {"measured": "0,5", "error": "0.5"})
    one.refresh_from_db()
    assert (one.state, one.measured_points) == ("finished", 0.5)
    again = client.post(f"{steps}/decide", follow=True)
    assert "moved the initiative on already" in words_of(again)
    page = client.get("/root-cause/initiatives/").context["page"]
    assert page.learnt_from == 1
    known = client.get("/root-cause/what-if/?shift-waiting=0.5").context["page"]
    assert "1 finished" in known.kappa_source
    client.post(f"/root-cause/scenarios/{scenario.public_id}/remove")
    assert not Scenario.objects.exists()
    assert client.post(f"{steps}/dance").status_code == 404


def test_it_saves_no_scenario_that_says_nothing(findings, client, alice):
    client.force_login(alice)
    for form in ({"name": "x"}, {"name": "x", "shift-waiting": "x"}, {"shift-waiting": "1"}):
        client.post("/root-cause/what-if/save", form)
    assert not Scenario.objects.exists()


def test_it_is_for_those_who_steer_the_programme(client, make_user):
    for role in (Role.MANAGER, Role.EMPLOYEE):
        client.force_login(make_user(role))
        assert {client.get(f"/root-cause/{page}").status_code for page in PAGES} == {403}
    client.force_login(make_user(Role.LEADER))
    assert {client.get(f"/root-cause/{page}").status_code for page in PAGES} == {200}
    assert client.post("/root-cause/journeys/new/", {"name": "x"}).status_code == 403


def test_it_leads_from_a_driver_to_the_answers_that_rated_it_low(findings, client, alice):
    survey = Survey.objects.get()
    for score, rating in ((3, 1), (5, 2), (9, 5)):
        Response.objects.create(
            survey=survey,
            score=score,
            ratings={"waiting": rating},
            channel="email",
            answered_at=now(),
            answered_on=local_date(now()),
        )
    client.force_login(alice)
    rows = client.get("/root-cause/").context["page"].rows
    address = next(row.url for row in rows if row.name == "Waiting time")
    assert client.get(address).context["list"].total == 2
    assert client.get(address + "?rating=all").context["list"].total == 3
    csv = client.get(address + "?format=csv")
    assert len(b"".join(csv.streaming_content).splitlines()) == 3
    assert client.get("/root-cause/drivers/nothing/answers/").status_code == 404


def test_it_prices_points_with_what_buckets_are_worth(findings, client, alice):
    Customer.objects.bulk_create([Customer(code=f"c{i}") for i in range(200)])
    move = {"value": 300.0, "low": 200.0, "high": 400.0, "standard_error": 50.0}
    buckets = [
        {"bucket": "detractor", "n": 90, "value_of_move": move},
        {"bucket": "passive", "n": 90, "value_of_move": move},
        {"bucket": "promoter", "n": 90, "value_of_move": None},
    ]
    Study.objects.create(
        kind="economics", result={"buckets": buckets}, n=270, method="economics",
        data_version="1", inputs_digest="a" * 64, library_version="0.1.0",
    )  # fmt: skip
    client.force_login(alice)
    page = client.get("/root-cause/what-if/?shift-waiting=1&cost=100").context["page"]
    assert "SEK" in page.outcome.money
    assert page.outcome.p_pays_back.endswith("%")
    assert not page.outcome.no_money


@pytest.mark.django_db
def test_it_tells_themes_from_drivers_of_the_same_name():
    with translation.override("sv"):
        names = cause_names()
    assert names["theme_waiting"] == "Kommentarer: Väntetid"
