import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptychair.analysis.errors import ArgumentError, UnreadableFileError
from emptychair.analysis.tables import textfile
from emptychair.analysis.tables.textfile import read_text


def rows_of(path, **options):
    """Return the cells of each row without its number."""
    return [tuple(row.values())[:-1] for row in dicts_of(path, **options)]


def dicts_of(path, **options):
    raw = read_text(path, **options)
    return [row for batch in raw.batches for row in batch.to_pylist()]


def numbers_of(path, **options):
    return [row["_row"] for row in dicts_of(path, **options)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_read_text_finds_the_separator_and_the_line_ends(write, separator, line_end):
    lines = ["score", "unit"], ["9", "Lund"], ["3", "Malmö"]
    path = write(line_end.join(separator.join(line) for line in lines))
    assert read_text(path).headings == ("score", "unit")
    assert rows_of(path) == [("9", "Lund"), ("3", "Malmö")]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "sep=\t"])
def test_read_text_believes_a_separator_line(write, first):
    separator = "\t" if "\t" in first else ";"
    path = write(f"{first}\nscore{separator}a,b,c,d\n9{separator}1,2,3,4\n")
    assert rows_of(path) == [("9", "1,2,3,4")]
    assert numbers_of(path) == [3]


def test_read_text_is_not_misled_by_commas_in_numbers_and_comments(write):
    path = write("betyg;kommentar\n9,0;bra, snabbt, billigt\n8,5;nja, dyrt\n")
    assert rows_of(path) == [("9,0", "bra, snabbt, billigt"), ("8,5", "nja, dyrt")]


def test_read_text_uses_the_separator_it_is_given(write):
    assert rows_of(write("score^unit\n9^A\n"), separator="^") == [("9", "A")]
    with pytest.raises(ArgumentError, match="one character"):
        read_text(write("score\n9\n"), separator=";;")


def test_read_text_reads_a_single_column(write):
    path = write("score\n9\n\n10")
    assert rows_of(path) == [("9",), (None,), ("10",)]
    assert numbers_of(path) == [2, 3, 4]


def test_read_text_reads_quotes_with_separators_line_breaks_and_quotes_inside(write):
    path = write('score;comment\n9;"bra; men\nlång ""kö"""\n8;x\n')
    assert rows_of(path) == [("9", 'bra; men\nlång "kö"'), ("8", "x")]
    assert numbers_of(path) == [2, 3]


def test_read_text_reads_quotes_marked_by_a_backslash(write):
    path = write('score,comment\n9,"a \\"good\\" one, really"\n7,no\n6,"short \\"x\n')
    assert rows_of(path)[0] == ("9", 'a "good" one, really')


def test_read_text_reads_a_header_with_a_line_break_in_it(write):
    path = write('"How likely\nare you?",unit\n9,A\n')
    assert read_text(path).headings == ("How likely are you?", "unit")
    assert rows_of(path) == [("9", "A")]


def test_read_text_passes_over_a_title_above_the_table(write):
    path = write("NPS report 2026\n\nscore;unit\n9;A\n8;B\n")
    assert rows_of(path) == [("9", "A"), ("8", "B")]
    assert numbers_of(path) == [4, 5]


def test_read_text_pads_short_rows_and_leaves_out_long_ones(write):
    path = write("score,unit,comment\n9,A\n8,B,fine\n7,C,x,y\n6,D,z,,\n5\n")
    raw = read_text(path)
    rows = sorted(
        (row["_row"], row["c0"], row["c1"], row["c2"])
        for batch in raw.batches
        for row in batch.to_pylist()
    )
    assert rows == [
        (2, "9", "A", None),
        (3, "8", "B", "fine"),
        (5, "6", "D", "z"),
        (6, "5", None, None),
    ]
    assert [(one.row, one.text) for one in raw.findings.ragged] == [(4, "7,C,x,y")]
    assert raw.findings.padded_rows == 3


def test_read_text_takes_out_nul_and_counts_it(write):
    raw = read_text(write(b"score,unit\n9,\0A\0\n"))
    assert [batch.to_pylist()[0]["c1"] for batch in raw.batches] == ["A"]
    assert raw.findings.removed_nul == 2


def test_read_text_makes_headings_different(write):
    raw = read_text(write("score,Score,,unit\n9,8,7,A\n"))
    assert raw.headings == ("score", "Score (2)", "column 3", "unit")


def test_read_text_counts_letters_that_were_damaged_before(write):
    raw = read_text(write("score,comment\n9,pÃ¥ Ã…re Ã¤r det bra\n"))
    list(raw.batches)
    assert raw.findings.damaged_letters == 3


