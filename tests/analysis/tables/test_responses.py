"""Files as people have them, from the file to the counts."""

import io
import shutil
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from emptychair.analysis.errors import (
    AmbiguousColumnError,
    AmbiguousDatesError,
    ArgumentError,
    EngineError,
    UnreadableFileError,
)
from emptychair.analysis.tables import Example, read_responses
from emptychair.analysis.tables.source import _watched

SEATS = Path(__file__).resolve().parents[4] / "shared" / "data" / "seat_reviews.csv"


def rows_of(file):
    return file.table.order_by("source_row").to_pyarrow().to_pylist()


def scores_of(file):
    return [row["score"] for row in rows_of(file)]


def test_read_responses_of_a_nordic_file_as_it_comes(write):
    text = (
        "Kundnr;Datum;Betyg;Kommentar;Enhet\r\n"
        "0046;31-12-2025;9,0; Väldigt bra ;Malmö\r\n"
        "0047;01-12-2025;10;;Åre\r\n"
        "0048;02-12-2025;11;för högt;Åre\r\n"
        "0049;03-12-2025;;inget betyg;Åre\r\n"
    )
    file = read_responses(write(text, encoding="cp1252"))
    assert file.rows == 4
    assert file.used == 2
    assert file.excluded == {"score_missing": 1, "score_out_of_range": 1}
    assert file.examples["score_out_of_range"] == (Example(4, "11", "Betyg"),)
    assert file.mapping["score"] == "Betyg"
    assert file.form == {
        "encoding": "cp1252", "separator": ";", "layout": "plain", "dates": "day-first"
    }  # fmt: skip
    assert rows_of(file)[0] == {
        "score": 9,
        "customer_id": "0046",
        "comment": " Väldigt bra ",
        "unit": "Malmö",
        "answered_on": date(2025, 12, 31),
        "source_row": 2,
    }
    assert rows_of(file)[1]["comment"] is None


def test_read_responses_puts_the_table_on_the_engine_asked_for(engine, write):
    file = read_responses(write("score;unit\n9;A\n3;B\nx;C\n"), engine=engine)
    assert file.table.get_backend() is engine
    assert sorted(file.table.score.to_pyarrow().to_pylist()) == [3, 9]


def test_read_responses_reads_parquet_where_the_engine_is(engine, tmp_path):
    table = pa.table(
        {
            "response_id": ["a", "b", "b", "c", "d", "e"],
            "score": pa.array([9, 3, 3, 11, None, 10], pa.int8()),
            "held_reason": pa.array([None, None, None, None, None, "suspected_machine"]),
            "answered_at": pa.array([datetime(2026, 1, 1, 12)] * 6, pa.timestamp("us")),
            "customer_id": [1, 2, 2, 3, 4, 5],
            "rating_price": pa.array([5, 6, 6, None, 1, 1], pa.int8()),
            "attr_plan": ["gold"] * 6,
        }
    )
    parquet.write_table(table, tmp_path / "answers.parquet")
    file = read_responses(tmp_path / "answers.parquet", engine=engine)
    assert file.table.get_backend() is engine
    assert file.rows == 6
    assert file.excluded == {
        "held": 1, "response_id_repeated": 1, "score_missing": 1, "score_out_of_range": 1
    }  # fmt: skip
    assert file.warnings == {"rating_unusable": 2}
    assert file.examples["response_id_repeated"] == (Example(None, "b"),)
    rows = file.table.order_by("score").to_pyarrow().to_pylist()
    assert [(row["score"], row["rating_price"], row["customer_id"]) for row in rows] == [
        (3, None, "2"),
        (9, 5, "1"),
    ]
    assert rows[0]["answered_on"] == date(2026, 1, 1)
    assert rows[0]["answered_at"] == datetime(2026, 1, 1, 12)
    assert rows[0]["attr_plan"] == "gold"


def test_read_responses_leaves_words_as_they_are_on_every_engine(engine, tmp_path):
    words = ["families", " fff\t", "ttrr", "\u00a0nnbb\ufeff", "a  b", "", "s\\s", "0046"]
    table = pa.table({"score": [9] * 8, "unit": words, "attr_plan": words, "shop": words})
    parquet.write_table(table, tmp_path / "answers.parquet")
    file = read_responses(tmp_path / "answers.parquet", engine=engine)
    expected = ["families", "fff", "ttrr", "nnbb", "a  b", None, "s\\s", "0046"]
    for column in ("unit", "attr_plan", "shop"):
        found = file.table[column].to_pyarrow().to_pylist()
        assert sorted(map(str, found)) == sorted(map(str, expected))


