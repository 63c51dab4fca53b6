"""Groups of comments by meaning, from vectors made so that the truth is known."""

import numpy as np
import pytest

from emptychair.analysis.comments.columns import with_themes
from emptychair.analysis.comments.discover import discover
from emptychair.analysis.comments.meaning import (
    MOST_COMMENTS,
    comments_without_theme,
    groups_of_meaning,
)
from emptychair.analysis.comments.taxonomy import taxonomy_of
from emptychair.analysis.errors import ArgumentError, ColumnNotFoundError

SIZE = 384  # of a vector
SAID = {
    ("sv", "charging"): "Laddstolpen var trasig",
    ("da", "charging"): "Ladestanderen virkede aldrig",
    ("en", "charging"): "Charger refused again",
    ("sv", "toilet"): "Toaletten luktade illa",
    ("da", "toilet"): "Toilettet var beskidt",
    ("en", "toilet"): "Filthy restroom downstairs",
}
NOISE = "abcdefghijklmnopqrstuvwxyz"


def directions(n, seed=0, size=SIZE):
    made = np.random.default_rng(seed).normal(size=(n, size))
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.fixture
def made():
    """Two meanings in three languages, twelve comments of each, and sixty about nothing shared.

    The vector of a comment is its meaning, twice as much its language, and noise.
    """
    meaning = dict(zip(("charging", "toilet"), directions(2, 1), strict=True))
    language = dict(zip(("sv", "da", "en"), directions(3, 2), strict=True))
    rows, truth = [], []
    for (code, about), words in SAID.items():
        for i in range(12):
            score = 2 if about == "charging" else 9
            rows.append({"comment": f"{words} {i}", "score": score, "language": code})
            truth.append(meaning[about] + 2 * language[code])
    for i in range(60):
        code = ("sv", "da", "en")[i % 3]
        word = "".join(NOISE[(i * k + k) % 26] for k in range(3, 10))
        rows.append({"comment": f"{word} {i}", "score": 7, "language": code})
        truth.append(directions(1, 100 + i)[0] + 2 * language[code])
    return rows, np.array(truth) + 0.3 * directions(len(truth), 3)


def test_groups_of_meaning_meet_across_languages(made):
    rows, vectors = made
    toilet, charging = sorted(groups_of_meaning(rows, vectors), key=lambda one: -one.nps_points)
    assert (charging.n, toilet.n) == (36, 36)
    assert charging.languages == toilet.languages == {"da": 12, "en": 12, "sv": 12}
    assert charging.nps_points == -100.0
    assert toilet.nps_points == 100.0
    assert charging.share == pytest.approx(36 / 132)
    assert set(charging.keywords) == {"sv", "da", "en"}
    assert "laddstol*" in charging.keywords["sv"] or "laddstolpen" in charging.keywords["sv"]
    assert any(word.startswith("ladestand") for word in charging.keywords["da"])
    assert any(word.startswith("toil") for word in toilet.keywords["da"])
    assert {quote.language for quote in charging.examples} == {"sv", "da", "en"}
    assert 0.5 < charging.closeness < 1
    assert charging.label != toilet.label


def test_groups_of_meaning_are_the_same_again_and_in_any_order_of_rows(made):
    rows, vectors = made
    found = groups_of_meaning(rows, vectors)
    assert groups_of_meaning(rows, vectors.astype(np.float16)) != []
    assert groups_of_meaning(rows, vectors) == found
    order = np.random.default_rng(5).permutation(len(rows))
    mixed = groups_of_meaning([rows[i] for i in order], vectors[order])
    assert [(one.label, one.n, one.keywords) for one in mixed] == [
        (one.label, one.n, one.keywords) for one in found
    ]


def test_groups_of_meaning_of_the_words_alone_do_not_meet(made, duckdb):
    """What the groups are for: the same comments, looked at word by word, stay apart."""
    import pyarrow as pa

    from emptychair.analysis.tables import put

    rows, _ = made
    columns = {name: [row[name] for row in rows] for name in ("comment", "score", "language")}
    read = with_themes(put(duckdb, pa.table(columns)), taxonomy_of({"price": {"sv": "dyr*"}}))
    assert all(len(one.keywords) == 1 or one.label.startswith("toil") for one in discover(read))


@pytest.mark.parametrize(("size", "most"), [(16, 2), (SIZE, 0)])
def test_groups_of_meaning_find_none_in_noise(size, most):
    """With few dimensions one try in twenty may find some; with as many as models have, none."""
    rows = [{"comment": f"ord{i} sak{i % 7}", "score": 5, "language": "sv"} for i in range(200)]
    found = [groups_of_meaning(rows, directions(200, seed, size)) for seed in range(20)]
    assert sum(bool(one) for one in found) <= most


