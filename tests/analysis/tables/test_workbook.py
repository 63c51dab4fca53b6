import datetime as dt
import io
import time
import tracemalloc
import zipfile

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from emptychair.analysis.errors import ArgumentError, UnreadableFileError
from emptychair.analysis.tables import archive, read_responses
from emptychair.analysis.tables.workbook import _text


@pytest.fixture
def save(tmp_path):
    """Return a function that fills the first sheet of a workbook and saves it."""

    def save_rows(rows, name="answers.xlsx", change=lambda book: None):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Svar"
        for row in rows:
            sheet.append(row)
        change(book)
        book.save(tmp_path / name)
        return tmp_path / name

    return save_rows


def rows_of(file):
    return file.table.order_by("source_row").to_pyarrow().to_pylist()


def test_a_workbook_is_read_with_its_types_and_row_numbers(save):
    path = save(
        [
            ["NPS 2026"],
            [],
            ["Betyg", "Datum", "Kundnr", "Enhet", None],
            [9, dt.date(2026, 3, 1), 1001, "Åre"],
            [9.0, dt.datetime(2026, 3, 2, 14, 5), 1002, None],
            ["10", None, 1003.5, "Malmö"],
            [None, None, None, None],
            [True, None, None, None],
        ]
    )
    file = read_responses(path)
    assert file.form == {"format": "workbook", "sheet": "Svar", "layout": "plain"}
    assert file.excluded == {"score_not_a_number": 1}
    assert file.examples["score_not_a_number"][0].row == 8
    assert file.warnings == {"row_empty": 1}
    assert rows_of(file) == [
        {"score": 9, "customer_id": "1001", "unit": "Åre", "answered_at": dt.datetime(2026, 3, 1),
         "answered_on": dt.date(2026, 3, 1), "source_row": 4},
        {"score": 9, "customer_id": "1002", "unit": None,
         "answered_at": dt.datetime(2026, 3, 2, 14, 5), "answered_on": dt.date(2026, 3, 2),
         "source_row": 5},
        {"score": 10, "customer_id": "1003.5", "unit": "Malmö", "answered_at": None,
         "answered_on": None, "source_row": 6},
    ]  # fmt: skip


@pytest.mark.parametrize(("epoch", "serial"), [(None, 46082), (CALENDAR_MAC_1904, 44620)])
def test_days_are_counted_as_the_workbook_counts_them(save, epoch, serial):
    def change(book):
        if epoch:
            book.epoch = epoch

    path = save([["score", "date", "asked_at"], [9, dt.date(2026, 3, 1), serial]], change=change)
    row = rows_of(read_responses(path))[0]
    assert row["answered_on"] == dt.date(2026, 3, 1)
    assert row["asked_at"] == dt.datetime(2026, 3, 1)


def test_a_formula_gives_the_value_it_had_when_the_workbook_was_saved(save):
    path = save([["score"], [9]])
    data = io.BytesIO(path.read_bytes())
    changed = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                content = content.replace(b"<v>9</v>", b"<f>4+4</f><v>8</v>")
            new.writestr(entry, content)
    path.write_bytes(changed.getvalue())
    assert rows_of(read_responses(path))[0]["score"] == 8


def test_a_value_merged_over_several_rows_counts_for_each(save):
    rows = [["score", "unit", "journey"], [9, "Åre", "a"], [8, None, "b"], [7, None, "c"]]
    path = save(rows, change=lambda book: book.active.merge_cells("B2:B4"))
    assert [row["unit"] for row in rows_of(read_responses(path))] == ["Åre"] * 3


def test_a_title_merged_over_the_columns_is_passed_over(save):
    rows = [["Our answers", None, None], ["score", "unit", "x"], [9, "Åre", "a"]]
    path = save(rows, change=lambda book: book.active.merge_cells("A1:C1"))
    assert rows_of(read_responses(path))[0]["score"] == 9


def add_sheet(name, rows, state="visible"):
    def change(book):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = state

    return change


