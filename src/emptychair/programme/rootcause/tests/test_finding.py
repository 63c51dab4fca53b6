from datetime import timedelta

import pytest

from emptychair.programme.customers.models import Segment
from emptychair.programme.lib.clock import now
from emptychair.programme.rootcause import finding
from emptychair.programme.rootcause.models import Finding


@pytest.mark.slow  # a whole company is simulated and studied
def test_it_finds_what_matters_and_keeps_to_what_changed(company, monkeypatch):
    found = {(one.kind, one.segment): one for one in Finding.objects.all()}
    segments = ("", "families", "seniors")
    assert set(found) == {(kind, s) for kind in ("drivers", "journey") for s in segments}
    for one in found.values():
        assert one.n > 0
        assert one.result
        assert len(one.inputs_digest) == 64
    group = found["drivers", ""].result["group"]
    assert {one["driver"] for one in group["drivers"]} >= {"waiting", "staff", "price"}
    assert found["drivers", ""].result["customers"] <= 500

    rests_while_nothing_changes(monkeypatch)
    Segment.objects.filter(slug="seniors").update(is_key=False)
    finding.refresh_findings()
    assert not Finding.objects.filter(segment="seniors").exists()
    says_why_nothing_was_found(monkeypatch)


def rests_while_nothing_changes(monkeypatch):
    before = dict(Finding.objects.values_list("pk", "computed_at"))
    finding.refresh_findings()
    later = now() + timedelta(hours=7)
    monkeypatch.setattr(finding, "now", lambda: later)
    finding.refresh_findings()
    assert dict(Finding.objects.values_list("pk", "computed_at")) == before
    aged = Finding.objects.filter(kind="journey", segment="")
    aged.update(data_version="older", computed_at=now() - timedelta(hours=8))
    finding.refresh_findings()
    assert not Finding.objects.filter(data_version="older").exists()


def says_why_nothing_was_found(monkeypatch):
    monkeypatch.setattr(finding, "driver_columns", lambda answers: [])
    Finding.objects.filter(kind="drivers").delete()
    finding.refresh_findings()
    found = Finding.objects.get(kind="drivers", segment="")
    assert found.result == {}
    assert "no drivers" in found.why_empty
