"""A key segment's own map of a journey: a copy, changed apart from the company's."""

import pytest

from emptychair.programme.capture.models import Survey
from emptychair.programme.customers.models import Segment
from emptychair.programme.journeys import services
from emptychair.programme.journeys.models import Journey, Touchpoint
from emptychair.programme.journeys.queries import (
    stage_names,
    touchpoint_names,
    touchpoints_by_stage,
)
from emptychair.programme.lib.errors import RefusedError

JOURNEYS = "/root-cause/journeys/"


@pytest.fixture
def company(findings):
    return Journey.objects.get(copy_of=None)


@pytest.fixture
def own(company, alice):
    return services.draw_own(company, segment="families", by=alice.public_id)


def maps(client, segment=""):
    return client.get(f"{JOURNEYS}?segment={segment}").context["page"].maps


def names(drawn):
    return [card.name for stage in drawn.stages for card in stage.cards]


def test_it_gives_a_segment_a_copy_of_the_companys_map(company, client, alice):
    client.force_login(alice)
    shown = client.get(f"{JOURNEYS}?segment=families").content.decode()
    assert "Give the segment its own map" in shown
    answer = client.post(f"{JOURNEYS}{company.slug}/own", {"segment": "families"})
    made = Journey.objects.get(copy_of=company)
    assert answer.url == f"{JOURNEYS}{made.slug}/"
    assert names(maps(client, "families")[0]) == names(maps(client)[0])
    again = client.post(f"{JOURNEYS}{company.slug}/own", {"segment": "families"}, follow=True)
    assert "has its own map already" in again.content.decode()


def test_what_is_drawn_apart_leaves_the_companys_map_and_the_figures_as_they_are(
    own, client, alice
):
    client.force_login(alice)
    before = {card.name: card for s in maps(client, "families")[0].stages for card in s.cards}
    place = Touchpoint.objects.filter(stage__journey=own).order_by("pk").first()
    form = {"name": "The family desk", "met_by": "Eva", "do": f"touchpoint-rename:{place.pk}"}
    client.post(f"{JOURNEYS}{own.slug}/", form)
    theirs, ours = maps(client, "families")[0], maps(client)[0]
    assert (theirs.segment, theirs.company_slug) == ("Families", own.copy_of.slug)
    assert "The family desk" in names(theirs)
    assert "The family desk" not in names(ours)
    card = next(c for s in theirs.stages for c in s.cards if c.name == "The family desk")
    was = before[place.name]
    assert (card.nps, card.answers, card.rank, card.url) == (
        was.nps,
        was.answers,
        was.rank,
        was.url,
    )
    assert card.nps


def test_other_segments_take_the_companys_map(own, client, alice):
    Touchpoint.objects.filter(stage__journey=own).update(name="Elsewhere")
    client.force_login(alice)
    assert "Elsewhere" in names(maps(client, "families")[0])
    assert "Elsewhere" not in names(maps(client, "seniors")[0])


def test_a_survey_attached_on_an_own_map_asks_about_the_companys_touchpoint(own, client, alice):
    client.force_login(alice)
    survey = Survey.objects.create(slug="desk", name="Desk", state="open")
    place = Touchpoint.objects.filter(stage__journey=own).order_by("pk").first()
    client.post(f"{JOURNEYS}{own.slug}/", {"survey": survey.pk, "do": f"attach:{place.pk}"})
    survey.refresh_from_db()
    assert survey.touchpoint == place.same_as
    cards = [card for stage in maps(client, "families")[0].stages for card in stage.cards]
    assert "Desk" in [name for card in cards for name in card.surveys]


def test_figures_by_stage_and_touchpoint_know_the_companys_map_alone(own):
    copies = set(Touchpoint.objects.filter(stage__journey=own).values_list("slug", flat=True))
    assert copies
    assert not copies & set(touchpoint_names())
    assert not copies & {slug for slugs in touchpoints_by_stage().values() for slug in slugs}
    assert all(key.startswith(f"{own.copy_of.slug}.") for key in stage_names())


def test_a_segment_takes_the_companys_map_again(own, client, alice):
    client.force_login(alice)
    assert "Take the company" in client.get(f"{JOURNEYS}{own.slug}/").content.decode()
    answer = client.post(f"{JOURNEYS}{own.slug}/drop")
    assert answer.url == f"{JOURNEYS}?segment=families"
    assert maps(client, "families")[0].company_slug == ""
    assert not Touchpoint.objects.exclude(same_as=None).exists()


def test_a_map_is_not_dropped_while_a_survey_asks_about_its_own_touchpoint(own, client, alice):
    stage = own.stages.first()
    place = services.add_touchpoint(stage, name="Playground", met_by="", by=alice.public_id)
    Survey.objects.create(slug="play", name="Play", state="open", touchpoint=place)
    client.force_login(alice)
    answer = client.post(f"{JOURNEYS}{own.slug}/drop", follow=True)
    assert "of this map alone" in answer.content.decode()
    with pytest.raises(RefusedError):
        services.drop_own(own, by=alice.public_id)
    assert Journey.objects.filter(pk=own.pk).exists()


@pytest.mark.parametrize("segment", ["", "nothing", "young"])
def test_only_key_segments_get_a_map(company, client, alice, segment):
    Segment.objects.get_or_create(slug="young", defaults={"name": "Young", "is_key": False})
    client.force_login(alice)
    answer = client.post(f"{JOURNEYS}{company.slug}/own", {"segment": segment})
    assert answer.status_code == 404
    assert client.post(f"{JOURNEYS}{company.slug}/drop").status_code == 404


def test_only_who_draws_maps_gives_them_away(own, client, bob):
    client.force_login(bob)
    for address in (f"{own.copy_of.slug}/own", f"{own.slug}/drop"):
        assert client.post(f"{JOURNEYS}{address}", {"segment": "families"}).status_code == 403
