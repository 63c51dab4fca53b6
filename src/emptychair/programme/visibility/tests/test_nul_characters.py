"""A NUL in an address or a form is refused in words; PostgreSQL would fail on it."""

import pytest

from emptychair.programme.closedloop.models import Rule

ADDRESSES = (
    "/delivery/?theme=%00", "/delivery/?unit=a%00", "/delivery/responses/?segment=%00",
    "/root-cause/comments/search/?search=%00", "/customers/?search=%00", "/actions/?unit=%00",
    "/surveys/held/?reason=%00",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_filter_with_it_is_refused_in_words(client, alice, address):
    client.force_login(alice)
    page = client.get(address)
    assert page.status_code == 400
    assert "Take it out and try again" in page.content.decode()


@pytest.mark.parametrize(
    "address", ["/delivery/reports/%00/", "/customers/segments/%00/", "/actions/cases/%00/"]
)
def test_no_page_has_it_in_its_path(client, alice, address):
    client.force_login(alice)
    assert client.get(address).status_code == 404


def test_programs_are_told_by_a_code(client, alice):
    client.force_login(alice)
    reply = client.get("/delivery/?unit=%00", headers={"accept": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (400, "nul_character")


def test_a_form_with_it_changes_nothing(client, alice):
    client.force_login(alice)
    form = "name=a%00b&kind=unhappy&what=save"
    kind = "application/x-www-form-urlencoded"
    assert client.post("/actions/rules/new/", form, content_type=kind).status_code == 400
    assert not Rule.objects.exists()
