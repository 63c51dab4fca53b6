"""A file comes in through a real browser, is looked at, imported and taken back."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from emptychair.programme.accounts.models import Unit, User
from emptychair.programme.capture.models import Response
from emptychair.programme.exchange import running

from .conftest import log_in
from .test_look import axe, faults  # noqa: F401 - faults is a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS = [
    f"a{number};k{number % 9};2026-01-{number % 28 + 1:02d};{number % 11};Fick hjälp direkt;lund"
    for number in range(40)
]
FILE = "\r\n".join(
    [
        "Svars-id;Kundnummer;Svarsdatum;Betyg;Kommentar;Butik",
        *ROWS,
        "b1;k1;2026-02-01;11;För högt;lund",
        "b2;k1;;9;Utan datum;lund",
        "b3;k2;2026-02-03;9,5;=HYPERLINK(1);okänd",
    ]
)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "svar från butikerna.csv"
    path.write_bytes(FILE.encode("cp1252"))
    return path


def check(page: Page, width: int) -> None:
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_a_file_comes_in_and_is_taken_back(
    context: BrowserContext,
    alice: User,
    malmo: Unit,
    answers: Path,
    faults: list[str],  # noqa: F811
    width: int,
    scheme: str,
) -> None:
    log_in(context, alice.email)
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/data/")
    check(page, width)
    page.locator("input[type=file]").set_input_files(answers)
    page.get_by_role("button", name="Show me what is in it").click()

    expect(page.get_by_role("heading", name="Reading the file")).to_be_visible()
    check(page, width)
    running.work_off()
    expect(page.get_by_role("heading", name="40 rows can be imported")).to_be_visible()
    expect(page.get_by_role("heading", name="3 rows cannot be imported")).to_be_visible()
    expect(page.get_by_label("Betyg")).to_have_value("score")
    expect(page.get_by_text("Fick hjälp direkt").first).to_be_visible()
    check(page, width)
    with page.expect_download() as download:
        page.get_by_role("link", name="All of them").click()
    refused = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert refused[1].startswith("42,Betyg,11,")
    assert Response.objects.count() == 0

    page.get_by_label("Name of a new one").fill("NPS 2026")
    page.get_by_role("button", name="Import these rows").click()
    expect(page.get_by_role("heading", name="Importing")).to_be_visible()
    running.work_off()
    expect(page.get_by_role("heading", name="What came in")).to_be_visible()
    check(page, width)
    assert Response.objects.count() == 40

    page.get_by_role("button", name="Undo this import").click()
    running.work_off()
    expect(page.get_by_role("heading", name="Undone")).to_be_visible()
    assert Response.objects.count() == 0
    page.get_by_role("link", name="Data").first.click()
    expect(page.get_by_role("link", name="svar från butikerna.csv")).to_be_visible()
    check(page, width)
    with page.expect_download() as download:
        page.get_by_role("group", name="Units").get_by_role("button", name="CSV").click()
    assert "malmo" in download.value.path().read_text(encoding="utf-8-sig")
    assert faults == []
