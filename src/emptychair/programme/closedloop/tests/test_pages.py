"""The pages of cases: what each role sees and can do there."""

from datetime import timedelta

import pytest

from emptychair.programme.accounts.models import Role, Unit
from emptychair.programme.closedloop.models import Absence, Case, Promise, Rule
from emptychair.programme.closedloop.opening import open_case
from emptychair.programme.lib.clock import now, today


def said(response):
    return [str(message) for message in response.context["messages"]] if response.context else []


def test_a_manager_works_a_case_from_inbox_to_closed(client, case, bob):
    client.force_login(bob)
    inbox = client.get("/actions/").content.decode()
    assert "Lång kö" in inbox
    url = f"/actions/cases/{case.public_id}/"
    page = client.get(url).content.decode()
    assert "Anna Berg" in page
    assert "Du gav oss 2 av 10" in page, "the guide speaks the customer's language"
    client.post(url + "claim")
    due = (today() + timedelta(3)).isoformat()
    client.post(url + "contact", {"said": "We talked", "promise": "A new chair", "due_on": due})
    assert "A new chair" in client.get("/actions/promises/").content.decode()
    client.post(f"/actions/promises/{Promise.objects.get().public_id}/keep")
    client.post(url + "remark", {"text": "Nice person"})
    done = {"outcome": "recovered", "root_cause": "Waiting time", "said": ""}
    answer = client.post(url + "close", done, follow=True)
    assert said(answer)[-1] == "Closed."
    assert "Nice person" in answer.content.decode()
    assert "Lång kö" not in client.get("/actions/").content.decode()
    assert "Lång kö" in client.get("/actions/?state=closed").content.decode()
    client.post(url + "reopen", {"said": "She called again"})
    case.refresh_from_db()
    assert case.state == "contacted"


def test_what_is_missing_keeps_what_was_written(client, case, bob):
    client.force_login(bob)
    url = f"/actions/cases/{case.public_id}/"
    answer = client.post(url + "contact", {"said": "We talked", "promise": "A new chair"})
    assert answer.status_code == 400
    assert "Say by when." in answer.content.decode()
    assert "We talked" in answer.content.decode()
    assert client.post(url + "close", {"outcome": "x"}).status_code == 400
    assert client.post(url + "wait", {"until": "", "said": ""}).status_code == 400
    refused = client.post(
        url + "close", {"outcome": "recovered", "root_cause": "Price", "said": ""}
    )
    assert refused.status_code == 409
    case.refresh_from_db()
    assert case.state == "new"


def test_nobody_sees_another_units_cases(client, case, malmo, make_user):
    lund = Unit.objects.create(code="lund", name="Lund")
    other = make_user(Role.MANAGER, lund, email="lund@nordhem.example")
    employee = make_user(Role.EMPLOYEE, malmo, email="e@nordhem.example")
    url = f"/actions/cases/{case.public_id}/"
    for user in (other, employee):
        client.force_login(user)
        assert "Lång kö" not in client.get("/actions/").content.decode()
        assert client.get(url).status_code == 404
        assert client.post(url + "claim").status_code == 404
    client.force_login(employee)
    assert client.get("/actions/rules/").status_code == 403
    Case.objects.update(owner=employee)
    assert client.get(url).status_code == 200


def test_an_analyst_reads_without_names_and_changes_nothing(client, case, make_user):
    client.force_login(make_user(Role.ANALYST))
    url = f"/actions/cases/{case.public_id}/"
    assert "Anna Berg" not in client.get(url).content.decode()
    assert client.post(url + "claim").status_code == 403


def test_many_are_handed_over_at_once(client, rule, answer, bob, malmo, make_user, alice):
    cases = [open_case(rule, answer(1)) for _ in range(3)]
    elin = make_user(Role.EMPLOYEE, malmo, name="Elin", email="elin@nordhem.example")
    client.force_login(bob)
    rows = [case.public_id for case in cases]
    page = client.post("/actions/many", {"row": rows, "what": "claim"}, follow=True)
    assert said(page) == ["3 cases changed."]
    again = client.post("/actions/many", {"row": rows, "what": "claim"}, follow=True)
    assert "before you" in said(again)[0]
    client.post("/actions/many", {"row": rows, "what": "reassign", "owner": elin.public_id})
    assert set(Case.objects.values_list("owner__name", flat=True)) == {"Elin"}
    stranger = {"row": rows, "what": "reassign", "owner": alice.public_id}
    assert client.post("/actions/many", stranger).status_code == 404
    assert (
        "Choose the cases" in said(client.post("/actions/many", {"what": "claim"}, follow=True))[0]
    )
    assert client.post("/actions/many", {"row": rows, "what": "burn"}).status_code == 404


