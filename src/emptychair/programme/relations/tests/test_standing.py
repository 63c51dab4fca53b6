from datetime import timedelta

import pytest

from emptychair.analysis.customers.buckets import SILENT as SILENT_BUCKET
from emptychair.analysis.customers.buckets import current_buckets
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.holding import hold, release
from emptychair.programme.capture.models import Invitation
from emptychair.programme.customers.models import Value
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.standing import following, services
from emptychair.programme.standing.models import SILENT, AccountStanding, Rule, Standing
from emptychair.programme.warehouse import tables
from emptychair.programme.warehouse.services import synchronise


def states() -> dict[str, str]:
    return dict(Standing.objects.values_list("customer__code", "state"))


def test_it_tells_three_buckets_and_three_kinds_of_silence(customer, answer):
    customer("anna", 3, 10)
    customer("bo", 8)
    customer("cim", 9, 6)
    customer("disa", asked=True)
    customer("egil")
    answer(customer("freja"), 10, days=366)
    customer("gun", 9, left_at=now() - timedelta(days=1))
    synchronise()
    assert states() == {
        "anna": "promoter",
        "bo": "passive",
        "cim": "detractor",
        "disa": "never_answered",
        "egil": "never_asked",
        "freja": "too_old",
        "gun": "left",
    }


def test_it_agrees_with_the_library_on_every_customer(customer, answer):
    for i in range(40):
        one = customer(f"c{i}", asked=i % 3 == 0)
        for k in range(i % 4):
            answer(one, (i * 7 + k * 3) % 11, days=(i * 37 + k * 91) % 500)
    synchronise()
    found = current_buckets(tables.responses(), tables.table("customers"), on=today())
    library = {row["customer_id"]: row["bucket"] for row in found.to_pyarrow().to_pylist()}
    ours = {code: SILENT_BUCKET if state in SILENT else state for code, state in states().items()}
    assert ours == library
    assert len(set(ours.values())) == 4


def test_it_follows_holds_and_releases(customer, answer):
    anna = customer("anna", 9)
    latest = answer(anna, 2, days=0)
    synchronise()
    assert states() == {"anna": "detractor"}
    hold([latest.public_id], reason="staff")
    synchronise()
    assert states() == {"anna": "promoter"}
    release([latest.public_id], by="")
    synchronise()
    assert states() == {"anna": "detractor"}


def test_it_follows_a_response_that_is_gone(customer, answer):
    anna = customer("anna")
    response = answer(anna, 2)
    synchronise()
    public_id = response.public_id
    response.delete()
    mark_changed("responses", [public_id])
    synchronise()
    assert states() == {"anna": "never_asked"}
    assert Standing.objects.get().response == ""


def test_it_forgets_whom_the_eraser_forgets(customer):
    anna = customer("anna", 9, asked=True, revenue=500, account="acme")
    synchronise()
    assert AccountStanding.objects.get().contacts == 1
    erase(anna)
    synchronise()
    left = Standing.objects.get()
    assert (left.state, left.score, left.response, left.revenue) == ("never_asked", None, "", 0)
    assert not AccountStanding.objects.exists()


def test_it_counts_the_revenue_of_the_last_twelve_whole_months(customer):
    anna = customer("anna", revenue=500)
    this_month = today().replace(day=1)
    for month, revenue in ((this_month, 70), (this_month.replace(year=this_month.year - 1), 40)):
        Value.objects.create(customer=anna, month=month, revenue=revenue)
    before = this_month.replace(year=this_month.year - 1) - timedelta(days=1)
    Value.objects.create(customer=anna, month=before.replace(day=1), revenue=3)
    mark_changed("values", ["anna"])
    synchronise()
    assert Standing.objects.get().revenue == 540


def test_an_ask_makes_the_never_asked_silent_in_another_way(customer, survey):
    anna = customer("anna")
    synchronise()
    assert states() == {"anna": "never_asked"}
    ask = Invitation.objects.create(
        customer=anna, survey=survey, channel="email", sent_at=now(), outcome="sent"
    )
    mark_changed("invitations", [ask.public_id])
    synchronise()
    assert states() == {"anna": "never_answered"}


def test_the_calendar_makes_answers_too_old_and_customers_gone(customer, answer, monkeypatch):
    answer(customer("anna"), 9, days=300)
    customer("bo", 9, left_at=now() + timedelta(days=50))
    synchronise()
    following.follow_calendar()
    later = now() + timedelta(days=100)
    monkeypatch.setattr(following, "now", lambda: later)
    monkeypatch.setattr(following, "today", lambda: later.date())
    assert states() == {"anna": "promoter", "bo": "promoter"}
    following.follow_calendar()
    assert states() == {"anna": "too_old", "bo": "left"}


def test_the_age_limit_is_the_programmes_own(customer, answer):
    answer(customer("anna"), 9, days=100)
    synchronise()
    following.follow_calendar()
    rule = following.current_rule()
    assert following.is_following(rule)
    services.change_rule(oldest_answer_days=90, role_trait="role", key_roles=["Buyer"], by="x")
    assert not following.is_following(following.current_rule())
    following.follow_calendar()
    assert states() == {"anna": "too_old"}
    assert following.is_following(following.current_rule())


@pytest.mark.parametrize("days", [0, 29, 1826])
def test_an_age_that_makes_no_sense_is_refused(db, days):
    with pytest.raises(RefusedError, match="30 to 1825 days"):
        services.change_rule(oldest_answer_days=days, role_trait="role", key_roles=[], by="")
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("contacts", "health"),
    [
        ([("user", 9), ("decision maker", 9)], "safe"),
        ([("user", 9), ("Decision Maker", 6)], "risk"),
        ([("user", 2), ("user", 3), ("decision maker", 9)], "risk"),
        ([("user", 9), ("decision maker", None)], "unknown"),
        ([("user", None), ("user", None)], "unknown"),
        ([("user", 7)], "safe"),
    ],
)
def test_the_health_of_an_account_follows_its_contacts(customer, contacts, health):
    for i, (role, score) in enumerate(contacts):
        scores = () if score is None else (score,)
        customer(f"c{i}", *scores, asked=True, revenue=100, account="acme", traits={"role": role})
    synchronise()
    account = AccountStanding.objects.get()
    assert (account.health, account.contacts) == (health, len(contacts))
    assert account.revenue == 100 * len(contacts)


def test_a_customer_who_changes_accounts_changes_both(customer):
    anna = customer("anna", 9, account="acme")
    customer("bo", 2, account="acme")
    cim = customer("cim", 9, account="other")
    synchronise()
    anna.account = cim.account
    anna.save()
    mark_changed("customers", ["anna"])
    synchronise()
    found = AccountStanding.objects.values_list("account__code", "contacts", "health")
    assert set(found) == {("acme", 1, "risk"), ("other", 2, "safe")}
