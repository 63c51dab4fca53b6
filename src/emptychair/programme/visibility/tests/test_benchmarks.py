import pytest

from emptychair.programme.insight.models import Benchmark

from .test_delivery import text_of

LINE = {
    "name": "Retail, median",
    "industry": "Retail",
    "country": "se",
    "nps_points": "-20",
    "source": "Trade body, annual survey",
    "published_on": "2026-01-15",
}


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def test_an_owner_adds_changes_and_removes_a_benchmark(owner, answered):
    assert owner.post("/delivery/benchmarks/", LINE).status_code == 302
    one = Benchmark.objects.get()
    assert one.country == "SE"
    url = f"/delivery/benchmarks/{one.public_id}/"
    assert 'value="Retail, median"' in owner.get(url).content.decode()
    owner.post(url, {**LINE, "nps_points": "35"})
    one.refresh_from_db()
    assert one.nps_points == 35
    owner.post(f"{url}remove")
    assert not Benchmark.objects.exists()


@pytest.mark.parametrize(
    ("benchmark", "said"),
    [
        ("-20", "We lie above it."),
        ("60", "We lie below it."),
        ("20", "We cannot be told apart from it."),
    ],
)
def test_delivery_shows_a_position_and_no_target(owner, answered, benchmark, said):
    answered([10] * 20 + [8] * 10 + [3] * 10)
    owner.post("/delivery/benchmarks/", {**LINE, "nps_points": benchmark})
    text = text_of(owner.get("/delivery/"))
    assert said in text
    assert "it is no target" in text
    assert "Trade body, annual survey" in text


def test_what_is_wrong_is_said_in_the_form(owner):
    page = owner.post("/delivery/benchmarks/", {**LINE, "nps_points": "150", "source": ""})
    assert page.status_code == 200
    assert page.context["form"].errors.keys() == {"nps_points", "source"}
    assert (
        owner.post("/delivery/benchmarks/", {**LINE, "published_on": "2999-01-01"}).status_code
        == 409
    )


def test_others_may_not_change_benchmarks(client, bob):
    client.force_login(bob)
    assert client.post("/delivery/benchmarks/", LINE).status_code == 403
    assert "Benchmarks" not in client.get("/delivery/").content.decode()