def test_filters_board_and_export(client, case, rule, answer, bob):
    open_case(rule, answer(6, comment="Dyrt"))
    Case.objects.filter(pk=case.pk).update(due_at=now() - timedelta(days=9), owner=None)
    client.force_login(bob)

    def shown(query):
        text = client.get(f"/actions/?{query}").content.decode()
        return {word for word in ("Lång kö", "Dyrt") if word in text}

    assert shown("") == {"Lång kö", "Dyrt"}
    assert shown("whose=mine") == {"Dyrt"}
    assert shown("whose=nobody") == {"Lång kö"}
    assert shown("state=overdue") == {"Lång kö"}
    assert shown("state=claimed") == set()
    assert shown("q=dyr") == {"Dyrt"}
    assert shown("unit=lund") == set()
    assert shown("kind=praise") == set()
    board = client.get("/actions/board/?whose=nobody").content.decode()
    assert "Lång kö" in board
    assert "Overdue" in board
    csv = b"".join(client.get("/actions/?format=csv").streaming_content).decode()
    assert "Dyrt" in csv


def test_cases_of_one_customer_are_merged_on_the_page(client, case, rule, answer, bob):
    other = open_case(rule, answer(1, comment="Igen"))
    client.force_login(bob)
    url = f"/actions/cases/{case.public_id}/"
    assert "Igen" in client.get(url).content.decode()
    client.post(url + "merge", {"into": other.public_id})
    case.refresh_from_db()
    assert case.merged_into == other


def test_a_rule_is_tried_before_it_is_switched_on(client, answer, alice, bob):
    answer(3, comment="Lång kö")
    answer(9)
    client.force_login(alice)
    form = {
        "name": "Unhappy", "kind": "unhappy", "lowest": 0, "highest": 6, "words": "",
        "assign": "unit", "contact_hours": 8, "holdout_percent": 0, "ask_again_days": 21,
        "position": 1, "is_on": "on",
    }  # fmt: skip
    tried = client.post("/actions/rules/new/", {**form, "what": "try"}).content.decode()
    assert "1 answers fit; 1 of them have no case." in tried
    assert "Lång kö" in tried
    assert not Rule.objects.exists()
    client.post("/actions/rules/new/", {**form, "what": "save"})
    rule = Rule.objects.get()
    assert rule.condition == {"scores": [0, 6]}
    assert 'value="6"' in client.get(f"/actions/rules/{rule.public_id}/").content.decode()
    client.post(f"/actions/rules/{rule.public_id}/apply")
    assert Case.objects.get().owner == bob
    empty = {**form, "lowest": "", "highest": ""}
    refused = client.post("/actions/rules/new/", {**empty, "what": "save"})
    assert refused.status_code == 400
    assert "Give at least one condition" in refused.content.decode()
    nobody = client.post("/actions/rules/new/", {**form, "assign": "language", "what": "save"})
    assert "Choose the colleagues" in nobody.content.decode()


def test_absences_are_noted_and_taken_away(client, alice, bob):
    client.force_login(alice)
    days = {"user": bob.public_id, "first_on": today(), "last_on": today() + timedelta(5)}
    client.post("/actions/rules/", days)
    absence = Absence.objects.get()
    assert "Bob" in client.get("/actions/rules/").content.decode()
    client.post(f"/actions/absences/{absence.public_id}/remove")
    assert not Absence.objects.exists()
    wrong = {**days, "last_on": today() - timedelta(1)}
    assert client.post("/actions/rules/", wrong).status_code == 409


@pytest.mark.parametrize("language", ["sv", "da"])
def test_the_pages_speak_the_readers_language(client, case, bob, language):
    bob.language = language
    bob.save()
    client.force_login(bob)
    text = client.get("/actions/").content.decode()
    assert {"sv": "Ärenden", "da": "Sager"}[language] in text
