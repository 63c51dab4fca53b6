"""Promoters of the simulated company who help: asks, referral links, words that may be quoted."""

from datetime import timedelta

from django.db.models import Count

from emptychair.programme.accounts.models import User
from emptychair.programme.activity.models import Activity
from emptychair.programme.advocacy import asking, bringing, giving, services, whom
from emptychair.programme.advocacy.models import Ask, Candidate, Favour, Platform, Referral
from emptychair.programme.advocacy.words import words_in
from emptychair.programme.capture.models import Response
from emptychair.programme.closedloop.praising import pass_on_praise
from emptychair.programme.customers.arriving import note_arrival
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now

PLAN = {
    "quiet_days": 180,
    "recent_days": 180,
    "on_page": Favour.REFERRAL,
    "by_itself": "",
    "wait_days": 3,
    "offer": "",
    "goals": {"referral": 20, "testimonial": 5, "customers": 10},
}
ASKED = 24
PRAISE_DAYS = 60
FAVOURS = (Favour.REFERRAL, Favour.TESTIMONIAL, Favour.REFERRAL, Favour.REFERENCE)
WAITING = ("Olle Ek", "Mette Lund", "Siri Vik")


def help_along(owner: User) -> None:
    """Ask some of the promoters, let most of them say yes, and bring customers by their links."""
    services.save_plan(PLAN, by=owner)
    platform = Platform(name="Omdömen.example", url="https://omdomen.example/nordhem")
    services.save_platform(platform, by=owner)
    whom.refresh_candidates()
    chosen = Candidate.objects.filter(score__gte=whom.PROMOTER_FROM).exclude(comment="")
    for number, candidate in enumerate(chosen.select_related("customer")[:ASKED]):
        favour = FAVOURS[number % len(FAVOURS)]
        one = asking.ask(
            candidate.customer, favour=favour, channel=Ask.Channel.PERSON,
            response=candidate.response, by=owner,
        )  # fmt: skip
        if number % 6 < 4:
            _say_yes(one, candidate.comment)
        elif number % 6 == 4:
            giving.answer(one, is_yes=False)
    _bring()
    bringing.follow_referrals()


def _say_yes(one: Ask, comment: str) -> None:
    if one.favour != Favour.TESTIMONIAL:
        giving.answer(one, is_yes=True)
        return
    language = one.customer.language
    consent = words_in(language)["testimonial_consent"]
    name = one.customer.contact.name
    giving.give_words(one, text=comment, name=name, consent=consent, language=language)


def _bring() -> None:
    """Let newcomers have come by the links, and a few people wait to hear from us."""
    advocates = Customer.objects.filter(referrallink__isnull=False).order_by("pk")
    links = [giving.link_of(customer) for customer in advocates]
    newcomers = Customer.objects.filter(
        created_at__gt=now() - timedelta(days=300), left_at=None, traits__origin="earned"
    ).order_by("pk")
    for number, newcomer in enumerate(newcomers[: len(links)]):
        link = links[number % len(links)]
        unit = link.customer.unit.code if link.customer.unit else ""
        Referral.objects.create(
            link=link, unit=unit, at=newcomer.created_at, customer=newcomer,
            joined_at=newcomer.created_at,
        )  # fmt: skip
        note_arrival(newcomer, origin="earned", referrer=link.customer, at=newcomer.created_at)
    for name, link in zip(WAITING, links, strict=False):
        email = f"{name.split()[0].lower()}@example.com"
        consent = words_in("sv")["landing_consent"]
        giving.be_referred(link, name=name, email=email, phone="", consent=consent, language="sv")


def praise_colleague(colleague: User) -> None:
    """Make a colleague the employee who served most customers of the unit; pass praise on."""
    assert colleague.unit is not None
    there = Response.objects.filter(unit=colleague.unit.code, held_reason="").exclude(employee="")
    busiest = there.values_list("employee").annotate(n=Count("pk")).order_by("-n").first()
    if busiest is None:
        return
    User.objects.filter(pk=colleague.pk).update(employee=busiest[0])
    since = now() - timedelta(days=PRAISE_DAYS)
    for response in there.filter(employee=busiest[0], answered_at__gt=since):
        pass_on_praise(Activity(action="response.released", subject=response.public_id))
