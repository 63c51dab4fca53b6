"""Colleagues and units, as an administrator keeps them in the browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from emptychair.programme.accounts import services
from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.lib.errors import RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def adam(make_user: Callable[..., User]) -> User:
    """The administrator."""
    return make_user(Role.ADMIN, name="Adam", email="adam@nordhem.example")


@pytest.fixture
def browser(client: Client, adam: User) -> Client:
    client.force_login(adam)
    return client


EVA = {"name": "Eva", "email": "Eva@Nordhem.example", "role": "manager", "unit": "malmo"}


def test_it_adds_a_colleague_and_shows_a_password_that_works(browser: Client, malmo: Unit) -> None:
    page = browser.post("/people/new/", EVA).content.decode()
    found = re.search(r"<code[^>]*>([0-9a-f-]+)</code>", page)
    assert found
    eva = User.objects.get(email="eva@nordhem.example")
    assert (eva.role, eva.unit, eva.check_password(found[1])) == ("manager", malmo, True)
    assert found[1] not in browser.get("/people/").content.decode()
    assert found[1] not in str(list(Activity.objects.values()))
    assert Client().login(email="eva@nordhem.example", password=found[1])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "eva"}, "Enter a valid email address"),
        ({"email": "adam@nordhem.example"}, "already a colleague with that address"),
        ({"role": "boss"}, "Select a valid choice"),
        ({"unit": ""}, "Choose a unit"),
        ({"name": " "}, "required"),
    ],
)
def test_it_says_what_is_wrong_with_a_colleague(
    browser: Client, malmo: Unit, change: dict[str, str], sentence: str
) -> None:
    reply = browser.post("/people/new/", {**EVA, **change})
    assert reply.status_code == 400
    assert sentence in reply.content.decode()
    assert User.objects.count() == 1


def test_it_changes_a_colleague_and_keeps_addresses_apart(
    browser: Client, bob: User, alice: User, malmo: Unit
) -> None:
    said = {"name": "Robert", "email": "robert@nordhem.example", "role": "owner", "unit": ""}
    browser.post(f"/people/{bob.public_id}/", said)
    bob.refresh_from_db()
    assert (bob.name, bob.email, bob.role, bob.unit) == ("Robert", said["email"], "owner", None)
    taken = browser.post(f"/people/{bob.public_id}/", {**said, "email": alice.email})
    assert "Another colleague already has that address" in taken.content.decode()
    assert User.objects.count() == 3


def test_a_disabled_colleague_is_out_and_can_come_back(
    browser: Client, alice: User, client: Client
) -> None:
    hers = Client()
    hers.force_login(alice)
    assert hers.get("/").status_code == 200
    browser.post(f"/people/{alice.public_id}/access", {"access": "no"})
    assert hers.get("/").status_code == 302
    assert "Disabled" in browser.get("/people/").content.decode()
    browser.post(f"/people/{alice.public_id}/access", {"access": "yes"})
    hers.force_login(alice)
    assert hers.get("/").status_code == 200


def test_a_new_password_logs_the_colleague_out(browser: Client, alice: User) -> None:
    hers = Client()
    hers.force_login(alice)
    page = browser.post(f"/people/{alice.public_id}/password").content.decode()
    assert hers.get("/").status_code == 302
    alice.refresh_from_db()
    found = re.search(r"<code[^>]*>([0-9a-f-]+)</code>", page)
    assert found
    assert alice.check_password(found[1])


def test_somebody_is_always_left_who_may_manage_users(
    browser: Client, adam: User, make_user: Callable[..., User]
) -> None:
    own = browser.post(f"/people/{adam.public_id}/access", {"access": "no"})
    assert own.status_code == 409
    said = {"name": "Adam", "email": adam.email, "role": "analyst", "unit": ""}
    page = browser.post(f"/people/{adam.public_id}/", said)
    assert "last administrator" in page.content.decode()
    other = make_user(Role.ADMIN, email="other@nordhem.example")
    services.set_access(adam, is_active=False, by=other)
    with pytest.raises(RefusedError, match="last administrator"):
        services.set_access(other, is_active=False, by=adam)


def test_it_builds_renames_and_moves_a_tree_of_units(browser: Client, malmo: Unit) -> None:
    browser.post("/people/units/", {"name": "Södra regionen", "parent": "", "country": "se"})
    south = Unit.objects.get(code="sodra-regionen")
    assert south.country == "SE"
    said = {"name": "Malmö City", "parent": "sodra-regionen", "country": "SE"}
    browser.post(f"/people/units/{malmo.pk}/", said)
    malmo.refresh_from_db()
    assert (malmo.name, malmo.parent, malmo.code) == ("Malmö City", south, "malmo")
    page = browser.get("/people/units/").content.decode()
    assert 'ec-depth-1"><a href' in page
    below = browser.post(f"/people/units/{south.pk}/", {"name": "Södra", "parent": "malmo"})
    assert "cannot stand below itself" in below.content.decode()
    itself = browser.post(
        f"/people/units/{south.pk}/", {"name": "Södra", "parent": "sodra-regionen"}
    )
    assert itself.status_code == 400
    twice = browser.post("/people/units/", {"name": "Malmö", "code": "malmo"})
    assert "already a unit with the code" in twice.content.decode()
    country = browser.post("/people/units/", {"name": "Lund", "country": "Sverige"})
    assert "two letters" in country.content.decode()
    assert Unit.objects.count() == 2


@pytest.mark.parametrize("role", list(Role))
def test_only_administrators_see_people_and_owners_also_units(
    role: Role, client: Client, make_user: Callable[..., User], malmo: Unit
) -> None:
    me = make_user(role, malmo)
    client.force_login(me)
    units = role in (Role.ADMIN, Role.OWNER)
    assert client.get("/people/units/").status_code == (200 if units else 403)
    admin = role == Role.ADMIN
    assert client.get("/people/").status_code == (200 if admin else 302 if units else 403)
    for address in ("/people/new/", f"/people/{me.public_id}/"):
        assert client.get(address).status_code == (200 if admin else 403)
    for address in ("access", "password"):
        reply = client.post(f"/people/{me.public_id}/{address}", {"access": "yes"})
        assert (reply.status_code == 403) != admin


def test_it_finds_a_colleague_by_name(browser: Client, alice: User, bob: User) -> None:
    page = browser.get("/people/?search=ali").content.decode()
    assert "alice@nordhem.example" in page
    assert "bob@nordhem.example" not in page


@pytest.mark.parametrize("action", ["access", "password"])
def test_it_changes_nothing_by_get_or_without_a_csrf_token(adam: User, action: str) -> None:
    strict: Any = Client(enforce_csrf_checks=True)
    strict.force_login(adam)
    assert strict.get(f"/people/{adam.public_id}/{action}").status_code == 405
    assert strict.post(f"/people/{adam.public_id}/{action}").status_code == 403
