"""Accounts: how each is, in count and money, and who in it says nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import Scope, may, scope_of
from emptychair.programme.customers.models import Account
from emptychair.programme.lib.lists import Column
from emptychair.programme.lib.templatetags.look import day, number
from emptychair.programme.relations import naming
from emptychair.programme.relations.base import Stat
from emptychair.programme.standing.models import (
    BUCKETS,
    AccountStanding,
    Health,
    Rule,
    Standing,
    State,
)
from emptychair.programme.standing.queries import (
    account_standings,
    accounts_by_health,
    silent_key_contacts,
    standings,
)
from emptychair.programme.visibility.today import Notice, NoticeLine

FILTERS: Final = ("health", "search")
SHOWN: Final = 4


@dataclass(frozen=True)
class ContactLine:
    """One contact of an account; `mark` is the score, or ? for who never answered."""

    name: str
    url: str
    role: str
    is_key: bool
    mark: str
    bucket: str
    state: str
    answered: str
    revenue: str


@dataclass(frozen=True)
class FirmPage:
    """Everything the page of an account shows."""

    name: str
    code: str
    health: str
    health_name: str
    why: str
    stats: tuple[Stat, ...]
    contacts: tuple[ContactLine, ...]


@dataclass(frozen=True)
class SilentContact:
    """A key contact who was asked and says nothing."""

    sentence: str
    url: str
    account: str
    account_url: str


@dataclass(frozen=True)
class SilentContacts:
    """How many key contacts say nothing, and the most valuable of them."""

    count: int
    sentence: str
    shown: tuple[SilentContact, ...]
    url: str


def firms_of(filters: Mapping[str, str], scope: Scope) -> QuerySet[AccountStanding]:
    """Return the accounts that the filters leave, the most valuable first."""
    found = account_standings(scope)
    if filters.get("health") in Health:
        found = found.filter(health=filters["health"])
    if filters.get("search"):
        found = found.filter(account__name__icontains=filters["search"])
    return found


def health_stats(scope: Scope) -> tuple[Stat, ...]:
    """Return accounts and money by health."""
    found = accounts_by_health(account_standings(scope))
    whole = sum(float(part.revenue) for part in found.values())
    if not sum(part.customers for part in found.values()):
        return ()
    return tuple(
        Stat(
            naming.health_name(health),
            number(part.customers),
            f"{naming.short_money(part.revenue)} ({number(100 * float(part.revenue) / whole)} %)"
            if whole
            else "",
            f"?health={health}",
        )
        for health, part in found.items()
    )


def rule_sentences(rule: Rule) -> tuple[str, ...]:
    """Return in words what makes an account safe, at risk or unknown."""
    roles = ", ".join(rule.key_roles) or _("none named yet")
    return (
        _("At risk: a key contact is a detractor, or there are more detractors than promoters."),
        _(
            "Unknown: nobody is a passive or promoter, or the account has key contacts and"
            " none of them is. Silence is never called safe."
        ),
        _("Safe: all others."),
        _("Key contacts: those whose %(trait)s is one of: %(roles)s.")
        % {"trait": rule.role_trait, "roles": roles},
        _("Only answers of the last %(days)d days count.") % {"days": rule.oldest_answer_days},
    )


def columns() -> tuple[Column, ...]:
    """Return the columns of the list of accounts."""
    return (
        Column(
            "account",
            _("Account"),
            lambda a: a.account.name,
            url=lambda a: reverse("customers:account", args=[a.pk]),
        ),
        Column("health", _("Health"), lambda a: naming.health_name(a.health)),
        Column("revenue", _("Revenue"), lambda a: float(a.revenue), "revenue", "number"),
        Column("contacts", _("Contacts"), lambda a: a.contacts, "contacts", "number"),
        Column("answered", _("With an answer"), lambda a: a.answered, "answered", "number"),
        Column("detractors", _("Detractors"), lambda a: a.detractors, "detractors", "number"),
        Column("promoters", _("Promoters"), lambda a: a.promoters, "promoters", "number"),
        Column(
            "key_silent", _("Silent key contacts"), lambda a: a.key_silent, "key_silent", "number"
        ),
    )


def firm_page(account: Account, scope: Scope) -> FirmPage:
    """Return the page of an account; only contacts within the reader's scope stand in it."""
    mine = standings(scope).filter(account=account)
    related = ["customer", *(["customer__contact"] if scope.pii else [])]
    found = list(mine.select_related(*related).order_by("-is_key", "role", "-revenue", "pk"))
    whole = AccountStanding.objects.filter(pk=account.pk).first()
    present = [one for one in found if one.state != State.LEFT]
    return FirmPage(
        name=account.name,
        code=account.code,
        health=whole.health if whole else "",
        health_name=naming.health_name(whole.health) if whole else "",
        why=_why(whole) if whole else "",
        stats=_stats(whole) if whole else (),
        contacts=tuple(_contact(one, scope) for one in present),
    )


