"""Reading single comments: what must hold whatever a customer writes."""

import time

import pytest
from tools.coverage import comments as measured

from emptychair.analysis.comments.language import detect, languages_in
from emptychair.analysis.comments.reading import read_comment
from emptychair.analysis.comments.text import MOST_READ, cleaned, folded


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        (None, "empty"),
        ("", "empty"),
        (" \n\t\u200b ", "empty"),
        ("<p>&nbsp;</p>", "empty"),
        ("👍👍", "no_words"),
        ("...", "no_words"),
        ("10/10", "no_words"),
        ("x", "no_words"),
        ("Ingen kommentar", "no_opinion"),
        ("vet ikke", "no_opinion"),
        ("n/a", "no_opinion"),
        ("asdfgh", "no_sense"),
        ("qwerty", "no_sense"),
        ("xxxx", "no_sense"),
        ("bcdf ghjk", "no_sense"),
        ("aaa", "no_sense"),
        ("brt", "no_sense"),
    ],
)
def test_reading_says_why_nothing_can_be_read(comment, why):
    found = read_comment(comment)
    assert (found.why_unusable, found.triage, found.themes) == (why, "unusable", ())


@pytest.mark.parametrize("comment", ["Dyrt", "Ok service", "1234 fel på fakturan", "Nja, för dyrt"])
def test_reading_takes_short_words_seriously(comment):
    assert read_comment(comment, language="sv").why_unusable == ""


def test_reading_of_a_novel_stops_at_its_beginning():
    novel = "Kön var lång. " * 4_000
    started = time.perf_counter()
    found = read_comment(novel)
    assert time.perf_counter() - started < 5
    assert found.is_cut
    assert found.themes == ("waiting",)
    assert len(cleaned(novel)) <= MOST_READ


@pytest.mark.parametrize("piece", ["A", "Aa ", "1 2", "@.", "http://", "<", "Ab-", "mvh ", "* "])
def test_masking_and_reading_take_hostile_comments_in_a_moment(piece):
    from emptychair.analysis.comments.masking import masked

    comment = piece * (50_000 // len(piece))
    started = time.perf_counter()
    masked(comment)
    read_comment(comment)
    assert time.perf_counter() - started < 10


def test_reading_drops_markup_and_keeps_what_it_holds():
    found = read_comment("<script>alert(1)</script><b>Alldeles för dyrt</b> &amp; långsamt")
    assert found.language == "sv"
    assert {"price", "waiting"} <= set(found.themes)


def test_reading_of_mixed_languages_uses_both():
    text = "Personalen var mycket trevlig som alltid. The delivery was three days late though."
    found = read_comment(text)
    assert set(found.languages) == {"sv", "en"}
    assert {"friendliness", "delivery"} <= set(found.themes)
    assert found.sentiment == "mixed"


def test_the_language_of_the_survey_decides_where_words_do_not():
    assert detect("Topp!", "nb").language == "nb"
    assert detect("Topp!", "no").language == "nb"
    assert detect("Topp!", "sv-SE").language == "sv"
    assert detect("The delivery was three days late", "sv").language == "en"
    assert detect("42 !!") is None
    assert languages_in("42 !!") == ()
    assert read_comment("42").language is None


@pytest.mark.parametrize(
    ("comment", "sentiment"),
    [
        ("inte bra", "negative"),
        ("ikke dyrt", "positive"),
        ("nicht billig, aber gut", "mixed"),
        ("no queue at all", "positive"),
        ("Bra, men personalen satt mest och pratade", "mixed"),
        ("Good food, good people, good prices, bad music", "positive"),
        ("Bad food, bad music, bad smell, good price", "negative"),
        ("Good food, bad music, slow", "mixed"),
        ("Olisi hyvä jos", "neutral"),
        ("Fler stolar tack", "neutral"),
        ("Det regnade 😡", "negative"),
        ("Jag var där i tisdags", "neutral"),
    ],
)
def test_sentiment_with_negation_contrast_and_wishes(comment, sentiment):
    language = detect(comment).language
    assert read_comment(comment, language=language).sentiment == sentiment


@pytest.mark.parametrize(
    ("comment", "triage"),
    [
        ("Ring mig på måndag", "answer"),
        ("Varför kom ingen?", "answer"),
        ("Could you open earlier?", "suggestion"),
        ("Tack till alla, ni är bäst", "praise"),
        ("Det tog en evighet", "remark"),
    ],
)
def test_triage(comment, triage):
    assert read_comment(comment).triage == triage


def test_words_are_remembered_up_to_a_limit(monkeypatch):
    from emptychair.analysis.comments import keywords, language

    monkeypatch.setattr(keywords, "_MOST_KEPT", 0)
    monkeypatch.setattr(language, "_MOST_KEPT", 0)
    assert read_comment("Zlatankön var förskräckligt lång").themes == ("waiting",)


def test_folding_finds_words_without_accents():
    assert folded("Ærø, Åse & Größe") == "aro, ase & grosse"


@pytest.mark.parametrize(
    ("name", "floors"),
    # language, themes precision and recall, sentiment, triage, personal data precision and recall
    [
        ("development", (0.95, 0.92, 0.96, 0.93, 0.96, 0.97, 0.97)),
        ("heldout", (0.94, 0.80, 0.80, 0.80, 0.82, None, None)),
        ("hard", (0.92, 0.55, 0.28, 0.25, 0.50, 0.95, 0.75)),
    ],
)
def test_what_was_reported_of_the_labelled_comments_holds(name, floors):
    comments = measured.labelled(name)
    themes, personal = measured.theme_hits(comments), measured.personal_hits(comments)
    found = (
        measured.share_right(measured.language_hits(comments)),
        themes.precision,
        themes.recall,
        measured.share_right(measured.sentiment_hits(comments)),
        measured.share_right(measured.triage_hits(comments)),
        personal.precision,
        personal.recall,
    )
    for value, floor in zip(found, floors, strict=True):
        assert floor is None or value >= floor


def test_every_language_is_labelled_a_hundred_times_and_more():
    everything = [one for name in measured.SETS for one in measured.labelled(name)]
    for language in measured.LANGUAGES:
        assert sum(one.language == language for one in everything) > 100
    assert len(everything) > 600
