"""Surveys as they are made and changed: words are versions, answers keep theirs."""

from dataclasses import replace

import pytest
from django.test import Client

from emptychair.programme.accounts.models import Unit
from emptychair.programme.capture import services
from emptychair.programme.capture.models import Response, Survey, Wording
from emptychair.programme.capture.queries import current_wordings
from emptychair.programme.capture.tests.test_pages import submit
from emptychair.programme.capture.wordings import STANDARD
from emptychair.programme.journeys.models import Driver
from emptychair.programme.journeys.services import add_driver
from emptychair.programme.lib.errors import RefusedError

pytestmark = pytest.mark.django_db


def test_a_new_survey_is_a_draft_in_six_languages_with_a_free_slug() -> None:
    first = services.create_survey(name="Köp i butik", kind="transactional", by="")
    second = services.create_survey(name="Köp i butik!", kind="transactional", by="")
    assert (first.slug, second.slug) == ("kop-i-butik", "kop-i-butik-2")
    assert first.state == Survey.State.DRAFT
    assert set(current_wordings(first)) == set(STANDARD)
    assert services.create_survey(name="売上", kind="relationship", by="").slug == "survey"


def test_changed_words_are_a_new_version_and_the_answered_one_stays(
    client: Client, survey: Survey, malmo: Unit
) -> None:
    link = services.add_link(survey, channel="link", unit="malmo", by="")
    submit(client, f"/s/{link.public_id}?language=sv", score="9", language="sv")
    words = replace(STANDARD["sv"], question="Skulle du rekommendera {x}?")
    saved = services.save_words(survey, "sv", words, by="")
    assert saved.version == 2
    assert services.save_words(survey, "sv", words, by="") == saved
    assert Wording.objects.filter(survey=survey, language="sv").count() == 2
    submit(client, f"/s/{link.public_id}?language=sv", score="3", language="sv")
    asked = Response.objects.order_by("pk").values_list("wording__question", flat=True)
    assert list(asked) == [STANDARD["sv"].question, "Skulle du rekommendera {x}?"]


def test_what_answers_rest_on_does_not_change_under_them(client: Client, survey: Survey) -> None:
    link = services.add_link(survey, channel="link", unit="", by="")
    about = {"name": "Relationship", "touchpoint": None, "drivers": [], "by": ""}
    services.save_survey(survey, kind="transactional", **about)
    services.save_survey(survey, kind="relationship", **about)
    submit(client, f"/s/{link.public_id}", score="9", language="en")
    with pytest.raises(RefusedError, match="present kind"):
        services.save_survey(survey, kind="transactional", **about)
    with pytest.raises(RefusedError, match="counted"):
        services.set_state(survey, "draft", by="")
    services.set_state(survey, "closed", by="")
    assert client.get(f"/s/{link.public_id}").status_code == 410


def test_answers_of_a_draft_are_held(client: Client, survey: Survey) -> None:
    link = services.add_link(survey, channel="link", unit="", by="")
    services.set_state(survey, "draft", by="")
    submit(client, f"/s/{link.public_id}", score="9", language="en")
    assert Response.objects.get().held_reason == "test"
    assert not services.has_counted_answers(survey)


def test_a_survey_asks_for_at_most_six_ratings(survey: Survey) -> None:
    drivers = [add_driver(name="Väntetid", names={"sv": "Väntetid"}, by="") for _ in range(7)]
    assert len({driver.slug for driver in drivers}) == 7
    with pytest.raises(RefusedError, match="at most 6"):
        services.save_survey(
            survey, name="R", kind="relationship", touchpoint=None, drivers=drivers, by=""
        )
    services.save_survey(
        survey, name="R", kind="relationship", touchpoint=None, drivers=drivers[:6], by=""
    )
    assert Driver.objects.filter(survey=survey).count() == 6


def test_nobody_answers_at_a_closed_link(client: Client, survey: Survey) -> None:
    link = services.add_link(survey, channel="link", unit="", by="")
    services.set_link_open(link, is_open=False, by="")
    assert client.get(f"/s/{link.public_id}").status_code == 404
    services.set_link_open(link, is_open=True, by="")
    assert client.get(f"/s/{link.public_id}").status_code == 200


def test_a_rule_that_is_none_is_refused(survey: Survey) -> None:
    asking = {name: getattr(survey, name) for name in services.ASKING}
    with pytest.raises(RefusedError, match="none of country"):
        services.save_asking(survey, {**asking, "rule": [{"field": "shoe", "is": ["1"]}]}, by="")
