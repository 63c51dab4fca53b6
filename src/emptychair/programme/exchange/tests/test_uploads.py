"""Wrong files and bombs are refused with a sentence, before anything reads them whole."""

import io
import time
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from emptychair.programme.accounts.models import User
from emptychair.programme.capture.models import Response
from emptychair.programme.exchange import services
from emptychair.programme.exchange.models import Import
from emptychair.programme.lib.errors import RefusedError

pytestmark = pytest.mark.django_db
TakeIn = Callable[..., Import]


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


SHELL = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
WRONG = {
    "zip bomb": zipped(**SHELL, **{"xl/sheet1.xml": b"0" * 50_000_000}),
    "archive": zipped(**{"notes.txt": b"hello"}),
    "nested": zipped(**SHELL, **{"xl/inner.zip": zipped(a=b"x")}),
    "path": zipped(**SHELL, **{"../outside": b"x"}),
    "many parts": zipped(**SHELL, **{f"xl/{n}": b"" for n in range(2_500)}),
    "cut": zipped(**SHELL)[:-30],
    "web page": b"\xef\xbb\xbf<!DOCTYPE html><table><tr><td>score</td></tr></table>",
    "old xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "pdf": b"%PDF-1.7 ...",
    "gzip": b"\x1f\x8b\x08\x00rest",
    "json": b'{"score": 9}',
    "cut parquet": b"PAR1" + b"x" * 100,
}


@pytest.mark.parametrize("name", WRONG)
def test_it_refuses_what_is_no_table_within_a_second(name: str, alice: User) -> None:
    started = time.monotonic()
    with pytest.raises(RefusedError) as refused:
        services.upload(
            kind="responses", name="x.xlsx", chunks=[WRONG[name]], size=len(WRONG[name]), by=alice
        )
    assert time.monotonic() - started < 1
    assert refused.value.sentence.endswith((".", "first."))
    assert not Import.objects.exists()


def test_it_leaves_nothing_of_a_refused_file(
    alice: User, settings: object, tmp_path: object
) -> None:
    with pytest.raises(RefusedError):
        services.upload(kind="responses", name="x.csv", chunks=[b"%PDF-1"], size=6, by=alice)
    assert not list((tmp_path / "files" / "imports").iterdir())  # type: ignore[attr-defined, operator]


@pytest.mark.parametrize("name", ["x.exe", "x", "x.docx", ".csv/../x.sh"])
def test_it_refuses_other_endings(name: str, alice: User) -> None:
    with pytest.raises(RefusedError, match="CSV, Excel or Parquet"):
        services.upload(kind="responses", name=name, chunks=[b"a"], size=1, by=alice)


def test_it_refuses_a_file_above_the_limit(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTYCHAIR_IMPORT_MEGABYTES", "1")
    with pytest.raises(RefusedError, match="at most 1 MB"):
        services.upload(kind="responses", name="x.csv", chunks=[], size=1_000_001, by=alice)


def test_it_reads_excel(bring: TakeIn) -> None:
    book = Workbook()
    book.active.append(["date", "score", "comment"])
    book.active.append(["2026-01-31", 9, "Å ä ö"])
    buffer = io.BytesIO()
    book.save(buffer)
    bring(buffer.getvalue(), name="answers.xlsx")
    assert Response.objects.get().comment == "Å ä ö"


def test_it_reads_parquet(bring: TakeIn) -> None:
    table = pa.table(
        {
            "answered_at": pa.array([1_769_850_000_000_000], pa.timestamp("us", tz="UTC")),
            "score": pa.array([10], pa.int8()),
            "comment": ["Fint"],
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    bring(buffer.getvalue(), name="answers.parquet")
    response = Response.objects.get()
    assert (response.score, response.comment) == (10, "Fint")
    assert response.answered_at.timestamp() == 1_769_850_000
