import re
from datetime import timedelta

import pytest
from django.urls import reverse

from emptychair.programme.customers.models import Customer, Segment
from emptychair.programme.lib.clock import now, today
from emptychair.programme.warehouse import layer

MIXED = [10] * 20 + [8] * 10 + [3] * 10  # NPS +25


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def text_of(response):
    plain = re.sub(r"<(style|svg).*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", plain).split())


def test_it_shows_score_interval_verdict_and_buckets(owner, answered):
    answered(MIXED)
    text = text_of(owner.get("/delivery/"))
    assert "+25" in text
    assert "95% interval −2 to +48 · 40 responses" in text
    assert "Whether promoters outnumber detractors cannot be told" in text
    assert "There are too few answers in the period before to compare with." in text
    assert "Promoters 20 50%" in text


def test_it_compares_with_the_period_before(owner, answered):
    answered([10] * 200)
    answered([0] * 200, at=now() - timedelta(days=400))
    assert "Up 200 points" in text_of(owner.get("/delivery/"))


def test_it_needs_a_login(client):
    response = client.get("/delivery/")
    assert response.status_code == 302
    assert response.url.startswith("/login/")


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ([], "No answers in this period"),
        ([10] * 3, "3 responses: too few to say anything about the NPS"),
        ([10] * 12, "With fewer than 25 answers only the interval is shown"),
        ([10] * 30, "Everyone who answered is a promoter."),
    ],
)
def test_it_has_a_state_for_every_number_of_answers(owner, answered, scores, says):
    answered(scores)
    response = owner.get("/delivery/")
    assert response.status_code == 200
    assert says in text_of(response)


def test_it_shows_no_figure_below_the_smallest_cell(owner, answered):
    answered([10, 3])
    assert "<svg xmlns" not in owner.get("/delivery/").content.decode()


def test_it_narrows_by_unit_channel_and_segment(owner, answered, malmo, lund):
    segment = Segment.objects.create(slug="firms", name="Firms", rule=[])
    firm = Customer.objects.create(code="F1")
    segment.customers.add(firm)
    from emptychair.programme.activity.services import mark_changed

    mark_changed("customers", ["F1"])
    answered([10] * 30, unit="malmo", customer=firm)
    answered([0] * 30, unit="lund", channel="sms")
    assert "+100" in text_of(owner.get("/delivery/?unit=malmo"))
    assert "−100" in text_of(owner.get("/delivery/?channel=sms"))
    assert "+100" in text_of(owner.get("/delivery/?segment=firms"))
    by_unit = text_of(owner.get("/delivery/?by=unit"))
    assert "Malmö 30 +100" in by_unit
    assert "Lund 30 −100" in by_unit


def test_a_manager_sees_own_unit_only(client, bob, answered, lund):
    answered([10] * 30, unit="malmo", comment="ours")
    answered([0] * 30, unit="lund", comment="theirs")
    client.force_login(bob)
    page = client.get("/delivery/?by=unit")
    assert "+100" in text_of(page)
    assert "Lund" not in text_of(page)
    assert "theirs" not in page.content.decode()
    assert "theirs" not in client.get("/delivery/responses/").content.decode()
    assert "theirs" not in client.get("/").content.decode()
    assert "No answers" in text_of(client.get("/delivery/?unit=lund"))


def test_an_employee_without_a_unit_sees_nothing_and_takes_no_files(client, charlie, answered):
    answered(MIXED, comment="secret")
    client.force_login(charlie)
    assert "No answers in this period" in text_of(client.get("/delivery/"))
    assert client.get("/delivery/charts/trend.csv").status_code == 403


