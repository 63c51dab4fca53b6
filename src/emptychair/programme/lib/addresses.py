"""E-mail addresses and phone numbers in one form, so that a no to one spelling is a no to all."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from emptychair.programme.lib.errors import RefusedError


def normal_email(address: str) -> str:
    """Return `address` in lower case, without a +tag, its domain in ASCII.

    Raises:
        RefusedError: it is not one e-mail address.
    """
    text = address.strip()
    local, at, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
        validate_email(f"{local}{at}{ascii_domain}")
    except (UnicodeError, ValidationError) as error:
        raise RefusedError("email_invalid", f"{address!r} is not an e-mail address.") from error
    plain = local.partition("+")[0] or local
    return f"{plain}@{ascii_domain}".casefold()


def normal_phone(number: str, country: str = "SE") -> str:
    """Return `number` as E.164 (+46701234567), read as from `country` when it names none.

    Raises:
        RefusedError: it is not a possible phone number.
    """
    try:
        parsed = phonenumbers.parse(number, country or "SE")
    except phonenumbers.NumberParseException as error:
        raise RefusedError("phone_invalid", f"{number!r} is not a phone number.") from error
    if not phonenumbers.is_valid_number(parsed):
        raise RefusedError("phone_invalid", f"{number!r} is not a phone number in use.")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