def test_read_responses_reads_text_in_parquet_on_every_engine(engine, tmp_path):
    table = pa.table({"score": ["9", "9.5", " 10 "], "datum": ["31-12-2025", "1-2-2026", None]})
    parquet.write_table(table, tmp_path / "answers.parquet")
    file = read_responses(tmp_path / "answers.parquet", engine=engine)
    assert file.excluded == {"score_not_whole": 1}
    assert file.table.get_backend() is engine
    rows = file.table.order_by("score").to_pyarrow().to_pylist()
    assert rows == [
        {"score": 9, "answered_on": date(2025, 12, 31)},
        {"score": 10, "answered_on": None},
    ]


def test_read_responses_reads_the_current_version_of_a_delta_table(engine, tmp_path):
    from deltalake import DeltaTable, write_deltalake

    folder = str(tmp_path / "warehouse" / "responses")
    write_deltalake(folder, pa.table({"score": pa.array([9, 3], pa.int8()), "unit": ["A", "B"]}))
    write_deltalake(
        folder, pa.table({"score": pa.array([10], pa.int8()), "unit": ["A"]}), mode="append"
    )
    DeltaTable(folder).delete("score = 3")
    for path in (folder, str(tmp_path / "warehouse")):
        file = read_responses(path, engine=engine)
        assert sorted(file.table.score.to_pyarrow().to_pylist()) == [9, 10]
        assert file.form["format"] == "delta"


def test_read_responses_refuses_a_delta_table_without_rows_or_with_a_broken_log(tmp_path):
    from deltalake import write_deltalake

    write_deltalake(str(tmp_path / "empty"), pa.table({"score": pa.array([], pa.int8())}))
    with pytest.raises(UnreadableFileError, match="is empty: it has no rows"):
        read_responses(tmp_path / "empty")
    (tmp_path / "broken" / "_delta_log").mkdir(parents=True)
    with pytest.raises(UnreadableFileError, match="is not a Delta table"):
        read_responses(tmp_path / "broken")


def test_read_responses_reads_a_folder_of_parquet_files(tmp_path):
    for number, column in enumerate(["unit", "journey"]):
        table = pa.table({"score": pa.array([9, 8], pa.int8()), column: ["x", "y"]})
        parquet.write_table(table, tmp_path / f"part-{number}.parquet")
    file = read_responses(tmp_path)
    assert file.rows == 4
    assert {"unit", "journey"} <= set(file.table.columns)


def test_read_responses_takes_the_responses_of_a_simulated_company(tmp_path):
    for name in ("customers", "responses"):
        table = pa.table({"score": pa.array([9], pa.int8()), "of": [name]})
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    assert read_responses(tmp_path).table.to_pyarrow()["of"].to_pylist() == ["responses"]


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("answered_on", pa.array([date(2026, 1, 2)]), {"answered_on": date(2026, 1, 2)}),
        ("answered_at", pa.array([datetime(2026, 1, 2, 23, 30)], pa.timestamp("us", "UTC")),
         {"answered_at": datetime(2026, 1, 2, 23, 30), "answered_on": date(2026, 1, 2)}),
        ("created_at", pa.array([1767225600]),
         {"answered_at": datetime(2026, 1, 1), "answered_on": date(2026, 1, 1)}),
    ],
)  # fmt: skip
def test_read_responses_reads_typed_dates(tmp_path, column, values, expected):
    parquet.write_table(pa.table({"score": [9], column: values}), tmp_path / "a.parquet")
    row = read_responses(tmp_path / "a.parquet").table.to_pyarrow().to_pylist()[0]
    del row["score"]
    assert row == expected


def test_read_responses_reads_moments_in_the_zone_of_the_file(write):
    path = write(
        "score,answered_at\n9,2026-07-01 00:30\n8,2026-07-01T00:30:00Z\n7,2026-03-29 02:30\n"
    )
    file = read_responses(path, timezone="Europe/Stockholm")
    found = [(row["answered_at"], row["answered_on"]) for row in rows_of(file)]
    assert found == [
        (datetime(2026, 6, 30, 22, 30), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 0, 30), date(2026, 7, 1)),
        # The clock skips this hour; it is read as the moment half an hour after the skip.
        (datetime(2026, 3, 29, 1, 30), date(2026, 3, 29)),
    ]


def test_read_responses_invents_no_midnight(write):
    file = read_responses(write("score,answered_at\n9,2026-07-01\n"), timezone="Europe/Stockholm")
    assert rows_of(file) == [{"score": 9, "answered_on": date(2026, 7, 1), "source_row": 2}]


