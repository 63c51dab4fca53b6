"""Which customers can and would help: recent, at ease, not asked lately, and free to say no."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Sum

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.advocacy.models import Ask, Candidate, Favour, Plan, Platform
from emptychair.programme.capture.models import Response
from emptychair.programme.customers import consent, sparing
from emptychair.programme.customers.models import Contact, Customer, Suppression, Value
from emptychair.programme.lib.clock import now, today

PROMOTER_FROM = 9
MOST = 20_000  # of the newest answers; nobody asks more people for favours
BATCH = 1_000


def plan() -> Plan:
    """Return how customers are asked, or how they are as long as nobody has said."""
    return Plan.objects.first() or Plan()


def asks_everyone(favour: str, platform: Platform | None) -> bool:
    """Say whether a favour is asked of everyone, because the platform's rules demand it."""
    return bool(favour == Favour.REVIEW and platform and platform.asks == Platform.Asks.EVERYONE)


def why_not(
    customer: Customer,
    favour: str,
    *,
    platform: Platform | None = None,
    channel: str = Ask.Channel.EMAIL,
    besides: Ask | None = None,
) -> str:
    """Return why a customer is not to be asked now, a name of `labels.REASONS`, or nothing.

    Args:
        customer: who would be asked.
        favour: for what.
        platform: where the review is written.
        channel: how; only a mail needs an address.
        besides: the ask that is about to be sent, which does not stand in its own way.
    """
    moment, how = now(), plan()
    if favour == Favour.REVIEW and (platform is None or not platform.is_on):
        return "no_platform"
    if customer.left_at is not None and customer.left_at <= moment:
        return "left"
    if not customer.contactable or consent.is_suppressed(customer):
        return "said_no"
    if channel == Ask.Channel.EMAIL and not address_of(customer):
        return "no_address"
    if sparing.spared([customer.pk]):
        return "in_case"
    asked = Ask.objects.filter(customer=customer).exclude(state=Ask.State.SUPPRESSED)
    if besides is not None:
        asked = asked.exclude(pk=besides.pk)
    if asked.filter(planned_at__gt=moment - timedelta(days=how.quiet_days)).exists():
        return "asked_lately"
    return _answer_speaks(customer, how, moment, everyone=asks_everyone(favour, platform))


def _answer_speaks(customer: Customer, how: Plan, moment: datetime, *, everyone: bool) -> str:
    latest = Response.objects.filter(customer=customer, held_reason="").order_by("-answered_at")
    answer = latest.first()
    if answer is None or answer.answered_at < moment - timedelta(days=how.recent_days):
        return "not_recent"
    return "" if everyone or answer.score >= PROMOTER_FROM else "not_promoter"


def address_of(customer: Customer) -> str:
    """Return the customer's e-mail address; empty if we have none."""
    contact = Contact.objects.filter(customer=customer).first()
    return contact.email if contact else ""


def candidates(scope: Scope, *, everyone: bool) -> QuerySet[Candidate]:
    """Return who could help, within a reader's scope, the newest answers first.

    Args:
        scope: which units the reader sees.
        everyone: of any score, for platforms whose rules demand it; else promoters alone.
    """
    found = Candidate.objects.select_related("customer__contact", "customer__account")
    if scope.units is not None:
        found = found.filter(unit__in=scope.units)
    if not everyone:
        found = found.filter(score__gte=PROMOTER_FROM)
    return found.order_by("-answered_at", "pk")


def refresh_candidates() -> None:
    """Make the list of who could help anew; the worker calls it."""
    fresh = list(_found())
    with transaction.atomic():
        Candidate.objects.all().delete()
        Candidate.objects.bulk_create(fresh, batch_size=BATCH)


def forget_candidate(customer: Customer) -> None:
    """Take a customer off the list until it is made anew."""
    Candidate.objects.filter(customer=customer).delete()


def _found() -> Iterator[Candidate]:
    how, moment = plan(), now()
    answers = Response.objects.filter(
        held_reason="",
        customer__contactable=True,
        customer__left_at=None,
        answered_at__gt=moment - timedelta(days=how.recent_days),
    ).exclude(customer__contact=None)
    asked = (
        Ask.objects.filter(planned_at__gt=moment - timedelta(days=how.quiet_days))
        .exclude(state=Ask.State.SUPPRESSED)
        .values("customer")
    )
    recent = answers.exclude(customer__in=asked).order_by("-answered_at", "pk")
    newest = recent.select_related("customer__contact", "customer__unit")[:MOST]
    seen: set[int] = set()
    waiting: list[Response] = []
    for response in newest.iterator(chunk_size=BATCH):
        if response.customer_id in seen or response.customer_id is None:
            continue
        seen.add(response.customer_id)
        waiting.append(response)
        if len(waiting) == BATCH:
            yield from _free(waiting)
            waiting = []
    yield from _free(waiting)


def _free(responses: list[Response]) -> Iterator[Candidate]:
    """Yield those of the answers whose customers neither said no nor are to be spared."""
    customers = {r.customer_id: r.customer for r in responses if r.customer is not None}
    hashes = {one.pk: consent.hashes_of(one, one.contact) for one in customers.values()}
    said_no = set(
        Suppression.objects.filter(
            address_hash__in=[text for texts in hashes.values() for text in texts]
        ).values_list("address_hash", flat=True)
    )
    spared = sparing.spared(list(hashes))
    revenue = _revenue_of(list(hashes))
    for response in responses:
        customer = response.customer
        if customer is None or customer.pk in spared or said_no & set(hashes[customer.pk]):
            continue
        yield Candidate(
            customer=customer,
            response=response,
            score=response.score,
            comment=response.comment,
            answered_at=response.answered_at,
            unit=customer.unit.code if customer.unit else response.unit,
            revenue=revenue.get(customer.pk),
        )


def _revenue_of(keys: list[int]) -> dict[int, Decimal]:
    values = Value.objects.filter(customer__in=keys, month__gt=today() - timedelta(days=365))
    totals = values.values_list("customer").annotate(total=Sum("revenue"))
    return dict(totals)


def latest_comment(customer: Customer) -> str:
    """Return what a customer wrote in the latest counted answer, empty if nothing."""
    latest = Response.objects.filter(customer=OuterRef("pk"), held_reason="")
    newest = latest.order_by("-answered_at").values("comment")[:1]
    found = Customer.objects.filter(pk=customer.pk).annotate(words=Subquery(newest))
    words: str | None = found.values_list("words", flat=True).first()
    return words or ""
