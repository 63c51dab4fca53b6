"""Fixtures that tests of every slice share."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emptychair.programme.accounts.models import Role, Unit, User

PASSWORD = "a long enough password"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Commit what tests store on PostgreSQL: the warehouse copies it over a connection of its own.

    SQLite is copied over Django's connection, which sees what its transaction has not committed.
    """
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        return
    for item in items:
        if "db" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db(transaction=True), append=False)


@pytest.fixture(autouse=True)
def own_warehouse(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Give every test an empty warehouse and plain static files."""
    from emptychair.programme.advocacy.public import LEFT
    from emptychair.programme.capture import answering_targets
    from emptychair.programme.capture.guard import GUARD
    from emptychair.programme.capture.visits import VISITS
    from emptychair.programme.insight import services as insight
    from emptychair.programme.lib.marks import Marks
    from emptychair.programme.warehouse import layer, store

    settings.WAREHOUSE = tmp_path / "warehouse"
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    for kept in (store._opened, layer._kept, answering_targets._drivers):
        kept.clear()
    for one in (GUARD, VISITS, LEFT):
        one.marks = Marks("", 1_000)
    insight._last_refreshed = ""
    yield
    shutil.rmtree(settings.WAREHOUSE, ignore_errors=True)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests answer at once, which no person does; those about haste set the limits anew."""
    from emptychair.programme.capture import answering_targets, circumstances

    monkeypatch.setattr(circumstances, "FASTEST", timedelta(0))
    monkeypatch.setattr(answering_targets, "SOONEST", timedelta(0))


@pytest.fixture(autouse=True)
def erasable_ledger(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the ledger as the eraser would, after tests whose database is flushed."""
    mark = request.node.get_closest_marker("django_db")
    flushed = bool(mark and mark.kwargs.get("transaction"))
    if not flushed and not {"transactional_db", "live_server"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from django.db import transaction

    from emptychair.programme.capture.models import ErasurePermit, LedgerEntry

    with transaction.atomic():
        permit = ErasurePermit.objects.create()
        LedgerEntry.objects.all().delete()
        permit.delete()


@pytest.fixture
def malmo(db: None) -> Unit:
    return Unit.objects.create(code="malmo", name="Malmö", country="SE")


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Return a function that makes a user with a role and, if wanted, a unit."""

    def make(role: Role = Role.OWNER, unit: Unit | None = None, **fields: Any) -> User:
        name = fields.pop("name", f"{role} {unit or ''}".strip())
        email = fields.pop("email", f"{role}-{unit.code if unit else 'all'}@nordhem.example")
        return User.objects.create_user(email, PASSWORD, name=name, role=role, unit=unit, **fields)

    return make


@pytest.fixture
def alice(make_user: Callable[..., User]) -> User:
    """The programme owner."""
    return make_user(Role.OWNER, name="Alice", email="alice@nordhem.example")


@pytest.fixture
def bob(make_user: Callable[..., User], malmo: Unit) -> User:
    """The manager of Malmö."""
    return make_user(Role.MANAGER, malmo, name="Bob", email="bob@nordhem.example")


@pytest.fixture
def charlie(make_user: Callable[..., User]) -> User:
    """An employee without a unit: sees nothing of anybody's."""
    return make_user(Role.EMPLOYEE, name="Charlie", email="charlie@nordhem.example")


def needs(what: str, there: bool, how: str) -> None:
    """Skip a test whose tool is missing, saying how to get it; in CI that is a failure."""
    if there:
        return
    message = f"needs {what}: {how}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