def test_read_responses_keeps_a_moment_found_under_a_heading_for_days(write):
    row = rows_of(read_responses(write("score,date\n9,2026-07-01 10:00\n")))[0]
    assert row["answered_at"] == datetime(2026, 7, 1, 10)


def test_read_responses_keeps_both_the_moment_and_the_day(write):
    file = read_responses(
        write("score,created,asked_at,date\n9,2026-07-01 10:00,2026-06-30,2026-07-02\n")
    )
    row = rows_of(file)[0]
    assert row["answered_at"] == datetime(2026, 7, 1, 10)
    assert row["answered_on"] == date(2026, 7, 2)
    assert row["asked_at"] == datetime(2026, 6, 30)


def test_read_responses_counts_dates_it_cannot_read_and_keeps_the_score(write):
    file = read_responses(write("score,date\n9,2026-07-01\n8,soon\n7,2026-02-30\n6,\n"))
    assert scores_of(file) == [9, 8, 7, 6]
    assert file.excluded == {}
    assert file.warnings == {"date_unreadable": 2}
    assert file.examples["date_unreadable"] == (
        Example(3, "soon", "date"),
        Example(4, "2026-02-30", "date"),
    )


def test_read_responses_never_swaps_day_and_month_silently(write):
    path = write("score,date\n9,03-04-2026\n8,05-06-2026\n")
    with pytest.raises(AmbiguousDatesError):
        read_responses(path)
    file = read_responses(path, dates="month-first")
    assert rows_of(file)[0]["answered_on"] == date(2026, 3, 4)
    with pytest.raises(ArgumentError, match="dates is one of day-first, month-first"):
        read_responses(path, dates="year-first")


def test_read_responses_refuses_a_zone_that_nobody_knows(write):
    with pytest.raises(ArgumentError, match="No time zone is known by 'Stockholm'"):
        read_responses(write("score\n9\n"), timezone="Stockholm")


def test_read_responses_reads_zones_of_columnar_files_on_duckdb_only(tmp_path, monkeypatch):
    parquet.write_table(pa.table({"score": [9]}), tmp_path / "a.parquet")
    assert read_responses(tmp_path / "a.parquet", timezone="Europe/Oslo").used == 1
    backend = read_responses(tmp_path / "a.parquet").table.get_backend()
    monkeypatch.setattr(type(backend), "name", "spark")
    monkeypatch.setattr(
        "emptychair.analysis.tables.source._read_parquet",
        lambda files, engine: engine.table("t"),
    )
    backend.raw_sql("CREATE TABLE t AS SELECT 9 AS score")
    with pytest.raises(EngineError, match="read by duckdb only"):
        read_responses(tmp_path / "a.parquet", timezone="Europe/Oslo", engine=backend)


def test_read_responses_counts_repeated_responses_once(write):
    text = "response_id,score\na,x\na,9\na,3\n,5\n,6\nb,7\n"
    file = read_responses(write(text))
    assert scores_of(file) == [9, 5, 6, 7]
    assert file.excluded == {"response_id_repeated": 1, "score_not_a_number": 1}
    assert file.examples["response_id_repeated"] == (Example(4, "a"),)


def test_read_responses_leaves_out_what_is_held(write):
    file = read_responses(write("score,held_reason\n9,\n0,suspected_machine\n,test\n"))
    assert scores_of(file) == [9]
    assert file.excluded == {"held": 2}


def test_read_responses_checks_ratings(write):
    text = "score,rating_price,service_rating,mood_rating\n9,5,4.0,8\n8,0,,3\n7,4.5,1,9\n6,x,5,1\n"
    file = read_responses(write(text))
    rows = rows_of(file)
    assert [row["rating_price"] for row in rows] == [5, None, None, None]
    assert [row["rating_service"] for row in rows] == [4, None, 1, 5]
    # Half of it is beyond five, so it is no rating from 1 to 5 whatever it is called.
    assert [row["mood_rating"] for row in rows] == ["8", "3", "9", "1"]
    assert file.warnings == {"rating_unusable": 3}
    assert file.examples["rating_unusable"][0] == Example(3, "0", "rating_price")


def test_read_responses_keeps_other_columns_and_gives_traits_their_type(write):
    text = "score,attr_age,attr_zip,Färg,attr_none\n9,41,0046,röd,\n8,3.5,12345,,\n"
    rows = rows_of(read_responses(write(text)))
    assert [(row["attr_age"], row["attr_zip"], row["Färg"]) for row in rows] == [
        (41.0, "0046", "röd"),
        (3.5, "12345", None),
    ]
    assert rows[0]["attr_none"] is None


