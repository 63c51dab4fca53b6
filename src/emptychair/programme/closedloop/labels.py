"""The words for kinds, states, outcomes and steps of cases."""

from django.utils.translation import gettext_lazy as _

KINDS = {
    "unhappy": _("Unhappy"),
    "praise": _("Praise"),
    "idea": _("Idea"),
}
STATES = {
    "new": _("New"),
    "claimed": _("Claimed"),
    "contacted": _("Contacted"),
    "waiting": _("Waiting"),
    "closed": _("Closed"),
    "later": _("Held out"),
}
OUTCOMES = {
    "recovered": _("Recovered"),
    "unchanged": _("Unchanged"),
    "lost": _("Lost"),
    "unreachable": _("Not reached"),
    "thanked": _("Thanked"),
    "passed_on": _("Passed on"),
    "merged": _("Merged"),
}
# What may come of each kind; of praise and ideas nobody has to be won back.
OUTCOMES_OF = {
    "unhappy": ("recovered", "unchanged", "lost", "unreachable"),
    "praise": ("thanked", "passed_on", "unreachable"),
    "idea": ("passed_on", "thanked", "unreachable"),
}
CAUSE_OF = {
    "unhappy": _("What lay behind the score"),
    "praise": _("What was praised"),
    "idea": _("What the idea is"),
}
SILENCE = _("Silence")
ASSIGN = {
    "unit": _("Manager of the unit"),
    "account": _("Whoever had the account's last case"),
    "language": _("Whoever speaks the language"),
    "round_robin": _("Whoever waited longest"),
}
STEPS = {
    "opened": _("Opened"),
    "claimed": _("Claimed"),
    "contacted": _("Contacted"),
    "wrote": _("Wrote to the customer"),
    "answered": _("The customer wrote"),
    "waiting": _("Put aside"),
    "woken": _("Due again"),
    "closed": _("Closed"),
    "reopened": _("Opened again"),
    "reassigned": _("Handed over"),
    "merged": _("Merged into another case"),
    "merged_here": _("Another case was merged into this"),
    "escalated": _("Escalated: overdue"),
    "promised": _("Promised"),
    "kept": _("Promise kept"),
    "note": _("Remark"),
}
# What most often lies behind a score; a colleague may write something else.
CAUSES = (
    _("Waiting time"),
    _("Staff"),
    _("Product or quality"),
    _("Price"),
    _("Delivery"),
    _("Website or app"),
    _("Information"),
    _("Invoice or payment"),
    _("A misunderstanding"),
)