def test_the_text_is_passed_on_as_utf_8_in_pieces_of_any_size(write):
    # Arrow reads the stream from a thread of its own, which no tracer follows.
    text = "score;comment\n9;pÃ¥ \0kö"
    with textfile._Utf8Stream(write(text, encoding="cp1252"), "cp1252") as stream:
        assert stream.readable()
        pieces = iter(lambda: stream.read(5), b"")
        assert b"".join(pieces).decode() == text.replace("\0", "") + "\n"
        assert (stream.removed_nul, stream.damaged_letters) == (1, 1)
    with textfile._Utf8Stream(write("\ufeffa\n"), "utf-8") as stream:
        assert stream.read() == b"a\n"


def test_read_text_goes_on_after_a_block_of_rows_it_leaves_out(write, monkeypatch):
    monkeypatch.setattr(textfile, "_BLOCK_BYTES", 1 << 10)
    long_rows = "".join(f"1,2,{i}\n" for i in range(2000))
    rows = dicts_of(write("score,unit\n" + long_rows + "9,A\n"))
    assert [(row["c0"], row["_row"]) for row in rows] == [("9", 2002)]


def test_read_text_leaves_ordinary_line_breaks_in_comments_alone(write):
    raw = read_text(write('score;unit;comment\n9;A;"bra\nlång; kö"\n8;B;x\n'))
    list(raw.batches)
    assert raw.findings.swallowing_cells == []


def test_read_text_notes_cells_that_seem_to_have_swallowed_rows(write):
    path = write('score;unit;comment\n9;A;"bra\n8;B;dåligt\n7;C;nej"\n6;D;x\n')
    raw = read_text(path)
    list(raw.batches)
    assert [(one.row, one.text) for one in raw.findings.swallowing_cells] == [
        (2, "bra\n8;B;dåligt\n7;C;nej")
    ]


@pytest.mark.parametrize(
    "text",
    [
        'score;comment\n9;"bra\n8;x\n7;y\n',
        'score;comment\n8;x\n9;"bra\n7;y',
        'score;a;b\n1;2;3\n9;"x\n7;8',
        'score;a;b\n9;"x\n7;8',
    ],
)
def test_read_text_refuses_a_quotation_mark_that_is_never_closed(write, text):
    with pytest.raises(
        UnreadableFileError, match=r"row [23]: a quotation mark is opened and never"
    ):
        rows_of(write(text))


def test_read_text_allows_an_odd_quotation_mark_within_a_cell(write):
    assert rows_of(write('score;comment\n9;a 24" screen\n8;b\n'))[1] == ("8", "b")


@pytest.mark.parametrize("text", ["\n\n", "   \n", "sep=;\n"])
def test_read_text_refuses_a_file_without_a_header(write, text):
    with pytest.raises(UnreadableFileError, match="has no header row"):
        read_text(write(text))


def test_read_text_of_a_header_alone_has_no_rows(write):
    assert rows_of(write("score,unit")) == []


def test_read_text_refuses_too_many_columns(write):
    header = ",".join(f"c{i}" for i in range(16_384))
    with pytest.raises(UnreadableFileError, match="has 16384 columns; at most 2000"):
        read_text(write(header + "\n"))


def test_read_text_reads_a_cell_of_200_kilobytes(write):
    long = "x" * 200_000
    assert rows_of(write(f'score,comment\n9,"{long}"\n8,y\n'))[0] == ("9", long)


def test_read_text_refuses_a_row_larger_than_a_block(write, monkeypatch):
    monkeypatch.setattr(textfile, "_BLOCK_BYTES", 1 << 20)
    with pytest.raises(UnreadableFileError, match="has a row of more than 1 MB"):
        rows_of(write('score,comment\n9,"' + "x\n" * 2_000_000 + '"\n'))


def test_read_text_keeps_row_numbers_over_many_blocks(write, monkeypatch):
    monkeypatch.setattr(textfile, "_BLOCK_BYTES", 1 << 12)
    lines = [f"{i % 11},{i}" if i % 100 else f"{i % 11},{i},long" for i in range(1, 5000)]
    path = write("score,number\n" + "\n".join(lines) + "\n")
    for row in dicts_of(path):
        assert row["_row"] == int(row["c1"]) + 1


def test_read_text_says_what_arrow_could_not_read(write, monkeypatch):
    import pyarrow as pa

    def fail(*arguments, **options):
        raise pa.ArrowInvalid("something odd\nmore")

    monkeypatch.setattr(textfile.arrow_csv, "open_csv", fail)
    with pytest.raises(UnreadableFileError, match=r"cannot be read as a table: something odd\.$"):
        rows_of(write("score\n9\n"))


CELL = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\ufeff\r"), max_size=12
)


@settings(deadline=None)
@given(cells=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_read_text_returns_what_a_csv_writer_wrote(tmp_path_factory, cells):
    import csv

    path = tmp_path_factory.mktemp("text") / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
            [("score", "comment"), *cells]
        )
    expected = [(one or None, other or None) for one, other in cells]
    assert rows_of(path, encoding="utf-8", separator=";") == expected
