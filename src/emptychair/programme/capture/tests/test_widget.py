"""The widget: asks only from listed pages, decides on the server, writes and never reads."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from emptychair.programme.capture import colours, widgets
from emptychair.programme.capture.models import Invitation, LedgerEntry, Link, Response, Survey
from emptychair.programme.capture.models import Widget as WidgetModel
from emptychair.programme.capture.widget import script_file, secret_of, signature_of
from emptychair.programme.customers import consent
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.journeys.models import Driver
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError

HOST = "https://shop.example"
ID, SECOND = "submission-0000001", "submission-0000002"
LANGUAGES = ("sv", "da", "nb", "fi", "de", "en")
Post = Callable[..., object]


@pytest.fixture
def widget(survey: Survey) -> WidgetModel:
    return widgets.save_widget(
        survey, origins=[HOST], unit="", share_percent=100, asks_anonymous=True,
        delay_seconds=0, colour="#1f5c99", by="alice",
    )  # fmt: skip


@pytest.fixture
def post(client: Client, widget: WidgetModel) -> Post:
    def send(kind: str, said: object, origin: str = HOST, **more: object) -> object:
        body = said if isinstance(said, str) else json.dumps(said)
        headers = {"Origin": origin} if origin else {}
        key = more.pop("key", widget.link.public_id)
        content_type = more.pop("content_type", "application/json")
        return client.post(f"/w/{key}/{kind}", body, content_type=content_type, headers=headers)

    return send


def named(widget: WidgetModel, code: str, seconds: int = 60) -> dict[str, object]:
    expires = int((now() + timedelta(seconds=seconds)).timestamp())
    signature = signature_of(secret_of(widget), code, expires)
    return {"customer_id": code, "expires": expires, "signature": signature}


def test_it_asks_and_stores_and_adds(post: Post, survey: Survey) -> None:
    survey.drivers.add(Driver.objects.create(slug="wait", name="Wait"))
    asked = post("ask", {"language": "sv"}).json()
    assert asked["ask"] is True
    assert "rekommendera Nordhem" in asked["question"]
    assert asked["ratings"] == [["wait", "Wait"]]
    reply = post("answer", {"token": asked["token"], "submission_id": ID, "score": 9})
    assert reply.status_code == 201
    assert set(reply.json()) == {"submission_id", "more"}
    more = {"more": reply.json()["more"], "comment": "Bra", "rating_wait": 4}
    assert post("answer", {**more, "submission_id": SECOND}).status_code == 201
    response = Response.objects.get()
    assert (response.score, response.comment, response.ratings) == (9, "Bra", {"wait": 4})
    assert response.channel == "widget"
    again = post("answer", {"token": asked["token"], "submission_id": ID, "score": 9})
    assert again.status_code == 201  # a replayed payload counts once
    assert LedgerEntry.objects.count() == 2


def test_its_tokens_read_nothing(post: Post, client: Client) -> None:
    asked = post("ask", {}).json()
    more = post("answer", {"token": asked["token"], "submission_id": ID, "score": 9}).json()["more"]
    assert client.get(f"/r/{more}").status_code == 404
    said = json.dumps({"submission_id": SECOND, "comment": "x"})
    assert client.post(f"/r/{more}", said, content_type="application/json").status_code == 404


@pytest.mark.parametrize(
    "origin",
    [
        *("", "null", "http://shop.example", "https://shop.example.evil.example"),
        *("https://evil.example", "https://sub.shop.example", "https://shop.example:8443"),
        *("https://SHOP.example", "https://shop.exampl\u0435", "file://"),
    ],
)
def test_no_other_page_may_write_or_read(post: Post, client: Client, origin: str) -> None:
    for kind in ("ask", "answer", "decline"):
        reply = post(kind, {"submission_id": ID, "score": 9}, origin=origin)
        assert reply.status_code == 403
        assert "Access-Control-Allow-Origin" not in reply.headers
    assert not Response.objects.exists()


def test_browsers_ask_first_and_get_one_origin_without_credentials(
    client: Client, widget: WidgetModel
) -> None:
    path = f"/w/{widget.link.public_id}/answer"
    reply = client.options(path, headers={"Origin": HOST, "Access-Control-Request-Method": "POST"})
    assert reply.status_code == 204
    assert reply.headers["Access-Control-Allow-Origin"] == HOST
    assert "Origin" in reply.headers["Vary"]
    assert reply.headers["Access-Control-Allow-Headers"] == "content-type"
    assert "Access-Control-Allow-Credentials" not in reply.headers
    assert client.options(path, headers={"Origin": "https://evil.example"}).status_code == 403
    reply = client.post(path, "{}", content_type="application/json", headers={"Origin": HOST})
    assert reply.headers["Cache-Control"] == "no-store"
    assert not reply.cookies


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_of_another_page_cannot_post(post: Post, kind: str) -> None:
    said = json.dumps({"submission_id": ID, "score": 9})
    assert post("answer", said, content_type=kind).status_code == 415


def test_a_customer_the_page_vouches_for_is_asked_under_the_quarantines(
    post: Post, widget: WidgetModel
) -> None:
    customer = Customer.objects.create(code="C1", traits={"tier": "gold"})
    asked = post("ask", named(widget, "C1")).json()
    assert asked["ask"] is True
    invitation = Invitation.objects.get()
    assert (invitation.customer, invitation.channel, invitation.outcome) == (
        customer, "widget", "delivered",
    )  # fmt: skip
    assert post("ask", named(widget, "C1")).json() == {"ask": False}
    post("answer", {"token": asked["token"], "submission_id": ID, "score": 3})
    response = Response.objects.get()
    assert (response.customer, response.traits) == (customer, {"tier": "gold"})
    assert Invitation.objects.get().outcome == "answered"


def test_it_asks_nobody_who_may_not_be_asked(post: Post, widget: WidgetModel) -> None:
    for code in ("no", "left", "other"):
        Contact.objects.create(
            customer=Customer.objects.create(code=code, country="DK"), email=f"{code}@example.com"
        )
    consent.suppress(Customer.objects.get(code="no"), "unsubscribed")
    Customer.objects.filter(code="left").update(left_at=now())
    widget.link.survey.rule = [{"field": "country", "is": ["SE"]}]
    widget.link.survey.save()
    for code in ("no", "left", "other"):
        assert post("ask", named(widget, code)).json() == {"ask": False}
    assert not Invitation.objects.exists()


def test_it_believes_no_forged_or_old_signature(post: Post, widget: WidgetModel) -> None:
    Customer.objects.create(code="C1")
    good = named(widget, "C1")
    for bad in (
        good | {"customer_id": "C2"},
        good | {"expires": good["expires"] + 1},  # type: ignore[operator]
        good | {"signature": ""},
        good | {"signature": "\u00e5"},
        good | {"expires": True},
        named(widget, "C1", seconds=-1),
    ):
        assert post("ask", bad).status_code == 403
    widgets.renew_secret(widget, by="alice")
    assert post("ask", good).status_code == 403
    assert not Invitation.objects.exists()


def test_who_closes_it_declined_and_answered_nothing(post: Post, widget: WidgetModel) -> None:
    Customer.objects.create(code="C1")
    token = post("ask", named(widget, "C1")).json()["token"]
    assert post("decline", {"token": token}).status_code == 202
    assert Invitation.objects.get().outcome == "declined"
    assert not Response.objects.exists()
    assert post("decline", {"token": token, "more": 1}).status_code == 400


def test_visitors_are_sampled_and_left_alone(post: Post, widget: WidgetModel) -> None:
    assert post("ask", {"is_new": False}).json() == {"ask": False}
    widget.asks_anonymous = False
    widget.save()
    assert post("ask", {}).json() == {"ask": False}
    widget.asks_anonymous, widget.share_percent = True, 0
    widget.save()
    assert all(post("ask", {}).json() == {"ask": False} for _ in range(20))


def test_it_answers_no_link_but_its_own(post: Post, survey: Survey, invited: str) -> None:
    other = Link.objects.create(survey=survey).public_id
    for token in (other, invited, "x", 5, None):
        said = {"token": token, "submission_id": ID, "score": 9}
        assert post("answer", said).status_code == 404
    assert not Response.objects.exists()


def test_it_is_silent_when_closed(post: Post, widget: WidgetModel, survey: Survey) -> None:
    assert post("ask", {}, key="x" * 22).status_code == 404
    assert post("read", {}).status_code == 404
    widget.link.is_open = False
    widget.link.save()
    assert post("ask", {}).status_code == 404


def test_its_script_is_small_versioned_and_writes_text_only(client: Client) -> None:
    version, text = script_file()
    assert len(gzip.compress(text)) <= 8_000
    reply = client.get(f"/w/{version}.js")
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "immutable" not in client.get("/w/old.js").headers["Cache-Control"]
    assert not reply.cookies
    source = text.decode()
    for risky in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert risky not in source
    assert "cookie" not in source.replace("no cookies", "")
    assert finders.find("capture/widget.js")


def test_its_words_come_in_six_languages(post: Post) -> None:
    said = {code: post("ask", {"language": code}).json() for code in LANGUAGES}
    assert {one["language"] for one in said.values()} == set(said)
    assert len({one["words"]["send"] for one in said.values()}) >= 4
    assert post("ask", {"language": "zz"}).json()["language"] in said


@pytest.mark.parametrize(
    ("line", "origin"),
    [
        ("https://Shop.example/", "https://shop.example"),
        (" https://shop.example:443 ", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://blåbär.example", "https://xn--blbr-noae.example"),
        ("http://localhost:3000", "http://localhost:3000"),
    ],
)
def test_it_writes_origins_as_browsers_do(line: str, origin: str) -> None:
    assert widgets.origins_of([line]) == [origin]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "shop.example",
            "http://shop.example",
            "https://*.shop.example",
            "https://shop.example/a",
        ),
        *("javascript:alert(1)", "https://u:p@shop.example", "https://shop.example:99999", "*"),
    ],
)
def test_it_refuses_what_is_no_origin(line: str) -> None:
    with pytest.raises(RefusedError, match="no address"):
        widgets.origins_of([line])


def test_it_refuses_colours_nobody_can_read_and_names_one_that_works() -> None:
    with pytest.raises(RefusedError, match="has a contrast of") as refused:
        widgets.readable_colour("#ffff00")
    darker = refused.value.sentence.rstrip(".").split()[-1]
    assert widgets.readable_colour(darker) == darker
    with pytest.raises(RefusedError, match="six digits"):
        widgets.readable_colour("red; background: url(x)")


@pytest.mark.parametrize("colour", ["#000000", "#1f5c99", "#b3001b", "#767676", "#00008b"])
def test_a_readable_colour_is_readable_in_the_dark_too(colour: str) -> None:
    made = colours.of_brand(colour)
    assert colours.contrast(made["light"], made["on_light"]) >= 4.5
    assert colours.contrast(made["dark"], made["on_dark"]) >= 4.5
    assert colours.contrast(made["dark"], colours.DARK) >= 4.5
