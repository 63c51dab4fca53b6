from collections.abc import Callable

import pytest

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.capture.models import Survey
from emptychair.programme.exchange import running, services
from emptychair.programme.exchange.models import Import

RESPONSES = (
    "Svars-id;Kundnummer;Svarsdatum;Betyg;Kommentar;Butik\r\n"
    "a1;k1;2026-01-31;9;Snabb hjälp på Möllan;malmo\r\n"
    "a2;k2;2026-02-01;3;Fick vänta länge;malmo\r\n"
    "a3;k1;2026-02-02;11;;malmo\r\n"
    "a4;;2026-02-03;7;;lund\r\n"
    "a5;k3;;8;;malmo\r\n"
)


@pytest.fixture
def take_in(alice: User) -> Callable[..., Import]:
    """Return a function that uploads text or bytes and has the worker read them."""

    def take(content: str | bytes, kind: str = "responses", name: str = "file.csv") -> Import:
        data = content.encode() if isinstance(content, str) else content
        imported = services.upload(kind=kind, name=name, chunks=[data], size=len(data), by=alice)
        running.work_off()
        imported.refresh_from_db()
        return imported

    return take


@pytest.fixture
def bring(take_in: Callable[..., Import], alice: User) -> Callable[..., Import]:
    """Return a function that takes a file all the way in."""

    def whole_way(content: str | bytes, kind: str = "responses", name: str = "file.csv") -> Import:
        imported = take_in(content, kind, name)
        assert imported.state == Import.State.READY, (imported.problem, imported.preview)
        say_yes(imported, alice)
        imported.refresh_from_db()
        assert imported.state == Import.State.DONE, imported.problem
        return imported

    return whole_way


def say_yes(imported: Import, by: User, survey: str = "old") -> None:
    Survey.objects.get_or_create(slug="old", defaults={"name": "Old answers", "state": "closed"})
    services.confirm(imported, survey=survey, survey_name="", survey_kind="relationship", by=by)
    running.work_off()


def take_back(imported: Import, by: User) -> None:
    services.undo(imported, by=by)
    running.work_off()
    imported.refresh_from_db()


@pytest.fixture
def lund(malmo: Unit) -> Unit:
    return Unit.objects.create(code="lund", name="Lund", country="SE")
