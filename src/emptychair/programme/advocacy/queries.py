"""Reads of favours: who could help, what was asked, whom promoters brought, what may be quoted."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.accounts.policy import Scope, scope_of
from emptychair.programme.advocacy.labels import CHANNELS, FAVOURS, REASONS, STATES
from emptychair.programme.advocacy.models import Ask, Candidate, Referral, Testimonial
from emptychair.programme.advocacy.whom import candidates, plan
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.lists import Column

CUSTOMERS = "customers"  # the goal of new customers brought


@dataclass(frozen=True)
class Goal:
    """How many are wanted this quarter, and how many there are."""

    name: object
    wanted: int
    reached: int

    @property
    def is_reached(self) -> bool:
        """Whether there are as many as wanted."""
        return self.reached >= self.wanted


@dataclass(frozen=True)
class Brought:
    """What referrals brought so far."""

    referrals: int
    customers: int
    revenue: Decimal


@dataclass(frozen=True)
class Summary:
    """The figures above the lists."""

    promoters: int
    asked: int
    accepted: int
    brought: Brought
    goals: tuple[Goal, ...]


def visible_asks(scope: Scope) -> QuerySet[Ask]:
    """Return the asks a reader may see."""
    asks = Ask.objects.select_related("customer__contact", "platform", "asked_by")
    return asks if scope.units is None else asks.filter(unit__in=scope.units)


def visible_referrals(scope: Scope) -> QuerySet[Referral]:
    """Return the referrals a reader may see: those by customers of the reader's units."""
    found = Referral.objects.select_related("link__customer__contact", "customer", "handled_by")
    return found if scope.units is None else found.filter(unit__in=scope.units)


def visible_testimonials(scope: Scope) -> QuerySet[Testimonial]:
    """Return the testimonials a reader may see, the newest first."""
    found = Testimonial.objects.select_related("ask__customer", "approved_by")
    if scope.units is not None:
        found = found.filter(ask__unit__in=scope.units)
    return found.order_by("-consented_at", "pk")


def summary(user: User) -> Summary:
    """Return how many could help, were asked and said yes this quarter, and what they brought."""
    scope, since = scope_of(user), quarter_start(today())
    asks = visible_asks(scope).filter(sent_at__date__gte=since)
    counted = asks.aggregate(n=Count("pk"), yes=Count("pk", filter=Q(state=Ask.State.ACCEPTED)))
    found = visible_referrals(scope)
    total = found.aggregate(n=Count("pk"), joined=Count("customer"), revenue=Sum("revenue"))
    return Summary(
        promoters=candidates(scope, everyone=False).count(),
        asked=counted["n"],
        accepted=counted["yes"],
        brought=Brought(total["n"], total["joined"], total["revenue"] or Decimal(0)),
        goals=_goals(scope, since),
    )


def _goals(scope: Scope, since: date) -> tuple[Goal, ...]:
    """Return the quarter's goals; they are the whole company's, so only its readers see them."""
    if scope.units is not None:
        return ()
    said_yes = Ask.objects.filter(state=Ask.State.ACCEPTED, answered_at__date__gte=since)
    reached = dict(said_yes.order_by().values_list("favour").annotate(n=Count("pk")))
    reached[CUSTOMERS] = Referral.objects.filter(joined_at__date__gte=since).count()
    names = {**FAVOURS, CUSTOMERS: _("New customers brought")}
    wanted = plan().goals
    return tuple(
        Goal(name, wanted[key], reached.get(key, 0))
        for key, name in names.items()
        if wanted.get(key)
    )


def quarter_start(day: date) -> date:
    """Return the first day of the quarter that `day` is in."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def candidate_columns(scope: Scope, *, may_ask: bool) -> tuple[Column, ...]:
    """Return the columns of who could help; names only for readers who may see them."""
    units = dict(Unit.objects.values_list("code", "name"))

    def name(one: Candidate) -> str:
        contact = getattr(one.customer, "contact", None)
        return (contact.name if scope.pii and contact else "") or one.customer.code

    def person(one: Candidate) -> str:
        return reverse("customers:customer", args=[one.customer_id])

    tick = (Column("row", _("Choose"), lambda c: str(c.pk), kind="tick"),) if may_ask else ()
    return (
        *tick,
        Column("name", _("Customer"), name, url=person),
        Column("score", _("Score"), lambda c: c.score, "score", "score"),
        Column("answered_at", _("Answered"), lambda c: c.answered_at, "answered_at", "moment"),
        Column("comment", _("Comment"), lambda c: c.comment, kind="long"),
        Column("revenue", _("Revenue, twelve months"), lambda c: c.revenue, "revenue", "number",
               empty_last=True),
        Column("unit", _("Unit"), lambda c: units.get(c.unit, c.unit), "unit"),
    )  # fmt: skip


def ask_columns(scope: Scope) -> tuple[Column, ...]:
    """Return the columns of the asks."""
    units = dict(Unit.objects.values_list("code", "name"))

    def name(one: Ask) -> str:
        contact = getattr(one.customer, "contact", None)
        return (contact.name if scope.pii and contact else "") or one.customer.code

    def state(one: Ask) -> str:
        reason = REASONS.get(one.suppressed_reason, one.suppressed_reason)
        return f"{STATES[one.state]}. {reason}" if reason else str(STATES[one.state])

    return (
        Column("planned_at", _("When"), lambda a: a.planned_at, "planned_at", "moment"),
        Column("customer", _("Customer"), name,
               url=lambda a: reverse("customers:customer", args=[a.customer_id])),
        Column("favour", _("Favour"), lambda a: str(FAVOURS[a.favour]), "favour"),
        Column("channel", _("How"), lambda a: str(CHANNELS[a.channel]), "channel"),
        Column("state", _("State"), state, "state"),
        Column("note", _("What was said"), lambda a: a.note, kind="long"),
        Column("asked_by", _("Asked by"), lambda a: str(a.asked_by or ""), "asked_by__name"),
        Column("unit", _("Unit"), lambda a: units.get(a.unit, a.unit), "unit"),
    )  # fmt: skip


def referral_columns(scope: Scope) -> tuple[Column, ...]:
    """Return the columns of the referrals and what they brought."""
    units = dict(Unit.objects.values_list("code", "name"))

    def referrer(one: Referral) -> str:
        if one.link is None:
            return ""
        contact = getattr(one.link.customer, "contact", None)
        return (contact.name if scope.pii and contact else "") or one.link.customer.code

    def who(one: Referral) -> str:
        return (one.name or one.email) if scope.pii else ""

    return (
        Column("at", _("Came"), lambda r: r.at, "at", "moment"),
        Column("referrer", _("Recommended by"), referrer),
        Column("who", _("Who came"), who),
        Column("phone", _("Phone"), lambda r: r.phone if scope.pii else ""),
        Column("handled_at", _("Contacted"), lambda r: r.handled_at, "handled_at", "moment"),
        Column("customer", _("Became customer"), lambda r: r.customer.code if r.customer else "",
               "joined_at",
               url=lambda r: reverse("customers:customer", args=[r.customer_id])
               if r.customer else "", empty_last=True),
        Column("revenue", _("Revenue so far"), lambda r: r.revenue, "revenue", "number",
               empty_last=True),
        Column("unit", _("Unit"), lambda r: units.get(r.unit, r.unit), "unit"),
    )  # fmt: skip


def chosen_candidates(scope: Scope, keys: list[str]) -> list[Candidate]:
    """Return the candidates with these keys that a reader may see."""
    numbers = [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 18]
    found = candidates(scope, everyone=True).filter(pk__in=numbers)
    return list(found.select_related("customer__unit", "response"))