def test_read_responses_keeps_a_column_whose_name_another_took(write):
    file = read_responses(write("score,nps\n1,9\n"), mapping={"score": "nps"})
    assert rows_of(file) == [{"score": 9, "score (file)": "1", "source_row": 2}]
    assert file.column("nps") == "score"
    assert file.column("score") == "score"
    assert file.column("unknown") == "unknown"


def test_read_responses_counts_rows_without_anything(write):
    file = read_responses(write("score,unit\n9,A\n,\n\n8,B\n"))
    assert file.rows == 2
    assert file.warnings == {"row_empty": 2}


def test_read_responses_passes_on_what_came_up_in_the_text(write):
    text = 'score;unit;comment\n9;A\n8;B;x;y\n7;C;"a\n6;D;b"\n5;E;pÃ¥\n4;F\0;c\n'
    file = read_responses(write(text))
    assert file.rows == 5
    assert file.excluded == {"row_ragged": 1}
    assert file.examples["row_ragged"] == (Example(3, "8;B;x;y"),)
    assert file.warnings == {
        "row_padded": 1, "nul_removed": 1, "letters_damaged": 1, "quote_missing": 1
    }  # fmt: skip


def test_read_responses_doubts_a_score_that_never_passes_five(write):
    few = read_responses(write("score\n" + "4\n" * 29))
    many = read_responses(write("score\n" + "4\n" * 30))
    assert few.warnings == {}
    assert many.warnings == {"score_never_above_5": 30}


def test_read_responses_says_that_another_question_may_be_meant(write):
    file = read_responses(write("overall_rating,unit\n9,A\n"))
    assert file.warnings == {"score_may_be_another_question": 1}


def test_read_responses_of_a_header_alone_has_no_rows(write):
    file = read_responses(write("score,unit\n"))
    assert (file.rows, file.used, file.excluded) == (0, 0, {})


QUALTRICS = (
    "StartDate,EndDate,Status,RecordedDate,ResponseId,Q1,Q2\n"
    "Start Date,End Date,Response Type,Recorded Date,Response ID,"
    "How likely are you to recommend us?,Why?\n"
    '"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}","{""ImportId"":""status""}",'
    '"{""ImportId"":""recordedDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}",'
    '"{""ImportId"":""QID2""}"\n'
    "2026-01-01 10:00:00,2026-01-01 10:01:00,IP Address,2026-01-01 10:01:01,R_1,9,fine\n"
    "2026-01-01 10:00:00,2026-01-01 10:01:00,Survey Preview,2026-01-01 10:01:01,R_2,0,test\n"
)


def test_read_responses_reads_an_export_of_qualtrics(write):
    file = read_responses(write(QUALTRICS))
    assert file.form["layout"] == "qualtrics"
    assert file.rows == 2
    assert file.excluded == {"survey_preview": 1}
    row = rows_of(file)[0]
    assert (row["score"], row["response_id"], row["comment"]) == (9, "R_1", "fine")
    assert row["answered_at"] == datetime(2026, 1, 1, 10, 1, 1)
    assert row["source_row"] == 4


def test_read_responses_reads_an_export_of_surveymonkey(write):
    text = (
        "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,"
        "Last Name,Custom Data 1,How likely is it that you would recommend us?,Comments\n"
        ",,,,,,,,,Response,Open-Ended Response\n"
        "1,2,12/30/2025 5:05:00 PM,12/31/2025 5:06:00 PM,,,,,K1,10 - Extremely likely,great\n"
    )
    file = read_responses(write(text))
    row = rows_of(file)[0]
    assert (row["score"], row["customer_id"], row["comment"]) == (10, "K1", "great")
    assert row["answered_at"] == datetime(2025, 12, 31, 17, 6)


