"""Who may open what, and whose rows they see."""

from collections.abc import Callable

import pytest
from django.core.checks import run_checks
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, path

from emptychair.programme.accounts.checks import addresses, every_view_declares_its_need
from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.accounts.policy import POLICY, may, requires, scope_of
from emptychair.programme.accounts.services import save_user
from emptychair.programme.activity.models import Activity
from emptychair.programme.lib.errors import RefusedError


def test_every_view_declares_its_need() -> None:
    assert run_checks() == []


def test_a_view_that_declares_nothing_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = path("bare", lambda request: HttpResponse())
    monkeypatch.setattr(get_resolver(), "url_patterns", [*get_resolver().url_patterns, bare])
    assert ["/bare" in error.msg for error in every_view_declares_its_need()] == [True]


def test_a_need_that_is_not_in_the_policy_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        requires("nonsense.read")


def test_every_need_of_a_view_stands_in_the_policy() -> None:
    needs = {getattr(view, "need", "public") for _, view in addresses(get_resolver())}
    assert needs - {"public"} <= set(POLICY)


def staff_pages() -> list[tuple[str, str]]:
    """Return address and need of every page that needs a log-in and takes no argument."""
    return [
        (f"/{address}", view.need)
        for address, view in addresses(get_resolver())
        if getattr(view, "need", "public") != "public" and not {"<", "^"} & set(address)
    ]


def test_nobody_sees_a_staff_page_without_logging_in(client: Client, db: None) -> None:
    for address, _ in staff_pages():
        reply = client.get(address)
        assert reply.status_code == 405 or "/login/" in reply.headers["Location"], address


def test_each_role_gets_what_the_policy_says(
    client: Client, make_user: Callable[..., User]
) -> None:
    for role in Role:
        client.force_login(make_user(role))
        for address, need in staff_pages():
            status = client.get(address).status_code
            if status != 405:
                assert (status == 403) == (role not in POLICY[need]), (role, address)


def test_a_disabled_user_is_out_at_the_next_request(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/").status_code == 200
    User.objects.update(is_active=False)
    assert client.get("/").status_code == 302


def test_a_manager_sees_own_unit_and_those_below(make_user: Callable[..., User]) -> None:
    south = Unit.objects.create(code="south", name="South")
    malmo = Unit.objects.create(code="malmo", name="Malmö", parent=south)
    Unit.objects.create(code="centre", name="Centre", parent=malmo)
    Unit.objects.create(code="north", name="North")
    assert scope_of(make_user(Role.MANAGER, south)).units == {"south", "malmo", "centre"}
    assert scope_of(make_user(Role.MANAGER, malmo)).units == {"malmo", "centre"}
    assert scope_of(make_user(Role.MANAGER, email="lost@nordhem.example")).units == frozenset()
    assert scope_of(make_user(Role.OWNER)).units is None
    assert not scope_of(make_user(Role.ANALYST)).pii


def test_an_unknown_actor_may_nothing() -> None:
    from django.contrib.auth.models import AnonymousUser

    assert not any(may(AnonymousUser(), need) for need in POLICY)


def test_it_keeps_language_and_theme_with_the_user(client: Client, alice: User) -> None:
    client.force_login(alice)
    reply = client.post(
        "/account/preference", {"language": "sv", "theme": "dark", "next": "/delivery/"}
    )
    assert reply.headers["Location"] == "/delivery/"
    alice.refresh_from_db()
    assert (alice.language, alice.theme) == ("sv", "dark")
    assert 'lang="sv"' in client.get("/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "javascript:1", ""])
def test_it_sends_nobody_elsewhere(client: Client, db: None, target: str) -> None:
    reply = client.post("/account/preference", {"language": "xx", "next": target})
    assert reply.headers["Location"] == "/"
    assert not reply.cookies


def test_it_saves_a_user_and_says_what_is_wrong(malmo: Unit) -> None:
    good = {"email": "Eva@Nordhem.example", "name": "Eva", "role": "manager", "unit": "malmo"}
    user = save_user(**good, password="long and strange enough")
    assert user.email == "eva@nordhem.example"
    assert Activity.objects.get().action == "user.saved"
    assert save_user(**{**good, "role": "owner", "unit": ""}).pk == user.pk
    for wrong in ({"email": "eva"}, {"role": "boss"}, {"unit": "atlantis"}, {"password": "short"}):
        with pytest.raises(RefusedError):
            save_user(**{**good, **wrong})