def silent_contacts(scope: Scope) -> SilentContacts:
    """Return the key contacts who were asked and say nothing, for Today."""
    found = silent_key_contacts(scope)
    count = found.order_by().count()
    return SilentContacts(
        count=count,
        sentence=ngettext(
            "%(n)s key contact was asked and says nothing.",
            "%(n)s key contacts were asked and say nothing.",
            count,
        )
        % {"n": number(count)},
        shown=tuple(_silent(one, scope) for one in found[:SHOWN]),
        url=reverse("customers:customers") + "?key=yes&state=asked_silent",
    )


def silence_notice(user: User) -> Notice | None:
    """Return for Today which key contacts say nothing, or None."""
    if not may(user, "customer.read"):
        return None
    silent = silent_contacts(scope_of(user))
    if not silent.count:
        return None
    return Notice(
        name="silent-contacts",
        title=_("Key contacts who say nothing"),
        sentence=silent.sentence,
        lines=tuple(
            NoticeLine(one.sentence, one.url, one.account, one.account_url) for one in silent.shown
        ),
        url=silent.url,
        url_label=_("All silent key contacts"),
    )


def _silent(standing: Standing, scope: Scope) -> SilentContact:
    values = {"name": _name(standing, scope), "role": standing.role}
    if standing.state == State.TOO_OLD:
        values["day"] = day(standing.answered_on)
        sentence = _("%(name)s (%(role)s) has not answered since %(day)s.") % values
    else:
        sentence = _("%(name)s (%(role)s) was asked and never answered.") % values
    account = standing.account
    assert account is not None, "only contacts of accounts are asked for"
    return SilentContact(
        sentence,
        reverse("customers:customer", args=[standing.pk]),
        account.name,
        reverse("customers:account", args=[account.pk]),
    )


def _why(whole: AccountStanding) -> str:
    if whole.health == Health.RISK and whole.key_detractors:
        return _("A key contact is a detractor.")
    if whole.health == Health.RISK:
        return _("There are more detractors than promoters.")
    if whole.health == Health.UNKNOWN and whole.key_contacts:
        return _("No key contact has said anything good lately.")
    if whole.health == Health.UNKNOWN:
        return _("Nobody has said anything good lately.")
    return _("There are no more detractors than promoters, and no key contact is one.")


def _stats(whole: AccountStanding) -> tuple[Stat, ...]:
    return (
        Stat(_("Revenue, twelve whole months"), naming.short_money(whole.revenue)),
        Stat(_("Contacts"), number(whole.contacts)),
        Stat(_("With an answer"), number(whole.answered)),
        Stat(
            _("Silent key contacts"),
            number(whole.key_silent),
            _("of %(n)s") % {"n": number(whole.key_contacts)},
        ),
    )


def _contact(standing: Standing, scope: Scope) -> ContactLine:
    is_known = standing.state in BUCKETS
    return ContactLine(
        name=_name(standing, scope),
        url=reverse("customers:customer", args=[standing.pk]),
        role=standing.role,
        is_key=standing.is_key,
        mark=str(standing.score) if is_known else "?",
        bucket=standing.state if is_known else "",
        state=naming.state_name(standing.state),
        answered=day(standing.answered_on),
        revenue=naming.money(standing.revenue),
    )


def _name(standing: Standing, scope: Scope) -> str:
    contact = getattr(standing.customer, "contact", None) if scope.pii else None
    return contact.name if contact and contact.name else standing.customer.code


def by_role(contacts: Sequence[ContactLine]) -> tuple[tuple[str, tuple[ContactLine, ...]], ...]:
    """Return the contacts of each role, key roles first."""
    roles = list(dict.fromkeys(contact.role for contact in contacts))
    return tuple((role, tuple(one for one in contacts if one.role == role)) for role in roles)
