"""Whatever bytes a file holds, it is read or refused with a sentence, and quickly."""

import io
from contextlib import suppress

import openpyxl
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from emptychair.analysis.errors import AnalysisError
from emptychair.analysis.tables import connect, read_responses

BACKEND = connect()
SNIPPETS = st.sampled_from(
    ["score", "9", "10", ",", ";", "\t", "\n", "\r\n", "\r", '"', '""', "å", "\0", "\ufeff", "=1+1",
     "2026-01-01", "03-04-2026", "comment", "rating_x", "sep=;", "\\", " ", "\u00a0", "\u2028",
     "\u202e", "e\u0301", "😀", "null", "answered_at", "response_id"]
)  # fmt: skip


def workbook():
    book = openpyxl.Workbook()
    for row in (["score", "date"], [9, "2026-01-01"], [3, None]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


WORKBOOK = workbook()


def read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("hostile") / "answers.csv"
    path.write_bytes(data)
    with suppress(AnalysisError):
        file = read_responses(path, engine=BACKEND)
        assert file.used == file.table.count().to_pyarrow().as_py()
        assert file.rows == file.used + sum(file.excluded.values())
        scores = file.table.filter(~file.table.score.between(0, 10) | file.table.score.isnull())
        assert scores.count().to_pyarrow().as_py() == 0
        return file
    return None


@settings(deadline=None, max_examples=150)
@given(
    parts=st.lists(SNIPPETS, max_size=30), encoding=st.sampled_from(["utf-8", "utf-16", "cp850"])
)
@example(parts=['score\n9\n"', "x"], encoding="utf-8")
@example(parts=["score,a\n", "\n" * 5], encoding="utf-8")
@example(parts=["score\r9\r10\r"], encoding="utf-16")
@example(parts=["\u2028score\n9"], encoding="utf-8")
@example(parts=["score,_row,source_row,_reason\n9,1,2,3\n"], encoding="utf-8")
def test_any_text_is_read_or_refused(tmp_path_factory, parts, encoding):
    read(tmp_path_factory, ("score;" + "".join(parts)).encode(encoding, "replace"))


@settings(deadline=None, max_examples=100)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    read(tmp_path_factory, data)


@settings(deadline=None, max_examples=100)
@given(place=st.integers(0, len(WORKBOOK) - 1), with_=st.binary(min_size=1, max_size=20))
def test_a_damaged_workbook_is_read_or_refused(tmp_path_factory, place, with_):
    data = WORKBOOK[:place] + with_ + WORKBOOK[place + len(with_) :]
    read(tmp_path_factory, data)


def test_headings_that_the_reader_uses_itself_do_no_harm(tmp_path_factory):
    data = b"score,_row,source_row,_reason,_shown,_read_score,_doubt_x,c0\n9,1,2,3,4,5,6,7\n"
    file = read(tmp_path_factory, data)
    assert file is not None
    assert file.used == 1
    row = file.table.to_pyarrow().to_pylist()[0]
    assert (row["score"], row["source_row"], row["source_row (file)"]) == (9, 2, "2")
    assert row["row (file)"] == "1"


def test_columns_that_the_reader_uses_itself_do_no_harm(tmp_path):
    table = pa.table({"score": [9], "_row": ["x"], "_reason": ["y"], "_read_score": [1]})
    parquet.write_table(table, tmp_path / "a.parquet")
    file = read_responses(tmp_path / "a.parquet")
    assert (file.used, file.excluded) == (1, {})
    assert file.table.to_pyarrow()["reason (file)"].to_pylist() == ["y"]
