"""Praise reaches the people it is about."""

from datetime import timedelta

import pytest
from conftest import PASSWORD

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.capture.models import Response
from emptychair.programme.closedloop import services
from emptychair.programme.closedloop.huddles import huddle_page
from emptychair.programme.closedloop.models import Praise
from emptychair.programme.closedloop.opening import open_case
from emptychair.programme.closedloop.praising import (
    pass_on_praise,
    praise_for,
    praise_of_team,
    that_may_praise,
    whom_it_praises,
)
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.errors import RefusedError


@pytest.fixture
def team(make_user, malmo):
    names = ("Elin Strand", "Bo Ek", "Maria Holm", "Maria Lund", "Per Vik")
    return {
        name: make_user(Role.EMPLOYEE, malmo, name=name, email=f"{name[:3]}{n}@x.example")
        for n, name in enumerate(names)
    }


def test_only_promoters_with_words_are_looked_at(answer, recorded):
    praising = answer(9, comment="Tack Elin")
    others = [
        answer(9),
        answer(8, comment="Tack Elin"),
        answer(10, comment="x", held_reason="test"),
    ]
    activities = [recorded(one) for one in (praising, *others)]
    assert that_may_praise(activities) == activities[:1]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("Elin hjälpte mig direkt!", {"Elin Strand"}),
        ("Tack vare Elins tålamod", {"Elin Strand"}),
        ("Elin's patience", {"Elin Strand"}),
        ("elin strand var toppen", {"Elin Strand"}),
        ("elin", set()),
        ("Elina var toppen", set()),
        ("Jag vill bo kvar. Bo!", set()),
        ("Bo Ek och Elin", {"Bo Ek", "Elin Strand"}),
        ("Maria var bäst", set()),
        ("Maria Holm var bäst", {"Maria Holm"}),
        ("10 kr per styck", set()),
        ("Per var hjälpsam", {"Per Vik"}),
    ],
)
def test_names_in_comments_are_those_of_colleagues(team, answer, comment, expected):
    found = whom_it_praises(answer(10, comment=comment))
    assert {user.name for user in found} == expected


def test_names_of_another_unit_are_somebody_elses(team, answer):
    Unit.objects.create(code="lund", name="Lund")
    assert whom_it_praises(answer(10, comment="Elin!", unit="lund")) == {}
    assert whom_it_praises(answer(10, comment="Elin!", unit="")) == {}
    User.objects.filter(name="Elin Strand").update(is_active=False)
    assert whom_it_praises(answer(10, comment="Elin!")) == {}


def test_who_served_is_known_by_code_before_name(team, answer):
    elin = team["Elin Strand"]
    assert whom_it_praises(answer(9, comment="x", employee="elin strand")) == {elin: "served"}
    User.objects.filter(pk=elin.pk).update(employee="E17")
    assert whom_it_praises(answer(9, comment="x", employee="E17")) == {elin: "served"}
    assert whom_it_praises(answer(9, comment="x", employee="elin strand")) == {}
    assert whom_it_praises(answer(9, comment="Elin", employee="E17")) == {elin: "served"}


def test_praise_is_noted_once_and_only_promoters(team, answer, recorded):
    response = answer(10, comment="Elin!")
    for _ in range(2):
        pass_on_praise(recorded(response))
    held = answer(9, comment="Elin", held_reason="x")
    for other in (answer(8, comment="Elin!"), answer(10), held):
        pass_on_praise(recorded(other))
    assert Praise.objects.get().user == team["Elin Strand"]


def test_praise_goes_with_an_answer_that_is_held_later(team, answer, recorded, bob):
    pass_on_praise(recorded(answer(10, comment="Elin!")))
    elin = team["Elin Strand"]
    assert praise_for(elin).count() == 1
    assert praise_of_team(bob).count() == 1
    assert praise_of_team(team["Bo Ek"]).count() == 0
    Response.objects.update(held_reason="stuffing")
    assert not praise_for(elin).exists()


def test_the_page_and_the_huddle_show_it(client, team, answer, recorded, bob, malmo):
    pass_on_praise(recorded(answer(10, comment="Elin var fantastisk")))
    monday = today() - timedelta(days=today().weekday())
    (good,) = huddle_page(malmo, monday).good
    assert [one.user.name for one in good.praise.all()] == ["Elin Strand"]
    for user, heading in ((team["Elin Strand"], "Names you"), (bob, "For your colleagues")):
        assert client.login(email=user.email, password=PASSWORD)
        page = client.get("/actions/praise/").content.decode()
        assert "Elin var fantastisk" in page
        assert heading in page
    huddle = client.get(f"/actions/huddle/?week={monday.isoformat()}").content.decode()
    assert "praise for Elin Strand" in huddle
    assert client.login(email=team["Bo Ek"].email, password=PASSWORD)
    assert "fantastisk" not in client.get("/actions/praise/").content.decode()


@pytest.mark.parametrize("kind", ["praise", "idea"])
def test_cases_of_praise_and_ideas_end_in_their_own_way(rule, answer, bob, kind):
    rule.kind, rule.condition = kind, {"scores": [9, 10]}
    rule.save()
    case = open_case(rule, answer(10, comment="x"))
    with pytest.raises(RefusedError) as error:
        services.close(case, outcome="recovered", root_cause="Staff", said="", by=bob)
    assert error.value.code == "outcome_missing"
    services.close(case, outcome="passed_on", root_cause="Staff", said="", by=bob)
    case.refresh_from_db()
    assert (case.state, case.outcome, case.ask_again_on) == ("closed", "passed_on", None)
