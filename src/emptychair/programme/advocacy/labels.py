"""The words colleagues read for favours, states, channels and reasons."""

from django.utils.translation import gettext_lazy as _

FAVOURS = {
    "review": _("Review"),
    "referral": _("Referral link"),
    "reference": _("Reference"),
    "testimonial": _("Testimonial"),
    "cocreation": _("Co-creation"),
}
STATES = {
    "planned": _("Waiting to be sent"),
    "asked": _("Asked"),
    "accepted": _("Said yes"),
    "declined": _("Said no"),
    "suppressed": _("Not sent"),
}
CHANNELS = {
    "email": _("Mail"),
    "page": _("After the survey"),
    "person": _("In person"),
}
REASONS = {
    "left": _("No customer any more."),
    "said_no": _("Has said no to messages from us."),
    "no_address": _("We have no e-mail address."),
    "asked_lately": _("Was asked for a favour lately."),
    "in_case": _("A case about this customer is open: help first, ask later."),
    "not_promoter": _("The latest answer is not a promoter's, and this favour is for promoters."),
    "not_recent": _("The latest answer is too old."),
    "no_platform": _("Choose a platform for reviews."),
    "refused": _("The mail service did not take the message."),
}
EVERYONE = _("Everyone who answered")
PROMOTERS = _("Promoters alone")
