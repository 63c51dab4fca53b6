"""What customers do with an ask: say yes or no, give words, take them back, pass us on."""

import secrets
from collections.abc import Callable

from django.db import IntegrityError, transaction

from emptychair.programme.activity.models import Activity
from emptychair.programme.activity.services import record
from emptychair.programme.advocacy import whom
from emptychair.programme.advocacy.models import (
    Ask,
    Favour,
    Platform,
    Referral,
    ReferralLink,
    Testimonial,
)
from emptychair.programme.capture.models import Response
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.addresses import normal_email, normal_phone
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # read aloud, none is taken for another
CODE_LENGTH = 10  # 31 ** 10 codes: guessing one is stopped long before it is found
LONGEST_WORDS = 2_000
ANSWERABLE = (Ask.State.ASKED, Ask.State.ACCEPTED, Ask.State.DECLINED)


@transaction.atomic
def answer(one: Ask, *, is_yes: bool, note: str = "") -> None:
    """Note a customer's own answer; it may be changed as often as the customer likes."""
    state = Ask.State.ACCEPTED if is_yes else Ask.State.DECLINED
    changes = {"state": state, "answered_at": now(), "note": note.strip()[:LONGEST_WORDS]}
    if not Ask.objects.filter(pk=one.pk, state__in=ANSWERABLE).update(**changes):
        return  # withdrawn from sending before the link could be read
    if is_yes and one.favour == Favour.REFERRAL:
        link_of(one.customer)
    record(f"favour.{state}", one.public_id, favour=one.favour)


@transaction.atomic
def give_words(one: Ask, *, text: str, name: str, consent: str, language: str) -> Testimonial:
    """Keep words that may be shown, with the very words the customer agreed to.

    Raises:
        RefusedError: there are no words or no name.
    """
    text, name = text.strip()[:LONGEST_WORDS], name.strip()[:120]
    if not text or not name:
        raise RefusedError("bad_words", "Write a few words, and the name we may show.")
    kept, _is_new = Testimonial.objects.update_or_create(
        ask=one,
        defaults={
            "text": text,
            "shown_name": name,
            "consent": consent,
            "language": language,
            "consented_at": now(),
            "withdrawn_at": None,
            # Changed words are looked at again before they are shown.
            "approved_at": None,
            "approved_by": None,
        },
    )
    answer(one, is_yes=True)
    record("testimonial.given", kept.public_id, ask=one.public_id)
    return kept


@transaction.atomic
def withdraw_words(one: Ask) -> None:
    """Take a testimonial back: its words are gone, that there was one stays."""
    kept = Testimonial.objects.filter(ask=one, withdrawn_at=None).first()
    if kept is None:
        return
    kept.text, kept.shown_name, kept.withdrawn_at, kept.approved_at = "", "", now(), None
    kept.save()
    record("testimonial.withdrawn", kept.public_id, ask=one.public_id)


@transaction.atomic
def take_up(response: Response, *, favour: str, platform: Platform | None) -> Ask | None:
    """Store the ask that a customer took up after the survey; None if it may not be made now."""
    if response.customer_id is None:
        return None
    customer = Customer.objects.select_for_update().get(pk=response.customer_id)
    there = Ask.objects.filter(response=response, favour=favour, channel=Ask.Channel.PAGE).first()
    if there is not None:
        return there
    if whom.why_not(customer, favour, platform=platform, channel=Ask.Channel.PAGE):
        return None
    made = Ask.objects.create(
        customer=customer,
        response=response,
        favour=favour,
        platform=platform,
        channel=Ask.Channel.PAGE,
        unit=response.unit,
        state=Ask.State.ASKED,
        sent_at=now(),
    )
    whom.forget_candidate(customer)
    record("favour.asked", made.public_id, favour=favour)
    return made


def link_of(customer: Customer) -> ReferralLink:
    """Return the customer's own link; made on first use, open again if it was closed."""
    there = ReferralLink.objects.filter(customer=customer).first()
    if there is None:
        code = "".join(secrets.choice(ALPHABET) for _number in range(CODE_LENGTH))
        try:
            with transaction.atomic():
                return ReferralLink.objects.create(customer=customer, code=code)
        except IntegrityError:  # the other click was quicker
            return ReferralLink.objects.get(customer=customer)
    return there


@transaction.atomic
def be_referred(
    link: ReferralLink, *, name: str, email: str, phone: str, consent: str, language: str
) -> Referral:
    """Keep who came by a link and wants to hear from us; the same address once a link.

    Raises:
        RefusedError: the address or the phone number is none.
    """
    address = _checked("bad_email", lambda: normal_email(email))
    number = phone.strip() and _checked(
        "bad_phone", lambda: normal_phone(phone, link.customer.country)
    )
    unit = link.customer.unit.code if link.customer.unit else ""
    # The person's own form again corrects what was written before.
    made, is_new = Referral.objects.update_or_create(
        link=link,
        email=address,
        defaults={
            "name": name.strip()[:120], "phone": number or "", "consent": consent,
            "language": language, "unit": unit,
        },
    )  # fmt: skip
    if is_new:
        record("referral.came", made.public_id, link=link.code)
    return made


def _checked(code: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except RefusedError as error:
        raise RefusedError(code, error.sentence) from error


@transaction.atomic
def forget_advocate(activity: Activity) -> None:
    """Forget what an erased customer gave us, and whom the customer was that came by a link.

    Args:
        activity: `customer.erased`, its subject the customer's code.
    """
    customer = Customer.objects.filter(code=activity.subject).first()
    if customer is None:
        return
    Ask.objects.filter(customer=customer).delete()
    ReferralLink.objects.filter(customer=customer).delete()
    Referral.objects.filter(customer=customer).update(name="", email="", phone="", consent="")