BINARY = bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: it has 0 bytes"),
        (b"<!DOCTYPE html><html><table><tr><td>score</td></tr></table>", "is a web or XML page"),
        (b"\xef\xbb\xbf  <html>", "is a web or XML page"),
        (b'[{"score": 9}]', "is JSON"),
        (b'{"score": [9, 10]}', "is JSON"),
        (b"\x1f\x8b\x08\x00", "is compressed with gzip"),
        (b"%PDF-1.7 \x01", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n" + BINARY, "it holds no text"),
        (b"PAR1 and nothing more", "is not readable as Parquet"),
        (b"PK\x03\x04 and nothing more", "is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "cannot be read as a workbook"),
        (b"\n\n\n", "has no header row"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["answers.csv", "answers.xlsx"])
def test_read_responses_refuses_what_is_no_table_whatever_it_is_called(
    write, content, sentence, name
):
    with pytest.raises(UnreadableFileError, match=sentence):
        read_responses(write(content, name))


def test_read_responses_says_that_there_is_no_file(tmp_path):
    with pytest.raises(UnreadableFileError, match="There is no file"):
        read_responses(tmp_path / "missing.csv")
    with pytest.raises(UnreadableFileError, match="holds neither a Delta table nor Parquet"):
        read_responses(tmp_path)


def test_read_responses_says_why_a_file_cannot_be_opened(duckdb, write, monkeypatch):
    path = write("score\n9\n")

    def refuse(self, *arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableFileError, match=r"cannot be opened: Permission denied\."):
        read_responses(path, engine=duckdb)


def test_read_responses_reads_a_workbook_called_csv_and_a_csv_called_xlsx(write, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["Betyg", "Enhet"])
    book.active.append([9, "Åre"])
    buffer = io.BytesIO()
    book.save(buffer)
    file = read_responses(write(buffer.getvalue(), "answers.csv"))
    assert rows_of(file) == [{"score": 9, "unit": "Åre", "source_row": 2}]
    file = read_responses(write("Betyg;Enhet\n9;Åre\n", "answers.xlsx"))
    assert rows_of(file) == [{"score": 9, "unit": "Åre", "source_row": 2}]


def test_read_responses_of_the_seat_reviews():
    if not SEATS.exists():
        pytest.skip("needs ../shared/data/seat_reviews.csv")
    file = read_responses(SEATS, mapping={"score": "overall_rating"})
    # Counted with Python's csv module: 1258 rows, one without an overall rating.
    assert (file.rows, file.excluded) == (1258, {"score_missing": 1})
    table = file.table
    counts = table.aggregate(
        promoters=(table.score >= 9).sum(), detractors=(table.score <= 6).sum(), n=table.count()
    )
    assert counts.to_pyarrow().to_pylist() == [{"promoters": 151, "detractors": 865, "n": 1257}]
    assert table.answered_on.min().to_pyarrow().as_py() == date(1970, 1, 1)
    assert "rating_seat_legroom" in table.columns
    assert file.mapping["comment"] == "content"
    assert file.warnings == {"rating_unusable": 44}


def test_read_responses_asks_which_column_is_meant(write):
    with pytest.raises(AmbiguousColumnError):
        read_responses(write("score,betyg\n9,3\n"))


def test_read_responses_reads_a_large_file_without_losing_a_row(write):
    lines = [f"{i % 12};{i};{i % 28 + 1:02d}-06-2026" for i in range(60_000)]
    file = read_responses(write("score;number;date\n" + "\n".join(lines) + "\n"))
    assert file.rows == 60_000
    assert file.excluded == {"score_out_of_range": 5_000}
    total = file.table.number.cast("int64").sum() + 0
    assert total.to_pyarrow().as_py() == sum(i for i in range(60_000) if i % 12 != 11)


def test_read_responses_passes_on_what_went_wrong_while_rows_went_by(write, monkeypatch):
    with pytest.raises(UnreadableFileError, match="row 2: a quotation mark is opened and never"):
        read_responses(write('score;comment\n9;"bra\n8;x\n'))

    def fail(*arguments):
        raise MemoryError("no more")
        yield

    monkeypatch.setattr("emptychair.analysis.tables.textfile._batches", fail)
    with pytest.raises(Exception, match="no more"):
        read_responses(write("score\n9\n"))


def test_a_fault_among_the_rows_is_kept_for_the_caller():
    def fail():
        yield 1
        raise UnreadableFileError("row 2")

    faults = []
    with pytest.raises(UnreadableFileError):
        list(_watched(fail(), faults))
    assert [str(one) for one in faults] == ["row 2"]


def test_reading_leaves_no_copies_behind(write):
    from emptychair.analysis.tables import connect

    backend = connect()
    path = write("score;date\n9;2026-01-01\n")
    for _ in range(3):
        read_responses(path, engine=backend)
    tables = backend.raw_sql("SELECT count(*) FROM duckdb_tables()").fetchall()
    assert tables == [(3,)]  # the three tables that were asked for


def test_read_responses_of_a_copied_folder_needs_nothing_else(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    parquet.write_table(pa.table({"score": [9]}), folder / "responses.parquet")
    shutil.copytree(folder, tmp_path / "two")
    assert read_responses(tmp_path / "two").used == 1
