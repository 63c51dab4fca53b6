"""Chat addresses of single colleagues: of services whose host is fixed, so that none leads inside.

An address decides where this machine connects to. Whoever runs the installation may set any
(`EMPTYCHAIR_CHAT`); a colleague may only choose services of which Apprise knows the host.
"""

from django.utils.translation import gettext as _

from emptychair.programme.lib.errors import RefusedError

SERVICES = {
    "slack": "Slack",
    "workflows": "Microsoft Teams",
    "msteams": "Microsoft Teams",
    "discord": "Discord",
    "tgram": "Telegram",
    "gchat": "Google Chat",
    "wxteams": "Webex",
    "pover": "Pushover",
}
LONGEST = 300


def check_chat(address: str) -> str:
    """Return a colleague's chat address as it is kept.

    Raises:
        RefusedError: it is of no service of `SERVICES`, or Apprise cannot read it.
    """
    address = address.strip()
    if service_of(address) == "" or len(address) > LONGEST or not address.isprintable():
        sentence = _("Write an address as Apprise does, of one of: %(names)s.")
        names = ", ".join(f"{scheme}://" for scheme in SERVICES)
        raise RefusedError("chat_unknown", sentence % {"names": names})
    import apprise  # takes half a second: only when an address is entered

    if not apprise.Apprise().add(address):
        raise RefusedError("chat_unreadable", _("The service would not understand this address."))
    return address


def service_of(address: str) -> str:
    """Return the name of the service of an address, which is safe to show; empty if unknown."""
    scheme, found, _rest = address.partition("://")
    return SERVICES.get(scheme.lower(), "") if found else ""
