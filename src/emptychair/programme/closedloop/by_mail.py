"""Handle a case from the mail: a signed link that does one step of one case, once."""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from emptychair.programme.accounts.models import User
from emptychair.programme.accounts.policy import may
from emptychair.programme.closedloop import services
from emptychair.programme.closedloop.models import Case, MailLink
from emptychair.programme.closedloop.queries import visible_cases
from emptychair.programme.lib import tokens
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.errors import RefusedError

PURPOSE = "case-by-mail"
LINK_LIFE = timedelta(days=3)
STEPS = ("claim", "contact", "close")


def path_for(case: Case, user: User) -> str:
    """Return the address in a colleague's letter at which the case is handled once."""
    link, _is_new = MailLink.objects.get_or_create(
        case=case, user=user, sent_on=today(), defaults={"expires_at": now() + LINK_LIFE}
    )
    return reverse("by_mail:case", args=[tokens.sign(PURPOSE, link.public_id, link.expires_at)])


def link_of(token: str) -> MailLink | None:
    """Return the link that a token speaks for; None if it is none of ours or has expired.

    It speaks for a colleague who may still log in and still sees the case.
    """
    public_id = tokens.verify(PURPOSE, token, now())
    related = ("user__unit", "case__response__survey", "case__rule", "case__owner")
    link = MailLink.objects.select_related(*related).filter(public_id=public_id or "").first()
    if link is None or not link.user.is_active or not may(link.user, "case.change"):
        return None
    return link if visible_cases(link.user).filter(pk=link.case.pk).exists() else None


@transaction.atomic
def use(link: MailLink, *, step: str, said: str, outcome: str, root_cause: str) -> None:
    """Do one step of the link's case; a step that is refused leaves the link as it was.

    Raises:
        RefusedError: the link was used, or the step is refused (see `services`).
    """
    if step not in STEPS:
        raise RefusedError("step_unknown", _("Choose what you did."))
    unused = MailLink.objects.filter(pk=link.pk, used_at=None)
    if not unused.update(used_at=now(), step=step):
        raise RefusedError("link_used", _("This link was used already: log in for more."))
    if step == "claim":
        services.claim(link.case, by=link.user)
    elif step == "contact":
        services.contact(link.case, said=said, by=link.user)
    else:
        _close(link, said, outcome, root_cause)


def _close(link: MailLink, said: str, outcome: str, root_cause: str) -> None:
    """Close the case; what was said is noted as the contact if there was none before."""
    if link.case.first_contact_at is None and said.strip() and outcome != Case.Outcome.UNREACHABLE:
        services.contact(link.case, said=said, by=link.user)
        said = ""
    services.close(link.case, outcome=outcome, root_cause=root_cause, said=said, by=link.user)


def forget_old_links() -> None:
    """Remove the links that expired; what they did stands in the case."""
    MailLink.objects.filter(expires_at__lt=now()).delete()