def test_every_mark_leads_to_the_responses_behind_it(owner, answered):
    answered(MIXED, comment="said")
    html = owner.get("/delivery/?by=channel").content.decode()
    hrefs = {
        h.replace("&amp;", "&") for h in re.findall(r'href="(/delivery/responses/[^"]*)"', html)
    }
    assert any("bucket=detractor" in href for href in hrefs)
    assert any("score=8" in href for href in hrefs)
    assert any("channel=email" in href for href in hrefs)
    told = {"bucket=detractor": 10, "score=8": 10, "score=9": 0, "channel=email": 40}
    for part, n in told.items():
        href = next(href for href in hrefs if href.endswith(part))
        text = text_of(owner.get(href))
        assert (f"of {n}" if n else "No responses here") in text, href


def test_the_trend_leads_to_its_periods(owner, answered):
    answered(MIXED, at=now() - timedelta(days=70))
    html = owner.get("/delivery/?every=month").content.decode()
    links = re.findall(r'href="(/delivery/responses/\?from=[^"]*)" *>', html)
    assert links
    totals = [text_of(owner.get(link.replace("&amp;", "&"))) for link in set(links)]
    assert any("of 40" in text for text in totals)


def test_a_poll_is_answered_only_when_a_figure_may_have_changed(owner, answered):
    answered(MIXED)
    seen = layer.version()
    poll = {"seen": seen, "unit": ""}
    assert owner.get("/delivery/", poll, headers={"HX-Request": "true"}).status_code == 204
    assert owner.get("/", {"seen": seen}, headers={"HX-Request": "true"}).status_code == 204
    answered([10] * 10)
    fresh = owner.get("/delivery/", poll, headers={"HX-Request": "true"})
    assert fresh.status_code == 200
    assert "50 responses" in text_of(fresh)
    assert "<html" not in fresh.content.decode()
    assert f"seen={layer.version()}" in fresh.content.decode()


def test_comments_are_shown_newest_first_by_bucket_and_escaped(owner, answered):
    answered([10], comment="older praise", at=now() - timedelta(days=3))
    answered([9], comment="newer praise")
    answered([2], comment="<script>alert(1)</script>")
    html = owner.get("/delivery/").content.decode()
    assert html.index("newer praise") < html.index("older praise")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "praise" not in owner.get("/delivery/?bucket=detractor").content.decode()


def test_wrong_dates_are_explained_and_survive(owner, answered):
    answered(MIXED)
    response = owner.get("/delivery/?period=custom&from=2026-99-99")
    assert response.status_code == 200
    assert "A date is written like 2026-03-31." in text_of(response)


@pytest.mark.parametrize("name", ["buckets", "distribution", "trend", "groups"])
def test_every_chart_is_an_image_and_a_csv(owner, answered, name):
    answered(MIXED, unit="malmo")
    address = "/delivery/charts/{}.{}?by=unit"
    svg = owner.get(address.format(name, "svg"))
    assert svg["Content-Type"] == "image/svg+xml"
    assert svg.content.startswith(b"<svg")
    assert owner.get(address.format(name, "png")).content.startswith(b"\x89PNG")
    csv = owner.get(address.format(name, "csv"))
    assert csv["Content-Disposition"].startswith(
        f'attachment; filename="{"by-unit" if name == "groups" else name}'
    )
    assert "Responses" in csv.content.decode("utf-8-sig").splitlines()[0]


def test_an_unknown_chart_is_not_there(owner):
    assert owner.get("/delivery/charts/secret.svg").status_code == 404


@pytest.mark.parametrize(("language", "says"), [("sv", "Leverans"), ("da", "Leverance")])
def test_it_speaks_the_readers_language(owner, alice, answered, language, says):
    answered([10] * 1500)
    alice.language = language
    alice.save()
    text = text_of(owner.get("/delivery/"))
    assert says in text
    assert {"sv": "1\u00a0500 svar", "da": "1.500 svar"}[language] in text.replace(
        "1 500", "1\u00a0500"
    )


def test_it_asks_the_database_little_whatever_the_number_of_answers(
    owner, answered, django_assert_max_num_queries
):
    answered([10] * 60, comment="fine", unit="malmo")
    owner.get(reverse("visibility:delivery"))
    with django_assert_max_num_queries(18):
        owner.get(reverse("visibility:delivery") + f"?to={today().isoformat()}&period=custom")
