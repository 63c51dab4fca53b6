import csv
import re

import pytest
from django.urls import reverse

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now
from emptychair.programme.warehouse.services import synchronise

from .test_delivery import MIXED, text_of


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def invite(count, outcome="sent", unit="malmo"):
    survey = Survey.objects.get(slug="relationship")
    start = Customer.objects.count()
    made = [
        Invitation.objects.create(
            survey=survey,
            customer=Customer.objects.create(code=f"K{start + i}"),
            channel="email",
            unit=unit,
            sent_at=now(),
            outcome=outcome,
        )
        for i in range(count)
    ]
    mark_changed("invitations", [one.public_id for one in made])
    synchronise()


def test_it_tells_how_the_figure_came_about(owner, answered):
    answered(MIXED, unit="malmo")
    answered([10], held_reason="stuffing")
    invite(60)
    invite(20, "answered")
    invite(5, "bounced")
    text = text_of(owner.get(reverse("visibility:fine_print")))
    assert "+25 95% interval −2 to +48" in text
    assert "Answers that count 40" in text
    assert "Asked 85" in text
    assert "Delivered 80" in text
    assert "Response rate 25.0%" in text
    assert "Held 1 stuffing: 1" in text
    assert "Method The interval of one NPS" in text


def test_htmx_gets_the_card_alone(owner, answered):
    answered(MIXED)
    page = owner.get("/delivery/fine-print/", headers={"HX-Request": "true"})
    assert "<html" not in page.content.decode()
    assert "+25" in text_of(page)


def test_every_figure_leads_to_its_card(owner, answered):
    answered(MIXED, unit="malmo")
    answered([10] * 30, unit="lund")
    for address in ("/", "/delivery/?by=unit"):
        html = owner.get(address).content.decode()
        cards = re.findall(r'href="([^"]+)" data-ec-card', html)
        assert cards, address
        for card in cards:
            assert owner.get(card.replace("&amp;", "&")).status_code == 200
    assert "+100" in text_of(owner.get("/delivery/fine-print/?unit=lund"))


def test_the_digest_follows_the_inputs(owner, answered):
    def digest():
        rows = csv.DictReader(
            owner.get("/delivery/fine-print.csv").content.decode("utf-8-sig").splitlines()
        )
        return next(rows)

    answered(MIXED)
    first, again = digest(), digest()
    assert first == again
    assert first["n"] == "40"
    assert float(first["nps_points"]) == 25.0
    answered([10])
    assert digest()["inputs_digest"] != first["inputs_digest"]


def test_it_follows_an_erasure(owner, answered):
    made = answered(MIXED)
    Response.objects.filter(pk=made[0].pk).delete()
    mark_changed("responses", [made[0].public_id])
    synchronise()
    assert "Answers that count 39" in text_of(owner.get("/delivery/fine-print/"))


def test_a_manager_reads_the_fine_print_of_the_own_unit_only(client, bob, answered, lund):
    answered(MIXED, unit="malmo")
    answered([10] * 30, unit="lund")
    client.force_login(bob)
    assert "Answers that count 40" in text_of(client.get("/delivery/fine-print/"))
    assert "Answers that count 0" in text_of(client.get("/delivery/fine-print/?unit=lund"))


def test_small_groups_and_those_that_give_them_away_are_withheld(owner, answered, malmo, lund):
    answered([10] * 40, unit="malmo")
    answered([0] * 30, unit="lund")
    answered([3] * 3, unit="ystad")
    text = text_of(owner.get("/delivery/?by=unit"))
    assert "Malmö" in text
    assert re.search(r"Lund\s+Not shown", text)
    assert re.search(r"ystad\s+Not shown", text)
    file = owner.get("/delivery/charts/groups.csv?by=unit").content.decode()
    assert "Lund,,,," in file
    for unit in ("lund", "ystad"):
        assert "Not shown" in text_of(owner.get(f"/delivery/?unit={unit}"))
        assert "<svg xmlns" not in owner.get(f"/delivery/?unit={unit}").content.decode()
        assert "Not shown" in text_of(owner.get(f"/delivery/fine-print/?unit={unit}"))
        assert owner.get(f"/delivery/fine-print.csv?unit={unit}").status_code == 409
        assert owner.get(f"/delivery/charts/trend.csv?unit={unit}").status_code == 409


def test_periods_of_few_answers_are_withheld_from_the_trend(owner, answered):
    from datetime import timedelta

    answered(MIXED)
    answered(MIXED[:30], at=now() - timedelta(days=62))
    answered([3] * 3, at=now() - timedelta(days=123))
    file = owner.get("/delivery/charts/trend.csv?every=month").content.decode()
    assert file.count(",,,,,,") == 2
