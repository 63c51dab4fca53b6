"""Write the staged rows of a file, one chunk at a time; every function runs in a transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils.text import slugify

from emptychair.programme.accounts.models import Unit
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.customers.consent import hashes_of, suppress_hashes
from emptychair.programme.customers.models import Account, Contact, Customer, Segment
from emptychair.programme.customers.services import refresh_memberships
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tables import TRAIT
from emptychair.programme.exchange.traces import customer_state, remember, unit_state
from emptychair.programme.lib.bulk import columns_of, create_many
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.tokens import new_id

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tally:
    """What one chunk did: rows added, changed, and there already."""

    added: int = 0
    changed: int = 0
    repeated: int = 0


def utc(moment: datetime | None) -> datetime | None:
    """Return a staged moment with its zone."""
    return moment.replace(tzinfo=UTC) if moment is not None else None


def ensure_units(imported: Import, codes: Iterable[str]) -> dict[str, int]:
    """Return the keys of units by code; those that are missing are made, named by their code."""
    wanted = sorted({code for code in codes if code})
    known = dict(Unit.objects.filter(code__in=wanted).values_list("code", "pk"))
    missing = [code for code in wanted if code not in known]
    made = Unit.objects.bulk_create([Unit(code=code, name=code) for code in missing])
    remember(imported, "units", [(unit.pk, None, unit_state(unit)) for unit in made])
    return known | {unit.code: unit.pk for unit in made}


def ensure_accounts(imported: Import, codes: Iterable[str]) -> dict[str, int]:
    """Return the keys of accounts by code; those that are missing are made."""
    wanted = sorted({code for code in codes if code})
    known = dict(Account.objects.filter(code__in=wanted).values_list("code", "pk"))
    missing = [code for code in wanted if code not in known]
    made = Account.objects.bulk_create([Account(code=code, name=code) for code in missing])
    remember(imported, "accounts", [(one.pk, None, {"name": one.name}) for one in made])
    return known | {account.code: account.pk for account in made}


@dataclass(frozen=True, slots=True)
class Known:
    """What a row needs to know about its customer."""

    pk: int
    code: str
    unit: str
    language: str
    traits: dict[str, Any]


def ensure_customers(imported: Import, rows: Sequence[Row]) -> dict[str, Known]:
    """Return the customers whom rows name, by what they are named; missing ones are made.

    An address is never a customer's id: a row that names one by e-mail finds the customer who
    has that address, or makes one with an id of our own.
    """
    named = {row["customer_id"]: row for row in rows if row.get("customer_id")}
    found = _known(named)
    missing = {name: row for name, row in named.items() if name not in found}
    if missing:
        _make_customers(imported, missing)
        found |= _known(missing)
    return found


def _known(names: Iterable[str]) -> dict[str, Known]:
    columns = ("id", "code", "unit_id", "language", "traits")
    wanted = list(names)
    units = dict(Unit.objects.values_list("pk", "code"))
    found = {
        code: Known(pk, code, units.get(unit, ""), language, _traits(traits))
        for pk, code, unit, language, traits in columns_of(Customer, columns, "code", wanted)
    }
    return found | {
        name: Known(c.pk, c.code, c.unit.code if c.unit else "", c.language, c.traits)
        for name, c in _reached_by_mail(wanted).items()
    }


def _traits(text: str) -> dict[str, Any]:
    """Return traits from the JSON the database holds; most customers have none."""
    traits: dict[str, Any] = {} if text == "{}" else json.loads(text)
    return traits


def _make_customers(imported: Import, missing: Mapping[str, Row]) -> None:
    units = dict(Unit.objects.values_list("code", "pk"))
    accounts = ensure_accounts(imported, _values(missing.values(), "account_id"))
    made = [
        Customer(
            code=new_id() if "@" in name else name,
            account_id=accounts.get(row.get("account_id") or ""),
            unit_id=units.get(row.get("unit") or ""),
            language=row.get("language") or "",
            source=imported.public_id,
        )
        for name, row in missing.items()
    ]
    create_many(made, "code")
    contacts = {
        customer.pk: Contact(customer=customer, email=name.lower())
        for customer, name in zip(made, missing, strict=True)
        if "@" in name
    }
    Contact.objects.bulk_create(contacts.values())
    traces = [(c.pk, None, customer_state(c, contacts.get(c.pk))) for c in made]
    remember(imported, "customers", traces)
    after_customers_changed(made)


def find_customers(names: Iterable[str]) -> dict[str, Customer]:
    """Return the known customers by id, or by e-mail address where the name is one."""
    wanted = list(names)
    return {one.code: one for one in Customer.objects.filter(code__in=wanted)} | _reached_by_mail(
        wanted
    )


def _reached_by_mail(names: Iterable[str]) -> dict[str, Customer]:
    """Return the customers who have those of `names` that are addresses; the oldest of several."""
    emails = {name.lower(): name for name in names if "@" in name}
    if not emails:
        return {}
    reached = Contact.objects.filter(email__in=list(emails)).order_by("-pk")
    return {emails[one.email]: one.customer for one in reached.select_related("customer__unit")}


def after_customers_changed(customers: Sequence[Customer]) -> None:
    """Tell the warehouse, and decide anew which segments the customers belong to."""
    mark_changed("customers", [customer.code for customer in customers])
    segments = list(Segment.objects.all())
    if segments:
        refresh_memberships(segments, [customer.pk for customer in customers])


def write_customers(imported: Import, rows: Sequence[Row]) -> Tally:
    """Bring customers in, or up to date; what a file does not say stays as it is."""
    rows = [{**row, "customer_id": row.get("customer_id") or row["email"].lower()} for row in rows]
    units = ensure_units(imported, _values(rows, "unit"))
    accounts = ensure_accounts(imported, _values(rows, "account_id"))
    found = find_customers([row["customer_id"] for row in rows])
    contacts = {
        contact.customer_id: contact
        for contact in Contact.objects.filter(customer__in=list(found.values()))
    }
    touched = []
    for row in rows:
        customer = found.get(row["customer_id"])
        contact = contacts.get(customer.pk) if customer else None
        before = customer_state(customer, contact) if customer else None
        if customer is None:
            code = row["customer_id"]
            customer = Customer(code=new_id() if "@" in code else code, source=imported.public_id)
        contact = _fill(customer, contact, row, units, accounts)
        if before is None or customer_state(customer, contact) != before:
            touched.append(_Touched(customer, contact, before))
    _save_customers(imported, touched)
    made = sum(one.before is None for one in touched)
    return Tally(made, len(touched) - made, len(rows) - len(touched))


@dataclass(frozen=True)
class _Touched:
    """A customer that a row made (`before` is None) or changed."""

    customer: Customer
    contact: Contact | None
    before: dict[str, Any] | None


def _fill(
    customer: Customer,
    contact: Contact | None,
    row: Row,
    units: Mapping[str, int],
    accounts: Mapping[str, int],
) -> Contact | None:
    """Put what a row says onto a customer; return the contact, made if the row names one."""
    for name in ("language", "country", "left_reason"):
        if row.get(name):
            setattr(customer, name, row[name])
    for name in ("created_at", "left_at"):
        if row.get(name) is not None:
            setattr(customer, name, utc(row[name]))
    if row.get("contactable") is not None:
        customer.contactable = row["contactable"]
    if row.get("unit"):
        customer.unit_id = units[row["unit"]]
    if row.get("account_id"):
        customer.account_id = accounts[row["account_id"]]
    traits = traits_of(row)
    if traits:
        customer.traits = {**customer.traits, **traits}
    said = {name: row[name] for name in ("name", "email", "phone") if row.get(name)}
    if said:
        contact = contact or Contact(customer=customer)
        contact.name = said.get("name", contact.name)
        contact.email = said.get("email", contact.email).lower()
        contact.phone = said.get("phone", contact.phone)
    return contact


def _save_customers(imported: Import, touched: Sequence[_Touched]) -> None:
    create_many([one.customer for one in touched if one.before is None], "code")
    fields = ["account", "unit", "language", "country", "contactable", "created_at", "left_at"]
    Customer.objects.bulk_update(
        [one.customer for one in touched if one.before is not None],
        [*fields, "left_reason", "traits"],
        batch_size=500,
    )
    contacts = [one.contact for one in touched if one.contact]
    for contact in contacts:
        contact.customer_id = contact.customer.pk
    Contact.objects.bulk_create(
        contacts,
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["name", "email", "phone"],
    )
    _hold_noes(imported, touched)
    traces = [(t.customer.pk, t.before, customer_state(t.customer, t.contact)) for t in touched]
    remember(imported, "customers", traces)
    after_customers_changed([one.customer for one in touched])


def _hold_noes(imported: Import, touched: Sequence[_Touched]) -> None:
    """Put on the suppression list whom the file says not to contact, whatever later files say."""
    refusing = [
        one
        for one in touched
        if not one.customer.contactable and (one.before is None or one.before["contactable"])
    ]
    hashes = [
        one_hash
        for one in refusing
        for one_hash in hashes_of(one.customer, one.contact or Contact(customer=one.customer))
    ]
    suppress_hashes(hashes, "import", source=imported.public_id)


def traits_of(row: Row) -> dict[str, Any]:
    """Return the traits a row names; numbers as numbers, so that segment rules may compare them."""
    return {
        name.removeprefix(TRAIT): number_or_text(value)
        for name, value in row.items()
        if name.startswith(TRAIT) and value is not None
    }


def write_units(imported: Import, rows: Sequence[Row]) -> Tally:
    """Bring units in, or up to date; a parent that is missing is made first."""
    codes = {row["code"] for row in rows}
    parents = ensure_units(
        imported, {code for code in _values(rows, "parent") if code not in codes}
    )
    known = {unit.code: unit for unit in Unit.objects.filter(code__in=codes)}
    before = {code: unit_state(unit) for code, unit in known.items()}
    made = Unit.objects.bulk_create(
        [Unit(code=code, name=code) for code in sorted(codes - set(known))]
    )
    known |= {unit.code: unit for unit in made}
    parents |= {code: unit.pk for code, unit in known.items()}
    for row in rows:
        unit = known[row["code"]]
        unit.name = row.get("name") or unit.name
        unit.country = row.get("country") or unit.country
        unit.time_zone = row.get("time_zone") or unit.time_zone
        parent = parents.get(row.get("parent") or "")
        if parent and parent != unit.pk:
            unit.parent_id = parent
    Unit.objects.bulk_update(known.values(), ["name", "country", "time_zone", "parent"])
    changed = [c for c, state in before.items() if unit_state(known[c]) != state]
    remember(imported, "units", [(unit.pk, None, unit_state(unit)) for unit in made])
    traces = [(known[code].pk, before[code], unit_state(known[code])) for code in changed]
    remember(imported, "units", traces)
    return Tally(len(made), len(changed), len(rows) - len(made) - len(changed))


def slug_of(text: str, most: int = 60) -> str:
    """Return a slug for a name from a file; one of letters nobody can transcribe gets an id."""
    return slugify(text)[:most].strip("-_") or new_id().lower()[:12]


def first_of_month(day: date) -> date:
    """Return the month of a day as the table contract writes it."""
    return day.replace(day=1)


def moment_of(row: Row, name: str) -> datetime:
    """Return a staged moment that is always there; `now` where the file had none."""
    return utc(row.get(name)) or now()


def _values(rows: Iterable[Row], name: str) -> set[str]:
    return {row[name] for row in rows if row.get(name)}


def number_or_text(text: str) -> Any:
    """Return a trait as a number where it is one without doubt; `007` stays as it is."""
    text = text.strip()
    bare = text.removeprefix("-")
    if bare.isdecimal() and bare.isascii() and (bare == "0" or not bare.startswith("0")):
        return int(text) if len(bare) <= 15 else text
    whole, point, part = bare.partition(".")
    if point and whole.isdecimal() and part.isdecimal() and bare.isascii() and len(bare) <= 15:
        return float(text)
    return text
