import csv
import io
from datetime import timedelta

import openpyxl
import pytest

from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import now


@pytest.fixture
def owner(client, alice):
    client.force_login(alice)
    return client


def scores_shown(response):
    column = 2 if response.context["list"].headings[1].label == "Customer" else 1
    return [row[column].value for row in response.context["list"].rows]


def test_it_sorts_by_every_column_that_says_so(owner, answered):
    answered([7, 2, 10])
    assert scores_shown(owner.get("/delivery/responses/?sort=score")) == [2, 7, 10]
    assert scores_shown(owner.get("/delivery/responses/?sort=-score")) == [10, 7, 2]
    heading = owner.get("/delivery/responses/?sort=score").context["list"].headings[2]
    assert (heading.direction, heading.url) == ("ascending", "?sort=-score")


def test_an_unknown_order_or_page_falls_back_to_the_newest_first(owner, answered):
    answered([3], at=now() - timedelta(days=2))
    answered([9])
    for query in ("?sort=password", "?page=abc", "?page=0", "?page=²"):
        assert scores_shown(owner.get(f"/delivery/responses/{query}")) == [9, 3]


def test_it_pages(owner, answered):
    answered([10] * 120)
    first = owner.get("/delivery/responses/").context["list"]
    assert (first.first, first.last, first.total, first.previous_url) == (1, 50, 120, "")
    last = owner.get(f"/delivery/responses/{first.next_url[:-1]}3").context["list"]
    assert (last.first, last.last, last.next_url) == (101, 120, "")
    assert owner.get("/delivery/responses/?page=99").status_code == 200


def test_it_exports_what_is_shown_as_csv_that_runs_nothing(owner, answered):
    answered([3], comment='=HYPERLINK("http://x")')
    answered([10], comment="fine")
    answer = owner.get("/delivery/responses/?bucket=detractor&format=csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["score"] for row in rows] == ["3"]
    assert rows[0]["comment"] == '\'=HYPERLINK("http://x")'


def test_it_exports_excel(owner, answered):
    answered([3, 10], comment="=1+1")
    answer = owner.get("/delivery/responses/?format=xlsx&sort=score")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    header, first, _ = sheet.iter_rows()
    names = [cell.value for cell in header]
    assert first[names.index("score")].value == 3
    assert first[names.index("comment")].data_type == "s"


def test_it_shows_who_answered_only_to_those_who_may_know(client, make_user, answered):
    answered([9], customer=Customer.objects.create(code="C77"))
    for role, sees in (("owner", True), ("analyst", False)):
        client.force_login(make_user(role))
        assert ("C77" in client.get("/delivery/responses/").content.decode()) is sees


def test_an_employee_may_read_but_not_take_away(client, make_user, malmo, answered):
    answered([9], unit="malmo")
    client.force_login(make_user("employee", malmo))
    page = client.get("/delivery/responses/?format=csv")
    assert page["Content-Type"].startswith("text/html")
    assert page.context["list"].csv_url == ""


def test_it_filters_by_score_and_comment(owner, answered):
    answered([0], comment="why")
    answered([0, 5])
    assert len(scores_shown(owner.get("/delivery/responses/?score=0"))) == 2
    assert scores_shown(owner.get("/delivery/responses/?score=0&comment=yes")) == [0]