def test_groups_of_meaning_need_five_different_comments(made):
    rows, vectors = made
    assert groups_of_meaning([], []) == []
    assert groups_of_meaning(rows[:1], vectors[:1]) == []
    assert groups_of_meaning(rows[:4], vectors[:4]) == []
    same = [{"comment": "Laddstolpen trasig", "score": 1, "language": "sv"}] * 50
    assert groups_of_meaning(same, np.repeat(vectors[:1], 50, axis=0)) == []


def test_groups_of_meaning_count_a_comment_said_twice_twice(made):
    rows, vectors = made
    twice = groups_of_meaning([*rows, rows[0]], np.vstack([vectors, vectors[:1]]))
    assert sorted(one.n for one in twice) == [36, 37]


def test_groups_of_meaning_of_one_and_the_same_vector_are_none(made):
    rows, vectors = made
    assert groups_of_meaning(rows, np.repeat(vectors[:1], len(rows), axis=0)) == []


def test_groups_of_meaning_leave_out_vectors_that_are_none(made):
    rows, vectors = made
    vectors[0], vectors[1], vectors[2, 5] = np.nan, 0.0, np.inf
    found = groups_of_meaning(rows, vectors)
    assert sorted(one.n for one in found) == [33, 36]
    assert groups_of_meaning(rows, np.full_like(vectors, np.nan)) == []


def test_groups_of_meaning_that_no_word_tells_apart_are_left_out(made):
    rows, vectors = made
    alike = [{**row, "comment": f"{i} och"} for i, row in enumerate(rows)]
    assert groups_of_meaning(alike, vectors) == []


def test_groups_of_meaning_with_the_same_words_have_labels_of_their_own_or_none():
    words = ["Trasig stolpe"] * 90 + ["ord"] * 60
    rows = [{"comment": f"{one} {i}", "score": 5, "language": "sv"} for i, one in enumerate(words)]
    middles = np.vstack([np.repeat(directions(3, 1), 30, axis=0), directions(60, 2)])
    found = groups_of_meaning(rows, middles + 0.3 * directions(150, 3))
    assert [(one.label, one.n) for one in found] == [("stolpe", 30), ("trasig", 30)]


def test_groups_of_meaning_quote_short_comments_without_personal_data(made):
    rows, vectors = made
    long = [
        {**row, "comment": row["comment"] + " Hälsningar Anna Berg" + "!" * 300} for row in rows
    ]
    for one in groups_of_meaning(long, vectors):
        assert len(one.examples) == 3
        assert all("Anna" not in quote.text and "[name]" in quote.text for quote in one.examples)
    named = [{**row, "comment": "Hälsar Anna Berg " + row["comment"]} for row in rows]
    assert all("anna" not in str(one.keywords) for one in groups_of_meaning(named, vectors))
    assert all(len(groups_of_meaning(rows, vectors, most=1)) == 1 for _ in "1")


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (np.zeros((2, 3)), "a table of 132 rows"),
        (np.zeros(132), "not one of the shape"),
        ([[1.0], [1.0, 2.0]], "not numbers"),
        ([["a"]] * 132, "not numbers"),
    ],
)
def test_groups_of_meaning_say_what_is_wrong_with_vectors(made, vectors, said):
    with pytest.raises(ArgumentError, match=said):
        groups_of_meaning(made[0], vectors)


def test_groups_of_meaning_say_what_is_wrong_with_the_rest(made):
    rows, vectors = made
    with pytest.raises(ArgumentError, match="similarity is a share"):
        groups_of_meaning(rows, vectors, similarity=1.0)
    many = [{"comment": f"ord {i}", "score": 5, "language": "sv"} for i in range(MOST_COMMENTS + 1)]
    with pytest.raises(ArgumentError, match="at most 2000 are compared"):
        groups_of_meaning(many, np.ones((len(many), 2)))


def test_comments_without_theme_are_those_and_alike_on_every_engine(make_table):
    table = make_table(
        {
            "response_id": ["a", "b", "c", "d", "e", "f"],
            "score": [1, 2, 3, 4, 5, None],
            "comment": ["För dyrt", "Lång kö", "👍", None, "Trasig stolpe", "Trasig stol"],
        }
    )
    read = with_themes(table, taxonomy_of({"price": {"sv": "dyr*"}, "heat": {"sv": "varm*"}}))
    found = comments_without_theme(read)
    assert [(one["response_id"], one["score"]) for one in found] == [("b", 2), ("e", 5)]
    assert set(found[0]) == {"response_id", "comment", "score", "language"}
    assert len(comments_without_theme(read, most=1)) == 1
    with pytest.raises(ColumnNotFoundError, match="response_id"):
        comments_without_theme(read.drop("response_id"))
