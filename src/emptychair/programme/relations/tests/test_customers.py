from datetime import timedelta

import pytest
from django.urls import reverse

from emptychair.programme.accounts.models import Role, Unit
from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.holding import hold
from emptychair.programme.capture.models import Invitation, Response
from emptychair.programme.customers import consent, timeline
from emptychair.programme.customers.models import Contact, Customer, Event, Message
from emptychair.programme.customers.services import save_segment
from emptychair.programme.lib.clock import now
from emptychair.programme.standing.following import follow_calendar
from emptychair.programme.standing.models import Rule
from emptychair.programme.warehouse.services import synchronise


@pytest.fixture
def lund(malmo: Unit) -> Unit:
    return Unit.objects.create(code="lund", name="Lund", country="SE")


@pytest.fixture
def base(customer, malmo, lund):
    """Six customers of two units, in every state."""
    customer("anna", 9, revenue=500, unit=malmo)
    customer("bo", 3, revenue=900, unit=malmo)
    customer("cim", 7, revenue=100, unit=lund)
    customer("disa", asked=True, unit=lund)
    customer("egil", unit=malmo)
    customer("freja", 2, unit=malmo, left_at=now() - timedelta(days=3))
    save_segment(
        slug="north",
        name="North",
        rule=[{"field": "unit", "is": ["lund"]}],
        priority=1,
        is_key=True,
        actor="",
    )
    synchronise()
    follow_calendar()


def codes(page) -> list[str]:
    return [row[0].value for row in page.context["list"].rows]


def test_the_list_shows_the_most_valuable_first_and_not_those_who_left(client, alice, base):
    client.force_login(alice)
    page = client.get("/customers/")
    assert codes(page)[:3] == ["bo", "anna", "cim"]
    assert "freja" not in codes(page)
    assert page.context["list"].rows[0][1].value == "Person bo"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=detractor", {"bo"}),
        ("state=silent", {"disa", "egil"}),
        ("state=never_asked", {"egil"}),
        ("state=left", {"freja"}),
        ("unit=lund", {"cim", "disa"}),
        ("segment=north", {"cim", "disa"}),
        ("search=Person+an", {"anna"}),
        ("search=egil%40example", {"egil"}),
        ("search=nobody", set()),
        ("state=nonsense&sort=bogus&page=x", {"anna", "bo", "cim", "disa", "egil"}),
    ],
)
def test_filters_narrow_the_list(client, alice, base, query, expected):
    client.force_login(alice)
    assert set(codes(client.get(f"/customers/?{query}"))) == expected


def test_those_who_never_answered_come_last_in_either_order(client, alice, base):
    client.force_login(alice)
    for order in ("answered_on", "-answered_on"):
        assert set(codes(client.get(f"/customers/?sort={order}"))[-2:]) == {"disa", "egil"}


def test_the_picture_counts_customers_and_money_by_state(client, alice, base):
    client.force_login(alice)
    rows = client.get("/customers/").context["page"].chart.rows
    told = {row.cells[0]: (row.cells[1], row.cells[3]) for row in rows}
    assert told == {
        "Detractors": ("1", "900"),
        "Passives": ("1", "100"),
        "Promoters": ("1", "500"),
        "Silent: answer too old": ("0", "0.00"),
        "Silent: never answered": ("1", "0.00"),
        "Silent: never asked": ("1", "0.00"),
    }
    csv = client.get("/customers/base.csv?segment=north").content.decode()
    assert "Passives,1,0.5,100.0,1.0" in csv


def test_a_manager_sees_own_customers_alone(client, bob, base):
    client.force_login(bob)
    page = client.get("/customers/?state=all")
    assert set(codes(page)) == {"anna", "bo", "egil", "freja"}
    cim = Customer.objects.get(code="cim")
    for name in ("customer", "my_data", "say_no", "correct", "erase"):
        url = reverse(f"customers:{name}", args=[cim.pk])
        answer = client.get(url) if name == "customer" else client.post(url)
        assert answer.status_code in (403, 404), name
    assert not consent.is_suppressed(cim)


