from pathlib import Path

import pytest

from emptychair.analysis.errors import ArgumentError
from emptychair.analysis.tables import simulate
from emptychair.analysis.tables.simulate import load_config
from emptychair.analysis.tables.simulate.comments import LANGUAGES, TONES, _catalogue

DEFAULT = (Path(simulate.__file__).parent / "company.toml").read_text(encoding="utf-8")


def write(tmp_path, old="", new=""):
    assert old in DEFAULT
    path = tmp_path / "company.toml"
    path.write_text(DEFAULT.replace(old, new, 1) if old else DEFAULT, encoding="utf-8")
    return path


def test_load_config_without_a_file_is_the_one_of_the_package(tmp_path):
    assert load_config() == load_config(write(tmp_path))


def test_load_config_takes_changes_but_for_those_that_are_none():
    config = load_config(customers=123, days=None)
    assert config.customers == 123
    assert config.days == 730


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("customers = 20000", "customers = 9", "customers must be from 10"),
        ("customers = 20000", "customers = true", "customers must be of type int, not True"),
        ("customers = 20000", 'customers = "many"', "customers must be of type int, not 'many'"),
        ("customers = 20000", "", "lacks 'customers'"),
        ("days = 730", "days = 20", "days must be from 28"),
        ("days = 730", "days = 730\nweather = 1", "has an unknown 'weather'"),
        ("new_share = 0.25", "new_share = 1.25", "new_share must be a share from 0 to 1"),
        ("share = 0.36", "share = 0.5", "shares of segments must add up to 1, not 1.140"),
        ('code = "malmo"', 'code = "lund"', "an initiative has an unknown unit"),
        ('driver = "website"', 'driver = "weather"', "an initiative has an unknown driver"),
        ('segments = ["business"]', 'segments = ["pets"]', "unknown segment"),
        ("means = { waiting = 3.3,", "means = {", "experience.means must name every driver"),
        ("effects = { waiting = 0.85,", "effects = {", "effects of every segment must name"),
        ('SE = "sv", ', "", "must name every country"),
        ('drivers = ["waiting", ', 'drivers = "waiting" # ', "drivers must be a list"),
        ("by_country = {", 'by_country = "sv" # {', "by_country must be a table"),
        ("[attitude]", "attitude = 1\n[ignored]", "unknown 'ignored'|attitude must be a table"),
        ("[attitude]", "[attitude", "is not TOML"),
    ],
)
def test_load_config_says_what_cannot_be_true(tmp_path, old, new, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        load_config(write(tmp_path, old, new))


def test_load_config_says_that_a_part_must_be_a_table():
    with pytest.raises(ArgumentError, match="attitude must be a table of values"):
        load_config(attitude=1)


def test_load_config_needs_segments_and_units():
    with pytest.raises(ArgumentError, match="shares of segments must add up"):
        load_config(segments=[])


def test_load_config_says_that_there_is_no_file(tmp_path):
    with pytest.raises(ArgumentError, match=r"cannot be opened: No such file"):
        load_config(tmp_path / "missing.toml")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_sentences_for_every_driver_and_tone(language):
    catalogue = _catalogue(language)
    assert set(catalogue) == {*load_config().drivers, "general"}
    sentences = [one for about in catalogue.values() for tone in TONES for one in about[tone]]
    assert len(sentences) >= 60
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.strip() == sentence and sentence[-1] in ".!?" for sentence in sentences)


def test_there_are_no_comments_in_other_languages():
    with pytest.raises(ArgumentError, match="no comments in 'fi', only in sv, da, nb, en"):
        _catalogue("fi")