def test_hidden_sheets_are_read_only_when_they_are_named(save):
    path = save([["score"], [9]], change=add_sheet("Dolt", [["score"], [1]], "hidden"))
    assert rows_of(read_responses(path))[0]["score"] == 9
    assert rows_of(read_responses(path, sheet="Dolt"))[0]["score"] == 1


def test_the_sheet_with_a_score_is_taken_among_several(save):
    path = save([["score"], [9]], change=add_sheet("Priser", [["vara", "pris"], ["lampa", 99]]))
    assert rows_of(read_responses(path))[0]["score"] == 9


@pytest.mark.parametrize(
    ("rows", "other", "names"),
    [
        ([["score"], [9]], [["betyg"], [9]], "'Svar', 'Mer'"),
        ([["a", "b"], [9, 1]], [["c", "d"], [9, 1]], "'Svar', 'Mer'"),
    ],
)
def test_several_sheets_that_could_be_meant_are_asked_about(save, rows, other, names):
    path = save(rows, change=add_sheet("Mer", other))
    with pytest.raises(ArgumentError, match=f"could be meant: {names}. Say which with --sheet"):
        read_responses(path)


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(save):
    with pytest.raises(ArgumentError, match=r"has no sheet 'Mer'\. There are: Svar"):
        read_responses(save([["score"], [9]]), sheet="Mer")


def test_rows_that_hold_nothing_but_a_look_are_not_there(save):
    def change(book):
        book.active["A5"].font = openpyxl.styles.Font(bold=True)

    file = read_responses(save([["score"], [9]], change=change))
    assert (file.rows, file.warnings) == (1, {})


def test_an_empty_workbook_is_refused(save):
    with pytest.raises(UnreadableFileError, match="no visible sheet holds a table"):
        read_responses(save([]))


def test_a_workbook_of_qualtrics_has_three_header_rows(save):
    headings = ["StartDate", "RecordedDate", "ResponseId", "Q1"]
    labels = ["Start Date", "Recorded Date", "Response ID", "How likely are you to recommend us?"]
    path = save([headings, labels, ['{"ImportId":"a"}'] * 4, ["2026-01-01", "2026-01-02", "R", 9]])
    assert rows_of(read_responses(path))[0]["source_row"] == 4


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, None), ("", None), ("a\0b", "ab"), (True, "true"), (False, "false"), (9, "9"),
        (9.0, "9"), (9.5, "9.5"), (1e20, "1e+20"), (dt.date(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1, 14, 5, 7, 3), "2026-03-01 14:05:07"), (dt.time(14, 5), "14:05:00"),
    ],
)  # fmt: skip
def test_cells_become_the_text_a_csv_would_hold(cell, text):
    assert _text(cell) == text


