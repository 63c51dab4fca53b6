from decimal import Decimal

import pyarrow as pa
import pytest

from emptychair.analysis.tables import cells, put

ACCEPTED = {
    "9": 9, "9.0": 9, "9,0": 9, " 9 ": 9, "\u00a09\u00a0": 9, "\t9": 9, "+7": 7, "-0": 0,
    "10": 10, "10,00": 10, "0": 0, "007": 7, "10 - Extremely likely": 10,
    "0 = Inte alls troligt": 0, "7 (ganska troligt)": 7, "9: Meget sandsynligt": 9, "8 – bra": 8,
}  # fmt: skip
REFUSED = {
    "score_missing": ["", "   ", "\u00a0", None, "NULL", "null", "NA", "N/A", "#N/A", "None", "-"],
    "score_not_a_number": [
        "nine", "٩", "९", "９", "true", "True", "0x9", "1e999", "1e1", "inf", "-inf", "Infinity",
        "NaN", "nan", "9/10", "9 10", "1,234.5", "1.234,5", "9%", "½", "9-", "--9", "=9", "'9",
        "9.", ".9", "promoter",
    ],
    "score_not_whole": ["9.5", "9,5", "0.1", "0,5", "9.0001"],
    "score_out_of_range": ["11", "-1", "10.5", "-0.5", "100", "9223372036854775808", "9" * 400],
}  # fmt: skip


def read(backend, values, kind=None):
    table = put(backend, pa.table({"score": pa.array(values, kind)}))
    column = table.score
    if column.type().is_string():
        table = table.mutate(number=cells.number_of(column)).cache()
        column = table.number
    reading = cells.whole_number(column, 0, 10)
    found = table.select(value=reading.value, reason=reading.reason).to_pyarrow().to_pylist()
    return [row["value"] if row["reason"] is None else row["reason"] for row in found]


def test_whole_number_accepts_a_score_however_it_is_written(duckdb):
    assert read(duckdb, list(ACCEPTED)) == list(ACCEPTED.values())


@pytest.mark.parametrize("reason", REFUSED)
def test_whole_number_gives_the_reason_a_cell_is_no_score(duckdb, reason):
    values = REFUSED[reason]
    assert dict(zip(values, read(duckdb, values, pa.string()), strict=True)) == dict.fromkeys(
        values, reason
    )


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([9, None, 11, -1], pa.int64(),
         [9, "score_missing", "score_out_of_range", "score_out_of_range"]),
        ([9.0, 9.5, float("nan"), float("inf"), None, 1e30], pa.float64(),
         [9, "score_not_whole", "score_not_a_number", "score_not_a_number", "score_missing",
          "score_out_of_range"]),
        ([Decimal("9.0"), Decimal("9.5"), None], pa.decimal128(5, 1),
         [9, "score_not_whole", "score_missing"]),
        ([True, False, None], pa.bool_(),
         ["score_not_a_number", "score_not_a_number", "score_missing"]),
    ],
)  # fmt: skip
def test_whole_number_of_typed_columns_on_every_engine(engine, values, kind, expected):
    assert sorted(map(str, read(engine, values, kind))) == sorted(map(str, expected))


def test_is_plain_number_tells_numbers_from_identifiers(duckdb):
    table = put(duckdb, pa.table({"cell": ["12", "1,5", "-3.25", "0", "0046", "1e5", "A1"]}))
    found = table.select(is_number=cells.is_plain_number(table.cell)).to_pyarrow()
    assert found["is_number"].to_pylist() == [True, True, True, True, False, False, False]


def test_number_reads_both_decimal_signs(duckdb):
    table = put(duckdb, pa.table({"cell": ["1,5", " 2.25 ", "x"]}))
    assert table.select(n=cells.number(table.cell)).to_pyarrow()["n"].to_pylist() == [
        1.5,
        2.25,
        None,
    ]


def test_text_of_a_number_is_its_digits(duckdb):
    table = put(duckdb, pa.table({"number": [12], "text": [" a "]}))
    found = table.select(
        number=cells.text_of(table.number), text=cells.text_of(table.text)
    ).to_pyarrow()
    assert found.to_pylist() == [{"number": "12", "text": "a"}]
