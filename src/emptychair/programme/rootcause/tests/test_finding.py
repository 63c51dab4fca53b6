from datetime import timedelta

from emptychair.programme.customers.models import Segment
from emptychair.programme.lib.clock import now
from emptychair.programme.relations import studying
from emptychair.programme.rootcause import finding
from emptychair.programme.rootcause.models import Finding


def place_of(answer, label):
    return [str(heading.label) for heading in answer.context["list"].headings].index(label)


def test_it_finds_drivers_and_moments_of_everybody_and_each_key_segment(company):
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


def test_it_rests_while_nothing_changes(company, monkeypatch):
    before = dict(Finding.objects.values_list("pk", "computed_at"))
    finding.refresh_findings()
    later = now() + timedelta(hours=7)
    monkeypatch.setattr(finding, "now", lambda: later)
    finding.refresh_findings()
    assert dict(Finding.objects.values_list("pk", "computed_at")) == before
    Finding.objects.update(data_version="older", computed_at=now() - timedelta(hours=8))
    finding.refresh_findings()
    assert not Finding.objects.filter(data_version="older").exists()


def test_it_leads_from_a_driver_to_the_answers_that_rated_it_low(company, client, alice):
    client.force_login(alice)
    row = next(
        r for r in client.get("/root-cause/").context["page"].rows if r.name in ("Price", "Pris")
    )
    low = client.get(row.url)
    assert low.status_code == 200
    ratings = {cells[place_of(low, "Rating")].value for cells in low.context["list"].rows}
    assert ratings <= {1, 2}
    assert ratings
    everybody = client.get(row.url + "?rating=all&format=csv")
    some = client.get(row.url + "?format=csv")
    count = [len(b"".join(a.streaming_content).splitlines()) for a in (everybody, some)]
    assert count[0] > count[1] > 1
    assert client.get("/root-cause/drivers/nothing/answers/").status_code == 404


def test_it_prices_points_with_what_buckets_are_worth(company, client, alice):
    studying.refresh_studies()
    client.force_login(alice)
    page = client.get("/root-cause/what-if/?shift-waiting=1").context["page"]
    assert page.outcome.money
    assert not page.outcome.no_money


def test_it_forgets_a_segment_that_is_no_longer_key(company):
    Segment.objects.filter(slug="seniors").update(is_key=False)
    finding.refresh_findings()
    assert not Finding.objects.filter(segment="seniors").exists()


def test_it_says_why_nothing_was_found(company, monkeypatch):
    monkeypatch.setattr(finding, "driver_columns", lambda answers: [])
    Finding.objects.filter(kind="drivers").delete()
    finding.refresh_findings()
    found = Finding.objects.get(kind="drivers", segment="")
    assert found.result == {}
    assert "1 to 40 drivers" in found.why_empty or "no drivers" in found.why_empty
