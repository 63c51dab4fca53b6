import csv
from datetime import UTC, date, datetime

import pytest

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response
from emptychair.programme.insight import publishing
from emptychair.programme.insight.models import PeriodReport
from emptychair.programme.insight.publishing import due_on, publish_due
from emptychair.programme.warehouse.services import synchronise

from .test_delivery import MIXED, text_of

MARCH = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def test_a_published_month_stays_and_the_correction_stands_beside(owner, answered, malmo):
    made = answered(MIXED, at=MARCH, unit="malmo")
    assert owner.post("/delivery/reports/", {"month": "2026-03"}).status_code == 302
    before = text_of(owner.get("/delivery/reports/2026-03/"))
    assert "All customers 40 +25 −2 to +48" in before
    assert "were corrected, erased" not in before
    Response.objects.filter(pk__in=[one.pk for one in made[:5]]).delete()
    mark_changed("responses", [one.public_id for one in made[:5]])
    synchronise()
    after = text_of(owner.get("/delivery/reports/2026-03/"))
    assert "All customers 40 +25 −2 to +48 +14 (35 responses)" in after
    assert "were corrected, erased" in after
    file = owner.get("/delivery/reports/2026-03.csv").content.decode("utf-8-sig")
    row = next(csv.DictReader(file.splitlines()))
    assert (row["n"], row["corrected_n"]) == ("40", "35")
    assert owner.post("/delivery/reports/", {"month": "2026-03"}).status_code == 409
    assert PeriodReport.objects.count() == 1


def test_the_worker_publishes_on_the_third_working_day(answered, monkeypatch):
    answered(MIXED, at=MARCH)
    assert due_on(date(2026, 3, 1)) == date(2026, 4, 7)  # after Easter
    monkeypatch.setattr(publishing, "today", lambda: date(2026, 4, 6))
    publish_due()
    assert not PeriodReport.objects.exists()
    monkeypatch.setattr(publishing, "today", lambda: date(2026, 4, 7))
    publish_due()
    publish_due()
    assert PeriodReport.objects.get().starts_on == date(2026, 3, 1)


def test_a_month_that_cannot_be_published_is_refused(owner, answered):
    for month in ("2999-01", "2020-01", "March"):
        assert owner.post("/delivery/reports/", {"month": month}).status_code == 409, month


def test_a_manager_reads_the_own_unit_and_does_not_publish(client, alice, bob, answered, lund):
    answered(MIXED, at=MARCH, unit="malmo")
    answered([10] * 30, at=MARCH, unit="lund")
    client.force_login(alice)
    client.post("/delivery/reports/", {"month": "2026-03"})
    client.force_login(bob)
    text = text_of(client.get("/delivery/reports/2026-03/"))
    assert "Malmö 40 +25" in text
    assert "Lund" not in text
    assert "All customers 70" not in text
    assert client.post("/delivery/reports/", {"month": "2026-03"}).status_code == 403


def test_small_groups_of_a_report_are_withheld(owner, answered, malmo, lund):
    answered(MIXED, at=MARCH, unit="malmo")
    answered([10] * 30, at=MARCH, unit="lund")
    answered([3] * 3, at=MARCH, unit="ystad")
    owner.post("/delivery/reports/", {"month": "2026-03"})
    file = owner.get("/delivery/reports/2026-03.csv").content.decode()
    assert "malmo" in file
    assert "lund" not in file
    assert "ystad" not in file
