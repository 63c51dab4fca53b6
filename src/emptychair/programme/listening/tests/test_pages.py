from datetime import timedelta

import pytest
from django.utils import translation

from emptychair.programme.accounts.models import Role
from emptychair.programme.comments.models import Theme
from emptychair.programme.comments.services import save_theme
from emptychair.programme.customers.models import Customer, Segment
from emptychair.programme.lib.clock import now
from emptychair.programme.listening import studying
from emptychair.programme.listening.models import ThemeStudy

THEMES, SEARCH = "/root-cause/comments/", "/root-cause/comments/search/"


def shown(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.context["page"], answer.content.decode()


def test_it_shows_what_themes_go_along_with(company, client, alice):
    client.force_login(alice)
    page, html = shown(client, THEMES)
    rows = {row.name: row for row in page.rows}
    assert page.state == "usual"
    assert (rows["Price"].n, rows["Price"].verdict) == ("20", "pulls_down")
    assert rows["Staff friendliness"].verdict == "lifts"
    assert "Danish 100" in rows["Staff friendliness"].languages
    assert "goes along with" in html
    assert "hälsar [name]" in rows["Price"].quotes[0].text
    assert "Berg" not in html
    svg = client.get(f"{THEMES}chart.svg")
    assert svg.content.startswith(b"<svg")
    assert len(client.get(f"{THEMES}chart.csv").content.splitlines()) == 3
    assert client.get(f"{THEMES}chart.exe").status_code == 404


def test_it_withholds_figures_of_few_people(company, client, alice):
    client.force_login(alice)
    page, _html = shown(client, THEMES)
    waiting = next(row for row in page.rows if row.name == "Waiting time")
    assert (waiting.n, waiting.nps, waiting.quotes) == ("too few to show", "", ())


def test_it_says_when_nothing_is_computed_or_said_yet(said, computed, client, alice):
    client.force_login(alice)
    assert shown(client, THEMES)[0].state == "pending"
    assert client.get(f"{THEMES}chart.svg").status_code == 404
    said("👍", 9)
    computed()
    page, html = shown(client, THEMES)
    assert page.state == "empty"
    assert "No comments that tell something" in html


def test_unit_managers_see_their_own_unit_only(company, client, bob):
    client.force_login(bob)
    page, html = shown(client, f"{THEMES}?unit=lund")
    assert {row.name for row in page.rows} == {"Price", "Staff friendliness"}
    assert page.discoveries == ()
    assert "Kaffemaskinen" not in html
    listed = client.get(SEARCH).context["list"]
    assert listed.total == 30
    assert "Kaffemaskinen" not in client.get(f"{SEARCH}?unit=lund").content.decode()


def test_a_unit_of_few_comments_is_withheld_with_the_next(
    said, computed, client, alice, malmo, lund
):
    for i in range(12):
        said(f"För dyrt {i}", 2, unit="malmo")
    said("För dyrt här med", 2, unit="lund")
    computed()
    assert ThemeStudy.objects.filter(among="unit", is_withheld=True).count() == 2
    client.force_login(alice)
    page, html = shown(client, f"{THEMES}?unit=lund")
    assert page.state == "withheld"
    assert "Too few comments" in html
    assert client.get(f"{THEMES}chart.svg?unit=lund").status_code == 404


def test_key_segments_have_their_own_picture(said, computed, client, alice):
    vip = Segment.objects.create(slug="vip", name="VIP", is_key=True, rule=[])
    small = Segment.objects.create(slug="small", name="Small", is_key=True, rule=[])
    for i in range(24):
        customer = Customer.objects.create(code=f"c{i}")
        if i < 12:
            vip.customers.add(customer)
        if i < 2:
            small.customers.add(customer)
        said("För dyrt" if i % 2 else "Trevlig personal", 2 if i % 2 else 10, customer=customer)
    from emptychair.programme.activity.services import mark_changed

    mark_changed("customers", [f"c{i}" for i in range(24)])
    computed()
    client.force_login(alice)
    page, html = shown(client, f"{THEMES}?segment=vip")
    assert page.comments == "12"
    assert "VIP" in html
    assert shown(client, f"{THEMES}?segment=small")[0].state == "withheld"


def test_studies_wait_for_reading_and_for_changes(company, monkeypatch):
    before = ThemeStudy.objects.order_by("pk").values_list("pk", flat=True).first()
    studying.refresh_theme_studies()
    assert ThemeStudy.objects.filter(pk=before).exists()
    save_theme(key="", names={"en": "Coffee"}, keywords={"sv": ["kaffe*"]}, by="")
    studying.refresh_theme_studies()
    assert ThemeStudy.objects.filter(pk=before).exists()
    ThemeStudy.objects.update(computed_at=now() - timedelta(hours=2), data_version="old.1")
    from emptychair.programme.comments import reading

    reading.read_again()
    studying.refresh_theme_studies()
    assert not ThemeStudy.objects.filter(pk=before).exists()


def test_it_searches_comments_in_every_language(company, client, alice):
    client.force_login(alice)

    def total(query):
        return client.get(f"{SEARCH}?{query}").context["list"].total

    assert total("") == 61
    assert total("search=DYRT+anna") == 20
    assert total("search=kaffemaskin") == 20
    assert total("search=kö") == total("search=ko+gang") == 1
    assert total("theme=price") == 20
    assert total("theme=none") == 20
    assert total("spoken=da&sentiment=positive&triage=praise&bucket=promoter&period=90d") == 20
    assert total("theme=%27;--&sentiment=x&period=y") == 0
    assert total("search=" + "a+" * 500) == 61


def test_names_in_comments_are_for_those_who_may_see_them(company, client, alice, make_user):
    client.force_login(alice)
    assert "Anna Berg" in client.get(f"{SEARCH}?theme=price").content.decode()
    client.force_login(make_user(Role.ANALYST))
    html = client.get(f"{SEARCH}?theme=price").content.decode()
    assert "Anna Berg" not in html
    assert "[name]" in html
    csv = b"".join(client.get(f"{SEARCH}?theme=price&format=csv"))
    assert b"Anna Berg" not in csv
    assert len(csv.splitlines()) == 21


def test_it_speaks_swedish_and_danish(company, client, alice):
    client.force_login(alice)
    for language, word in (("sv", "Drar ned"), ("da", "Trækker ned")):
        alice.language = language
        alice.save()
        with translation.override(language):
            page, html = shown(client, THEMES)
        assert word in html
        assert {"sv": "[namn]", "da": "[navn]"}[language] in page.rows[0].quotes[0].text


def test_the_editor_lists_adds_and_changes_themes(company, computed, client, alice):
    client.force_login(alice)
    page, _html = shown(client, THEMES)
    coffee = next(row for row in page.discoveries if "kaffe" in row.label)
    form = client.get(coffee.adopt_url).context["form"]
    assert form.initial["words_sv"].startswith("kaffe")
    data = {
        "name_sv": "Kaffe",
        "name_en": "Coffee",
        "words_sv": form.initial["words_sv"],
        "adopted": "True",
    }
    assert client.post("/root-cause/comments/taxonomy/new/", data).status_code == 302
    theme = Theme.objects.get(key="kaffe")
    assert theme.origin == "adopted"
    listed = client.get("/root-cause/comments/taxonomy/")
    assert listed.context["percent_read"] == 0
    assert "theme_kaffe" in listed.content.decode()
    computed()
    rows = {row.name: row for row in shown(client, THEMES)[0].rows}
    assert rows["Coffee"].n == "20"
    client.post(
        "/root-cause/comments/taxonomy/kaffe/", {"name_sv": "Kaffe", "words_sv": "espresso"}
    )
    assert Theme.objects.get(key="kaffe").keywords["sv"] == ["espresso"]
    client.post("/root-cause/comments/taxonomy/undo/")
    assert Theme.objects.get(key="kaffe").keywords["sv"] != ["espresso"]


def test_the_editor_counts_before_it_saves(company, client, alice):
    client.force_login(alice)
    preview = "/root-cause/comments/taxonomy/preview/"
    trial = client.post(preview, {"key": "price", "words_sv": "kaffemaskin*"}).context["trial"]
    assert (trial.looked_at, trial.n, trial.gained, trial.lost) == (61, 20, 20, 20)
    assert trial.by_language == (("Swedish", 20),)
    trial = client.post(preview, {"key": "price", "words_sv": "dyr*, kaffe*"}).context["trial"]
    assert (trial.n, trial.gained, trial.lost) == (40, 20, 0)
    assert client.post(preview, {"words_sv": "x*"}).context["trial"] is None
    assert Theme.objects.get(key="price").keywords["sv"] != ["kaffemaskin*"]


def test_the_editor_explains_what_cannot_be_used(company, client, alice):
    client.force_login(alice)
    answer = client.post("/root-cause/comments/taxonomy/new/", {"words_sv": "pri*set, dyrt"})
    assert answer.status_code == 400
    html = answer.content.decode()
    assert "“pri*set” cannot be used" in html
    assert "Give the theme a name" in html
    assert client.get("/root-cause/comments/taxonomy/nothing/").status_code == 404


def test_the_editor_merges_and_switches(company, client, alice):
    client.force_login(alice)
    base = "/root-cause/comments/taxonomy/price/"
    assert client.get(base).status_code == 200
    assert client.post(f"{base}merge/", {"into": "billing"}).status_code == 302
    assert Theme.objects.get(key="price").is_active is False
    assert "Switched off" in client.get("/root-cause/comments/taxonomy/").content.decode()
    assert client.get(base).status_code == 200
    client.post(f"{base}switch/", {"to": "on"})
    assert Theme.objects.get(key="price").is_active is True
    assert client.post(f"{base}merge/", {"into": "price"}).status_code == 409
    assert client.post(f"{base}merge/", {"into": "nothing"}).status_code == 404


@pytest.mark.parametrize("address", ["taxonomy/", "taxonomy/new/", "assistant/"])
def test_only_those_who_may_change_themes_open_the_editor(address, client, bob):
    client.force_login(bob)
    assert client.get(f"/root-cause/comments/{address}").status_code == 403