def test_an_analyst_sees_no_names_and_finds_nobody_by_one(client, make_user, base):
    client.force_login(make_user(Role.ANALYST))
    page = client.get("/customers/")
    assert b"Person" not in page.content
    assert codes(client.get("/customers/?search=Person+an")) == []
    anna = Customer.objects.get(code="anna")
    story = client.get(f"/customers/{anna.pk}/").content
    assert b"Person anna" not in story
    assert b"anna@example.com" not in story
    assert client.post(f"/customers/{anna.pk}/say-no").status_code == 403


def test_an_employee_is_kept_out(client, charlie, base):
    client.force_login(charlie)
    for address in ("/customers/", "/customers/accounts/", "/customers/economics/"):
        assert client.get(address).status_code == 403


def test_an_export_holds_every_row_and_is_noted(client, alice, base):
    client.force_login(alice)
    answer = client.get("/customers/?format=csv&state=all")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 7
    assert lines[0].startswith("customer_id,name,bucket,score,answered_on,revenue")
    assert Activity.objects.filter(action="export.made", subject="customers").exists()


def test_a_manager_may_not_export(client, bob, base):
    client.force_login(bob)
    assert client.get("/customers/?format=csv")["Content-Type"].startswith("text/html")


def test_the_rule_is_changed_in_the_browser(client, alice, base):
    client.force_login(alice)
    said = {"oldest_answer_days": 90, "role_trait": "role", "key_roles": "Buyer, CEO"}
    assert client.post("/customers/buckets/", said).status_code == 302
    assert Rule.objects.values_list("oldest_answer_days", "key_roles").get() == (
        90,
        ["buyer", "ceo"],
    )
    assert b"brought in line" in client.get("/customers/").content
    wrong = client.post("/customers/buckets/", {**said, "oldest_answer_days": 3})
    assert wrong.status_code == 400


def test_the_story_tells_asks_answers_events_values_and_choices(client, alice, customer, survey):
    anna = customer("anna", 4, 9, asked=True, revenue=500)
    Invitation.objects.create(
        customer=anna,
        survey=survey,
        channel="sms",
        outcome="suppressed",
        suppressed_reason="quarantine",
    )
    Event.objects.create(customer=anna, kind="complaint", at=now(), amount=12)
    Message.objects.create(contact=Contact.objects.get(), channel="email", text="Ring me!")
    held = Response.objects.get(score=4)
    hold([held.public_id], reason="staff")
    consent.suppress(anna, "staff", actor=alice.public_id)
    synchronise()
    client.force_login(alice)
    page = client.get(f"/customers/{anna.pk}/")
    text = page.content.decode()
    for told in (
        *("Asked", "Not asked", "Asked too recently", "Answered 9", "Answered 4"),
        *("Does not count: Held by a colleague", "Complained", "12\u00a0SEK", "Ring me!"),
        *("No more questions", "Alice", "Revenue 500\u00a0SEK", "Said no"),
    ):
        assert told in text, told
    assert page.context["page"].state_name == "Promoter"


def test_a_correction_stands_with_the_answer_it_corrects(client, alice, customer, survey):
    from emptychair.programme.capture.answering import amend, answer
    from emptychair.programme.capture.submission import Submission
    from emptychair.programme.lib.tokens import token_hash

    anna = customer("anna")
    Invitation.objects.create(
        customer=anna,
        survey=survey,
        channel="email",
        sent_at=now(),
        token_hash=token_hash("t" * 24),
    )
    first = answer("t" * 24, Submission("s-1", 3, None, None, "en", {}))
    amend(first.answer_token, Submission("s-2", 8, None, None, "en", {}))
    client.force_login(alice)
    text = client.get(f"/customers/{anna.pk}/").content.decode()
    assert "Answered 8" in text
    assert "Corrected to 8" in text


def test_a_later_slice_adds_to_the_story(client, alice, customer, monkeypatch):
    monkeypatch.setattr(timeline, "_SOURCES", dict(timeline._SOURCES))
    timeline.add_source(
        "cases", lambda c, scope, window: [timeline.Entry(now(), "case", "Case opened", url="/x")]
    )
    anna = customer("anna")
    client.force_login(alice)
    assert b'<a href="/x">Case opened</a>' in client.get(f"/customers/{anna.pk}/").content


def test_a_long_story_goes_on_on_older_pages(client, alice, customer):
    anna = customer("anna")
    Event.objects.bulk_create(
        Event(customer=anna, kind="login", at=now() - timedelta(days=n)) for n in range(150)
    )
    client.force_login(alice)
    address, seen = f"/customers/{anna.pk}/", 0
    while address:
        page = client.get(address).context["page"]
        seen += sum(len(month.entries) for month in page.months)
        address = f"/customers/{anna.pk}/{page.older_url}" if page.older_url else ""
    assert seen == 150


