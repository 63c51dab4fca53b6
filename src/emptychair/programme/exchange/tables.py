"""What each kind of file may hold: the columns of the table contract, in words a person reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_lazy as _

RATING = "rating_"
TRAIT = "attr_"

Meaning = Literal["text", "id", "score", "rating", "moment", "day", "number", "flag", "code"]


@dataclass(frozen=True)
class Field:
    """One column of a table: what it means, what a person calls it, what a file may call it.

    `most` is the number of characters that can be kept. A `code` is short and kept in small
    letters. Synonyms are compared as small words without punctuation.
    """

    name: str
    meaning: Meaning
    label: object
    required: bool = False
    most: int = 60
    synonyms: tuple[str, ...] = ()


CUSTOMER_ID = (
    "customer id", "customerid", "customer", "customer number", "customer no", "client id",
    "user id", "person id", "contact id", "external id", "kundnummer", "kundnr", "kund id",
    "kundid", "kundenummer", "kundenr", "kunde id", "kundeid", "medlemsnummer", "medlemsnr",
)  # fmt: skip
UNIT = ("unit", "unit code", "store", "branch", "enhet", "enhed", "butik", "kontor", "filial",
        "avdelning", "afdeling", "enhetskod", "enhedskode")  # fmt: skip
COUNTRY = ("country", "country code", "land", "landskod", "landekode")
LANGUAGE = ("language", "locale", "språk", "sprog")

RESPONSES = (
    Field("score", "score", _("Score 0 to 10"), required=True),
    Field("answered_at", "moment", _("Answered at (moment)")),
    Field("answered_on", "day", _("Answered on (date)")),
    Field("response_id", "id", _("Response id"), most=200),
    Field("customer_id", "id", _("Customer id"), most=80),
    Field("account_id", "id", _("Account id"), most=80),
    Field("comment", "text", _("Comment"), most=10_000),
    Field("unit", "id", _("Unit code")),
    Field("employee", "id", _("Employee")),
    Field("touchpoint", "id", _("Touchpoint")),
    Field("channel", "code", _("Channel"), most=10),
    Field("language", "code", _("Language"), most=2),
    Field("survey", "id", _("Survey"), most=120),
    Field("asked_at", "moment", _("Asked at (moment)")),
    Field("wording", "id", _("Wording"), most=80),
    Field("held_reason", "code", _("Held, because"), most=40),
)
CUSTOMERS = (
    Field("customer_id", "id", _("Customer id"), most=80, synonyms=CUSTOMER_ID),
    Field("name", "text", _("Name"), most=200,
          synonyms=("name", "full name", "customer name", "namn", "navn", "fulde navn")),
    Field("email", "id", _("E-mail"), most=254,
          synonyms=("email", "e mail", "email address", "e mail address", "mail", "epost",
                    "e post", "e postadress", "mejl", "mailadresse")),
    Field("phone", "id", _("Phone"), most=20,
          synonyms=("phone", "phone number", "mobile", "telefon", "telefonnummer", "mobil",
                    "mobilnummer")),
    Field("account_id", "id", _("Account id"), most=80,
          synonyms=("account id", "company id", "orgnr", "cvr", "företagskund", "firmakunde")),
    Field("unit", "id", _("Unit code"), synonyms=UNIT),
    Field("language", "code", _("Language"), most=2, synonyms=LANGUAGE),
    Field("country", "code", _("Country"), most=2, synonyms=COUNTRY),
    Field("contactable", "flag", _("May be contacted"),
          synonyms=("contactable", "may contact", "opt in", "kontaktbar", "må kontaktes")),
    Field("created_at", "moment", _("Customer since"),
          synonyms=("created at", "created", "customer since", "kund sedan", "kunde siden",
                    "skapad", "oprettet")),
    Field("left_at", "moment", _("Left at"),
          synonyms=("left at", "left", "churned at", "churn date", "ended", "lämnade",
                    "avslutad", "ophørt", "opsagt")),
    Field("left_reason", "text", _("Left, because"),
          synonyms=("left reason", "churn reason", "reason for leaving", "orsak", "årsag")),
)  # fmt: skip
VALUES = (
    Field("customer_id", "id", _("Customer id"), required=True, most=80, synonyms=CUSTOMER_ID),
    Field("month", "day", _("Month"), required=True,
          synonyms=("month", "period", "månad", "måned")),
    Field("revenue", "number", _("Revenue"), required=True,
          synonyms=("revenue", "sales", "turnover", "amount", "intäkt", "intäkter",
                    "omsättning", "omsætning", "indtægt")),
    Field("margin", "number", _("Margin"),
          synonyms=("margin", "gross margin", "marginal", "täckningsbidrag", "dækningsbidrag",
                    "avance")),
    Field("cost_to_serve", "number", _("Cost to serve"),
          synonyms=("cost to serve", "service cost", "servicekostnad", "serviceomkostning")),
)  # fmt: skip
EVENTS = (
    Field("customer_id", "id", _("Customer id"), required=True, most=80, synonyms=CUSTOMER_ID),
    Field("at", "moment", _("When"), required=True,
          synonyms=("at", "time", "date", "event date", "timestamp", "tidpunkt", "datum", "dato",
                    "created at")),
    Field("kind", "code", _("What happened"), required=True, most=40,
          synonyms=("kind", "event", "event type", "type", "händelse", "händelsetyp", "hændelse",
                    "hændelsestype", "typ")),
    Field("amount", "number", _("Amount"), synonyms=("amount", "value", "belopp", "beløb")),
)  # fmt: skip
UNITS = (
    Field("code", "id", _("Unit code"), required=True,
          synonyms=("code", "id", *(word for word in UNIT if word != "unit"))),
    Field("name", "text", _("Name"), most=120,
          synonyms=("name", "unit name", "namn", "navn", "enhetsnamn", "enhedsnavn")),
    Field("parent", "id", _("Belongs to (unit code)"),
          synonyms=("parent", "belongs to", "parent code", "region", "tillhör", "hører til")),
    Field("country", "code", _("Country"), most=2, synonyms=COUNTRY),
    Field("time_zone", "id", _("Time zone"),
          synonyms=("time zone", "timezone", "tidszon", "tidszone")),
)  # fmt: skip

FIELDS: Mapping[str, tuple[Field, ...]] = {
    "responses": RESPONSES,
    "customers": CUSTOMERS,
    "values": VALUES,
    "events": EVENTS,
    "units": UNITS,
}


def field_of(kind: str, name: str) -> Field:
    """Return the description of column `name`, also of a rating or trait.

    Raises:
        KeyError: this kind of file has no such column.
    """
    for field in FIELDS[kind]:
        if field.name == name:
            return field
    if kind == "responses" and name.startswith(RATING) and name != RATING:
        return Field(name, "rating", name.removeprefix(RATING))
    if kind in ("responses", "customers") and name.startswith(TRAIT) and name != TRAIT:
        return Field(name, "text", name.removeprefix(TRAIT), most=200)
    raise KeyError(name)