def zipped(parts, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, content in parts:
            file.writestr(name, content)
    return buffer.getvalue()


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def sheet_xml(cells):
    return b"<sheetData>" + cells + b"</sheetData>"


CORNERS = b'<row r="1"><c r="A1"><v>9</v></c></row><row r="1048576"><c r="XFD1048576"/></row>'
REPEATED = (
    b'<table:table-row table:number-rows-repeated="1000000">'
    b'<table:table-cell table:number-columns-repeated="16000" office:value-type="float" '
    b'office:value="9"/></table:table-row>'
)
HOSTILE = {
    "unpacks to [0-9]+ times its size": [("xl/worksheets/sheet1.xml", b"0" * 20_000_000)],
    "has more than 10000 parts": [(str(number), b"") for number in range(10_001)],
    "points outside of it": [("../../etc/passwd", b"x")],
    "'/etc/passwd' points outside": [("/etc/passwd", b"x")],
    "'C:/x' points outside": [("C:/x", b"x")],
    "is a link": [(link("xl/workbook.xml"), b"/etc/passwd")],
    "declares entities": [
        ("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>')
    ],
    "spreads over 17179869184 cells": [("xl/worksheets/sheet1.xml", sheet_xml(CORNERS))],
    "spreads over 16000000000 cells": [("content.xml", REPEATED)],
}


@pytest.mark.parametrize("sentence", HOSTILE)
def test_a_hostile_archive_is_refused_at_once_and_without_memory(write, duckdb, sentence):
    path = write(zipped(HOSTILE[sentence]), "answers.xlsx")
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(UnreadableFileError, match=sentence):
        read_responses(path, engine=duckdb)
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Generous for a busy machine; what they would unpack to takes minutes and gigabytes.
    assert seconds < 5
    assert peak < 50 << 20


def test_an_archive_that_unpacks_to_gigabytes_in_parts_is_refused(write, monkeypatch):
    monkeypatch.setattr(archive, "MOST_UNPACKED_BYTES", 1 << 20)
    parts = [(f"xl/{number}.xml", b"0" * 400_000) for number in range(3)]
    with pytest.raises(UnreadableFileError, match="would unpack into 1 MB"):
        read_responses(write(zipped(parts), "answers.xlsx"))


def test_a_part_that_is_larger_than_it_says_fails_its_checksum(write):
    data = bytearray(zipped([("xl/workbook.xml", b"<x/>" * 100_000)]))
    central = data.rfind(b"PK\x01\x02")
    data[central + 24 : central + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(UnreadableFileError, match=r"is damaged: Bad CRC"):
        read_responses(write(bytes(data), "answers.xlsx"))


def test_a_workbook_cut_in_the_middle_is_refused(save, write):
    data = save([["score"], *[[9]] * 100]).read_bytes()
    with pytest.raises(UnreadableFileError, match="is damaged"):
        read_responses(write(data[: len(data) // 2], "half.xlsx"))


def test_an_archive_with_a_damaged_part_is_refused(save, write):
    data = bytearray(save([["score"], *[[9]] * 1000]).read_bytes())
    place = data.find(b"xl/worksheets/sheet1.xml") + 60
    data[place : place + 20] = b"\xff" * 20
    with pytest.raises(UnreadableFileError, match="is damaged"):
        read_responses(write(bytes(data), "damaged.xlsx"))


def test_a_locked_archive_is_refused(save, write):
    data = bytearray(save([["score"], [9]]).read_bytes())
    # The first flag bit of every entry says that it is encrypted.
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(signature, place + 1)
    with pytest.raises(UnreadableFileError, match="is locked with a password"):
        read_responses(write(bytes(data), "locked.xlsx"))


def test_a_zip_that_is_no_workbook_is_refused(write):
    with pytest.raises(UnreadableFileError, match="cannot be read as a workbook"):
        read_responses(write(zipped([("readme.txt", b"hello")]), "answers.xlsx"))


class Locked:
    """A workbook whose library says in one of its ways that there is a password."""

    def __init__(self, error):
        self.error = error

    def from_path(self, path):
        raise self.error


@pytest.mark.parametrize("text", ["", "Workbook is password protected"])
def test_a_locked_workbook_is_refused(write, monkeypatch, text):
    from python_calamine import CalamineError, PasswordError

    from emptychair.analysis.tables import workbook

    error = CalamineError(text) if text else PasswordError("no")
    monkeypatch.setattr(workbook, "CalamineWorkbook", Locked(error))
    path = write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.xls")
    with pytest.raises(UnreadableFileError, match="is locked with a password"):
        read_responses(path)


def test_a_workbook_library_without_words_is_still_a_sentence(write, monkeypatch):
    from emptychair.analysis.tables import workbook

    monkeypatch.setattr(workbook, "CalamineWorkbook", Locked(OSError()))
    path = write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.xls")
    with pytest.raises(UnreadableFileError, match="cannot be read as a workbook: OSError"):
        read_responses(path)


def test_an_open_document_sheet_is_read(write):
    content = (
        '<?xml version="1.0"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        '<office:spreadsheet><table:table table:name="Svar">'
        '<table:table-row><table:table-cell office:value-type="string"><text:p>betyg</text:p>'
        "</table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="2"><table:table-cell '
        'office:value-type="float" office:value="9"><text:p>9</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    parts = [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest),
        ("content.xml", content),
    ]
    file = read_responses(write(zipped(parts), "answers.ods"))
    assert [row["score"] for row in rows_of(file)] == [9, 9]