def test_staff_say_no_for_a_customer_and_take_it_back(client, bob, customer, malmo):
    anna = customer("anna", unit=malmo)
    client.force_login(bob)
    client.post(f"/customers/{anna.pk}/say-no", {"wish": "stop"})
    assert consent.is_suppressed(anna)
    client.post(f"/customers/{anna.pk}/say-no", {"wish": "allow"})
    assert not consent.is_suppressed(anna)


def test_staff_correct_a_customer(client, alice, customer):
    anna = customer("anna")
    client.force_login(alice)
    url = f"/customers/{anna.pk}/correct"
    assert client.post(url, {"name": "Anna B", "email": "b@example.com"}).status_code == 302
    assert Contact.objects.values_list("name", "email").get() == ("Anna B", "b@example.com")
    wrong = client.post(url, {"name": "Anna", "phone": "12"})
    assert wrong.status_code == 400
    assert b"not a phone number" in wrong.content


def test_the_programme_erases_and_the_story_is_gone(client, alice, bob, customer, malmo):
    anna = customer("anna", 9, unit=malmo)
    url = f"/customers/{anna.pk}/erase"
    client.force_login(bob)
    assert client.post(url, {"sure": "1"}).status_code == 403
    client.force_login(alice)
    assert client.post(url).status_code == 409
    assert client.post(url, {"sure": "1"}).status_code == 302
    synchronise()
    anna.refresh_from_db()
    assert anna.code != "anna"
    assert b"Answered" not in client.get(f"/customers/{anna.pk}/").content


def test_staff_open_what_the_customer_sees_and_that_is_noted(client, alice, customer):
    anna = customer("anna")
    client.force_login(alice)
    answer = client.post(f"/customers/{anna.pk}/own-data")
    assert answer.status_code == 302
    assert b"anna@example.com" in client.get(answer["Location"].split("8000")[-1]).content
    assert Activity.objects.filter(action="customer.own_data_opened", subject="anna").exists()


def test_accounts_show_health_and_question_marks(client, alice, customer):
    boss = {"role": "Decision maker"}
    customer("anna", 9, account="acme", revenue=700, traits={"role": "user"})
    silent = customer("bo", asked=True, account="acme", traits=boss)
    customer("cim", 2, account="other", revenue=100)
    synchronise()
    client.force_login(alice)
    page = client.get("/customers/accounts/")
    assert [stat.value for stat in page.context["stats"]] == ["0", "1", "1"]
    assert [row[0].value for row in page.context["list"].rows] == ["Firm acme", "Firm other"]
    only = client.get("/customers/accounts/?health=risk")
    assert [row[0].value for row in only.context["list"].rows] == ["Firm other"]
    account = client.get(f"/customers/accounts/{silent.account_id}/")
    marks = {c.name: c.mark for _, cs in account.context["roles"] for c in cs}
    assert marks == {"Person anna": "9", "Person bo": "?"}
    assert "No key contact has said anything good lately." in account.content.decode()
    today = client.get("/").content.decode()
    assert "Person bo (decision maker) was asked and never answered." in today


def test_a_manager_is_told_of_own_key_contacts_alone(client, bob, customer, malmo, lund):
    boss = {"role": "decision maker"}
    customer("anna", asked=True, account="acme", traits=boss, unit=lund)
    synchronise()
    client.force_login(bob)
    assert b"says nothing" not in client.get("/").content
    assert client.get("/customers/accounts/").context["list"].rows == ()
    key = Customer.objects.get().account_id
    assert client.get(f"/customers/accounts/{key}/").status_code == 404


def test_a_change_of_one_customer_is_seen_within_one_step_of_the_worker(client, alice, customer):
    anna = customer("anna")
    synchronise()
    client.force_login(alice)
    assert client.get(f"/customers/{anna.pk}/").context["page"].state_name == "Silent: never asked"
    Customer.objects.filter(pk=anna.pk).update(left_at=now())
    mark_changed("customers", ["anna"])
    synchronise()
    assert client.get(f"/customers/{anna.pk}/").context["page"].state_name == "No longer a customer"
