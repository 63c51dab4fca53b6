"""Themes and their keywords, shipped and a company's own."""

import re

import pytest

from emptychair.analysis.comments.keywords import Keywords, parts_of
from emptychair.analysis.comments.lexicon import LANGUAGES
from emptychair.analysis.comments.taxonomy import (
    MOST_THEMES,
    Taxonomy,
    Theme,
    key_of,
    read_taxonomy,
    shipped_taxonomy,
    taxonomy_of,
)
from emptychair.analysis.comments.text import words_of
from emptychair.analysis.errors import ArgumentError, UnreadableFileError


def found(keywords: list[str], text: str) -> list[tuple[int, int]]:
    matches = Keywords({"x": keywords}).find(words_of(text).words)
    return [(one.start, one.end) for one in matches]


@pytest.mark.parametrize(
    ("keyword", "text", "places"),
    [
        ("kö", "en kö och köer", [(1, 2)]),
        ("kö*", "en kö och köer", [(1, 2), (3, 4)]),
        ("*kö", "telefonkö kö", [(0, 1), (1, 2)]),
        ("*park*", "cykelparkeringen", [(0, 1)]),
        ("för dyrt", "alldeles FÖR dyrt", [(1, 3)]),
        ("tack till *na", "tack till flickorna", [(0, 3)]),
        ("gick *sönd*", "gick isönder", [(0, 2)]),
        ("slut i lag*", "slut i lagret", [(0, 3)]),
        ("fler * tack", "fler stora stolar tack", [(0, 4)]),
        ("fler * tack", "fler tack", []),
        ("fler * tack", "fler a b c d tack", []),
        ("fler * tack nu", "fler a tack och b tack nu", []),
        ("för dyrt", "för", []),
    ],
)
def test_keywords_are_found(keyword, text, places):
    assert found([keyword], text) == places


def test_exceptions_take_back_what_they_cover():
    assert found(["öppet", "!öppet köp"], "öppet köp men öppet sent") == [(3, 4)]
    both = Keywords({"a": ["öppet"], "b": ["!öppet köp"]})
    assert len(both.find(["öppet", "köp"])) == 1


@pytest.mark.parametrize(
    ("keyword", "said"),
    [
        ("", "no letters"),
        ("!", "no letters"),
        ("x" * 61, "longer than 60"),
        ("a b c d e f g", "one to 6 words"),
        ("* tack", "lone"),
        ("tack *", "lone"),
        ("pri*set", "begins or ends"),
        ("...", "begins or ends"),
        ("x*", "two letters"),
    ],
)
def test_keywords_that_cannot_be_used_are_explained(keyword, said):
    with pytest.raises(ArgumentError, match=re.escape(said)):
        parts_of(keyword)


def test_the_shipped_themes_have_names_and_keywords_in_every_language():
    themes = shipped_taxonomy().themes
    assert 15 <= len(themes) <= 20
    for theme in themes:
        for language in LANGUAGES:
            assert theme.names[language]
            assert len(theme.keywords[language]) >= 5


def test_a_theme_has_a_name_in_any_language():
    theme = Theme("long_name", {"sv": "Långt namn"}, {})
    assert (theme.name("sv"), theme.name("da")) == ("Långt namn", "long name")
    assert Theme("x", {"en": "X"}, {}).name("da") == "X"


def test_a_taxonomy_that_cannot_be_used_is_explained():
    theme = Theme("a", {}, {})
    with pytest.raises(ArgumentError, match="twice there: a"):
        Taxonomy((theme, theme))
    with pytest.raises(ArgumentError, match="cannot be a theme's key"):
        Taxonomy((Theme("Å", {}, {}),))
    with pytest.raises(ArgumentError, match="at most 100"):
        Taxonomy(tuple(Theme(f"t{i}", {}, {}) for i in range(MOST_THEMES + 1)))
    with pytest.raises(ArgumentError, match="needs a table"):
        taxonomy_of({"a": "kö"})
    with pytest.raises(ArgumentError, match="one text"):
        taxonomy_of({"a": {"sv": ["kö"]}})


def test_a_taxonomy_is_read_from_a_file(tmp_path):
    file = tmp_path / "themes.toml"
    file.write_text('[charging]\nnames = { sv = "Laddning" }\nsv = "laddstolp*, ladda"\n')
    taxonomy = read_taxonomy(file)
    assert taxonomy.find(["laddstolpen"], ["sv"]) == ("charging",)
    assert taxonomy.find(["laddstolpen"], ["da"]) == ()
    file.write_text("[charging")
    with pytest.raises(UnreadableFileError, match="is not TOML"):
        read_taxonomy(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UnreadableFileError, match="not UTF-8"):
        read_taxonomy(file)
    with pytest.raises(UnreadableFileError, match="No such file"):
        read_taxonomy(tmp_path / "none.toml")


def test_keys_are_made_of_names():
    assert key_of("Öppet & stängt") == "oppet_stangt"
    assert key_of("24-timmars") == "theme_24_timmars"
    assert key_of("Price", ["price", "price_2"]) == "price_3"
