"""Writing to the customer from a case, and what comes back."""

import pytest

from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Invitation, Response, Survey
from emptychair.programme.closedloop.models import Case
from emptychair.programme.closedloop.writing import send_letter, write
from emptychair.programme.customers.consent import suppress
from emptychair.programme.customers.models import Contact, Message
from emptychair.programme.lib.errors import RefusedError


@pytest.fixture
def invited(case, customer):
    survey = Survey.objects.get()
    invitation = Invitation.objects.create(customer=customer, survey=survey, channel="email")
    Response.objects.update(invitation=invitation)
    return Case.objects.get()


def sent():
    return Activity.objects.get(action="case.mail_due")


def test_a_letter_goes_in_the_thread_of_the_question(invited, bob, settings, mailoutbox):
    settings.MAIL_RETURN = "nps@in.example.com"
    settings.MAIL_PROVIDER = ""
    write(invited, text="Vi ber om ursäkt.", by=bob)
    assert invited.first_contact_at is not None
    send_letter(sent(), 1)()
    send_letter(sent(), 2)()
    first, again = mailoutbox
    assert first.to == ["anna@example.com"]
    assert first.subject == "Om ditt svar till Nordhem"
    assert first.body.startswith("Vi ber om ursäkt.\n\nBob")
    assert first.reply_to[0].startswith("nps+r.")
    thread = invited.response.invitation.public_id
    assert thread in first.extra_headers["In-Reply-To"]
    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"]


def test_what_comes_back_stands_in_the_case(client, invited, bob):
    thread = invited.response.invitation.public_id
    contact = Contact.objects.get()
    Message.objects.create(contact=contact, channel="email", about=thread, text="Tack för svaret")
    Message.objects.create(contact=contact, channel="email", about="other", text="Något annat")
    client.force_login(bob)
    text = client.get(f"/actions/cases/{invited.public_id}/").content.decode()
    assert "Tack för svaret" in text
    assert "Något annat" not in text


def test_without_an_invitation_the_answer_goes_to_the_colleague(client, case, bob, mailoutbox):
    client.force_login(bob)
    client.post(f"/actions/cases/{case.public_id}/write", {"letter": "Hej"})
    send_letter(sent(), 1)()
    assert mailoutbox[0].reply_to == ["bob@nordhem.example"]


def test_nobody_who_said_no_is_written_to(client, case, bob, customer, mailoutbox):
    write(case, text="Hej", by=bob)
    suppress(customer, "unsubscribed")
    send_letter(sent(), 1)()
    assert mailoutbox == []
    with pytest.raises(RefusedError, match="said no"):
        write(case, text="Hej igen", by=bob)
    client.force_login(bob)
    assert "Or write" not in client.get(f"/actions/cases/{case.public_id}/").content.decode()


def test_an_empty_letter_is_refused(case, bob):
    with pytest.raises(RefusedError):
        write(case, text=" ", by=bob)
    assert not Activity.objects.filter(action="case.mail_due").exists()
