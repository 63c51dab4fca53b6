"""Personal data in comments."""

import pytest

from emptychair.analysis.comments.masking import masked, personal_data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mejla a.b-c@post.example.org nu", "Mejla [e-mail] nu"),
        ("se https://ex.se/x?t=1 och www.ex.se", "se [link] och [link]"),
        ("konto DE89 3704 0044 0532 0130 00", "konto [account]"),
        ("pnr 850412-1234 och 19850412-1234", "pnr [personal number] och [personal number]"),
        ("cpr 120485-1234, hetu 120485-123A", "cpr [personal number], hetu [personal number]"),
        ("+46 70 123 45 67 eller 22 33 44 55", "[phone] eller [phone]"),
        ("ABC 123, AB 12 345, M-AB 1234, AB12 CDE", "[plate], [plate], [plate], [plate]"),
        ("order 4471, ärende: SE-88213", "order [number], ärende: [number]"),
        ("nummer 1234567", "nummer [number]"),
        ("bor på Storgatan 14 B", "bor på [address]"),
        ("Hyllie Allé 3 och 8 Birch Road", "[address] och [address]"),
        ("Frau Schneider und Herr Yilmaz", "Frau [name] und Herr [name]"),
        ("Tack till Xerxes i lagret", "Tack till [name] i lagret"),
        ("Det var Xerxes i kassan som", "Det var [name] i kassan som"),
        ("Fin butik! /Xerxes", "Fin butik! /[name]"),
        ("Jag pratade med Anna-Karin Berg", "Jag pratade med [name]"),
        ("Det var anna som sa", "Det var anna som sa"),
    ],
)
def test_masking_puts_words_in_the_place_of_personal_data(text, expected):
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Väntade 45 minuter i kön den 12/5",
        "Kostade 12500 kr",
        "Betalade 1 200 kr för 3 st",
        "Trevlig personal i Malmö",
        "Bra! Kommer igen 2026.",
        "Fantastisk i kassan",
    ],
)
def test_masking_leaves_other_words_alone(text):
    assert masked(text) == text


def test_masking_takes_the_labels_it_is_given():
    labels = dict.fromkeys(("email",), "[e-post]")
    assert masked("till a@b.se", labels) == "till [e-post]"
    assert [one.kind for one in personal_data("a@b.se, +46701234567")] == ["email", "phone"]
