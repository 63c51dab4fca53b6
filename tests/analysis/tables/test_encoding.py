import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emptychair.analysis.errors import UnreadableFileError
from emptychair.analysis.tables.encoding import detect_encoding, text_chunks

NORDIC = (
    "betyg;enhet;kommentar\n"
    "9;Göteborg;Väldigt bra bemötande på Åre, ÄVEN I KÖN\n"
    "3;Aarhus;Ærlig talt for langsomt. Rødgrød med fløde, ØL og idé\n"
    "10;Örebro;Är nöjd – toppen\n"
)
LETTERS_ONLY = NORDIC.replace(" – ", " ")
ENCODINGS = [
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32",
    "cp1252", "latin-1", "mac_roman", "cp850", "cp865",
]  # fmt: skip
WORDS = [
    "Malmö", "Växjö", "Åre", "Ärende", "Östersund", "KÖPENHAMN", "Århus", "Ærø", "Øresund",
    "København", "på", "är", "få", "även", "större", "tack", "bra", "kø", "første", "Tromsø",
    "idé", "ingår", "ÅÄÖ", "öppet", "ægte", "hjælp", "kjøpt", "sjælden", "fråga", "nöjd",
]  # fmt: skip


def text_of(path):
    return "".join(text_chunks(path, detect_encoding(path).name))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_detect_encoding_gives_the_right_letters(write, encoding):
    text = NORDIC if encoding.startswith(("utf", "cp1252", "mac")) else LETTERS_ONLY
    path = write(text, encoding=encoding)
    assert text_of(path).removeprefix("\ufeff") == text
    assert detect_encoding(path).sure


@settings(deadline=None)
@given(
    words=st.lists(st.sampled_from(WORDS), min_size=4, max_size=40),
    encoding=st.sampled_from(["cp1252", "mac_roman", "cp850", "utf-8", "utf-16-le"]),
)
def test_detect_encoding_reads_any_nordic_words(tmp_path_factory, words, encoding):
    text = "score;comment\n9;" + " ".join(words) + "\n"
    path = tmp_path_factory.mktemp("text") / "answers.csv"
    path.write_bytes(text.encode(encoding))
    assert text_of(path) == text


@pytest.mark.parametrize("word", ["Å", "Ä", "Ö", "Æ", "Ø", "É", "å", "ä", "ö", "æ", "ø", "é"])
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850", "cp865"])
def test_detect_encoding_reads_each_letter_where_it_stands_in_a_word(write, word, encoding):
    before, after = ("", "lgar") if word.isupper() else ("id", "t") if word == "é" else ("b", "r")
    text = f"score;comment\n9;{before}{word}{after} tack\n"
    path = write(text, encoding=encoding)
    assert text_of(path) == text


def test_detect_encoding_says_when_two_readings_are_as_plausible(write):
    # The quotation marks of cp1252 are the ö of cp850, and no other letter tells.
    encoding = detect_encoding(write("score;comment\n9;”bra”\n", encoding="cp1252"))
    assert not encoding.sure


def test_detect_encoding_reads_typographic_signs(write):
    text = "score;comment\n9;It’s “very good” – 5\u00a0€ well spent…\n"
    assert text_of(write(text, encoding="cp1252")) == text


def test_detect_encoding_of_plain_ascii_is_utf_8(write):
    assert detect_encoding(write("score\n9\n")).name == "utf-8"


def test_detect_encoding_finds_a_letter_after_a_megabyte_of_ascii(write):
    text = "score;comment\n" + "9;fine\n" * 200_000 + "3;dålig kö i Malmö\n"
    path = write(text, encoding="cp1252")
    assert text_of(path).endswith("3;dålig kö i Malmö\n")


def test_detect_encoding_refuses_a_file_put_together_from_parts(write):
    good = "9;på Åre är det bra\n".encode() * 5
    with pytest.raises(UnreadableFileError, match="line 7 holds bytes that are not"):
        detect_encoding(write(b"score;comment\n" + good + "3;kö\n".encode("cp1252")))


def test_detect_encoding_refuses_a_file_cut_in_a_letter(write):
    data = ("score;comment\n" + "9;på Åre\n" * 5).encode() + "8;å".encode()[:-1]
    with pytest.raises(UnreadableFileError, match="or cut"):
        detect_encoding(write(data))


def test_detect_encoding_asks_for_help_where_no_nordic_reading_is_plausible(write):
    text = "score;comment\n9;Спасибо, всё очень хорошо, буду рекомендовать\n" * 20
    encoding = detect_encoding(write(text, encoding="cp1251"))
    assert not encoding.sure
    assert codecs.lookup(encoding.name)


def test_detect_encoding_of_bytes_that_are_no_text_is_not_sure(write):
    assert not detect_encoding(write(b"score\n" + bytes(range(0x80, 0xA0)))).sure


def test_text_chunks_refuses_an_encoding_that_nobody_knows(write):
    with pytest.raises(UnreadableFileError, match="no encoding is known by 'utf-99'"):
        list(text_chunks(write("score\n"), "utf-99"))


def test_text_chunks_refuses_a_file_that_is_not_in_the_encoding_given(write):
    with pytest.raises(UnreadableFileError, match=r"answers\.csv is not text in utf-8"):
        list(text_chunks(write("kö", encoding="cp1252"), "utf-8"))


def test_a_short_file_with_a_nul_is_not_taken_for_utf_16(write):
    assert detect_encoding(write(b"a\0")).name == "utf-8"
