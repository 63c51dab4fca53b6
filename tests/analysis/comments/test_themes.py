"""Themes over a table: columns, effects, quotes, discovered terms, the same on every engine."""

from math import isnan

import numpy as np
import pytest

from emptychair.analysis.comments.columns import theme_columns, with_themes
from emptychair.analysis.comments.discover import discover, discoveries_in
from emptychair.analysis.comments.quotes import chosen, quotes
from emptychair.analysis.comments.taxonomy import taxonomy_of
from emptychair.analysis.comments.themes import effects_of, themes
from emptychair.analysis.errors import ColumnNotFoundError, NoAnswersError

TWO = taxonomy_of(
    {"price": {"sv": "dyr*, pris*", "da": "dyr*"}, "queue": {"sv": "kö*", "da": "kø*"}}
)


@pytest.fixture
def answers(make_table):
    """Thirty who find it expensive, thirty who like it, twenty silent; every customer twice."""
    comments = ["För dyrt hos er", "Alldeles for dyrt hos jer"] * 15 + ["Trevlig personal!"] * 30
    return make_table(
        {
            "customer_id": [f"c{i // 2}" for i in range(80)],
            "score": [2] * 24 + [9] * 6 + [10] * 24 + [7] * 6 + [9] * 20,
            "comment": [*comments, *["👍", "", None, None] * 5],
            "language": ["sv", "da"] * 40,
            "unit": ["N", "N", "S", "S"] * 20,
        }
    )


def rows_of(table, *names):
    found = table.order_by("customer_id", "score").select(*names).to_pyarrow().to_pylist()
    return [tuple(row[name] for name in names) for row in found]


def test_columns_tell_mention_no_mention_and_no_comment(make_table):
    table = make_table(
        {
            "customer_id": ["a", "b", "c", "d", "e"],
            "score": [1, 2, 3, 4, 5],
            "comment": ["För dyrt", "Lång kö", "👍", None, " "],
            "theme_price": [9, 9, 9, 9, 9],
        }
    )
    read = with_themes(table, TWO)
    assert rows_of(read, "theme_price", "theme_queue", "comment_triage") == [
        (1, 0, "remark"),
        (0, 1, "remark"),
        (None, None, "unusable"),
        (None, None, None),
        (None, None, None),
    ]
    assert str(read.theme_price.type()) == "int8"
    assert theme_columns(read) == ["theme_price", "theme_queue"]
    assert rows_of(with_themes(table.drop("theme_price")), "theme_price")[0] == (1,)


def test_columns_need_comments(make_table):
    with pytest.raises(ColumnNotFoundError, match="no column 'comment'"):
        with_themes(make_table({"score": [1]}))


def test_effects_by_hand(answers):
    price, queue = themes(with_themes(answers, TWO))
    assert (price.theme, price.n, price.share) == ("price", 30, 0.5)
    assert price.nps_points == pytest.approx(100 * (6 - 24) / 30)
    assert price.others_points == pytest.approx(100 * 24 / 30)
    assert price.impact_points == pytest.approx(30 / 80 * (-60 - 80))
    everybody = 100 * (50 - 24) / 80
    assert price.without_points == pytest.approx(everybody - price.impact_points)
    assert price.impact_low < price.impact_points < price.impact_high < 0
    assert price.verdict == "pulls_down"
    assert price.languages == {"da": 15, "sv": 15}
    assert price.sentiment == {"negative": 30}
    assert (queue.n, queue.verdict, queue.languages) == (0, "unclear", {})
    assert isnan(queue.impact_points)


def test_effects_by_group_and_without_ids(answers, make_table):
    read = with_themes(answers, TWO)
    by = themes(read, by=["unit"])
    assert [one.group for one in by] == [("N",), ("N",), ("S",), ("S",)]
    bare = read.drop("customer_id", "comment_sentiment", "comment_language")
    first = themes(bare)[0]
    assert first.n == 30
    assert first.sentiment == {}
    assert first.impact_low < first.impact_points < first.impact_high


def test_effects_need_columns_and_comments(make_table):
    table = make_table({"score": [1, 2], "comment": ["👍", None]})
    with pytest.raises(NoAnswersError, match="no theme can be told"):
        themes(with_themes(table, TWO))
    with pytest.raises(ColumnNotFoundError, match="column of a theme"):
        themes(table)


def test_groups_without_comments_are_left_out(make_table):
    table = make_table(
        {
            "score": [1] * 24,
            "comment": ["För dyrt"] * 12 + ["👍"] * 12,
            "unit": ["N"] * 12 + ["S"] * 12,
        }
    )
    assert {one.group for one in themes(with_themes(table, TWO), by=["unit"])} == {("N",)}


def test_a_theme_that_everybody_mentions_has_no_effect_to_tell():
    sums = np.zeros((50, 3, 3))
    sums[:, :] = [1, 1, 2]
    (one,) = effects_of(sums, ["price"])
    assert isnan(one.impact_points)
    assert one.nps_points == 25.0


def test_a_theme_that_changes_nothing_is_unclear_and_one_without_doubt_is_sure():
    sums = np.zeros((50, 4, 3))
    sums[:, 0] = sums[:, 1] = [2, 0, 2]
    sums[:, 2] = [1, 0, 1]
    sums[:, 3] = [0, 0, 1]
    found = {one.theme: one for one in effects_of(sums, ["same", "up"])}
    assert (found["same"].p_value, found["same"].verdict) == (1.0, "unclear")
    assert (found["up"].p_value, found["up"].verdict) == (0.0, "lifts")


def test_effects_of_nobody_are_not_told():
    (one,) = effects_of(np.zeros((50, 3, 3)), ["price"])
    assert isnan(one.share)
    assert isnan(one.impact_points)


def test_noise_over_many_themes_is_rarely_called_sure():
    rng = np.random.default_rng(8)
    false_lists = 0
    for _ in range(100):
        sums = np.zeros((50, 22, 3))
        for group in range(50):
            for bucket, share in enumerate((0.2, 0.3, 0.5)):
                n = rng.poisson(40 * share)
                sums[group, :2, bucket] = n
                sums[group, 2:, bucket] = rng.binomial(n, 0.1, 20)
        found = effects_of(sums, [f"t{i}" for i in range(20)])
        false_lists += any(one.verdict != "unclear" for one in found)
    assert false_lists <= 17  # 10 of 100, and chance


def test_quotes_are_short_different_and_masked(make_table):
    table = make_table(
        {
            "score": [1, 2, 3, 9, 1],
            "comment": [
                "Alldeles för dyrt, hälsar Anna Berg",
                "Alldeles för dyrt, hälsar Anna Ek",
                "Priset i kassan var ett annat än på hyllan",
                "dyrt",
                "Dyrt " + "och så vidare " * 30,
            ],
            "unit": ["N"] * 5,
        }
    )
    found = quotes(with_themes(table, TWO), by=["unit"])
    told = [one.text for one in found[("N",), "price"]]
    assert sorted(told) == [
        "Alldeles för dyrt, hälsar [name]",
        "Priset i kassan var ett annat än på hyllan",
    ]
    assert set(found) == {(("N",), "price")}


def test_quotes_stop_when_there_are_enough():
    comments = ["Dyrt i kassan igen", "Priset var för högt sa de", "Biljetten kostade för mycket"]
    rows = [
        {"comment": one, "score": 3, "mentions": 1, "language": "sv", "sentiment": "negative"}
        for one in comments
    ]
    assert len(chosen(rows, 2)) == 2


def test_discovery_finds_what_themes_do_not_cover(make_table):
    charging = ["Laddstolpen är trasig", "Laddstolparna räckte inte", "Fler laddstolpar behövs"] * 5
    danish = ["Ladestanderen virker ikke", "Ladestandere er optaget"] * 4
    priced = ["För dyrt i affären", "Dyrare än väntat i butiken"] * 20
    comments = [*charging, *danish, *priced, "👍"]
    table = make_table(
        {"score": [2] * 20 + [9] * (len(comments) - 20), "comment": comments,
         "language": ["sv"] * 15 + ["da"] * 8 + ["sv"] * 41}
    )  # fmt: skip
    found = discover(with_themes(table, TWO))
    assert found[0].label.startswith("laddst")
    assert any(word.startswith("laddst") for word in found[0].keywords["sv"])
    assert found[0].n == 15
    assert found[0].nps_points == -100.0
    assert found[0].examples[0] == "Laddstolpen är trasig"
    assert any("da" in one.keywords for one in found)


def test_discovery_puts_words_of_two_languages_together():
    rows = [
        {"comment": f"{word} {i}", "score": 8, "language": language, "themed": False}
        for word, language in (("Parketten", "sv"), ("Parketts", "de"))
        for i in range(8)
    ] + [{"comment": f"zonk {i}", "score": 8, "language": "sv", "themed": True} for i in range(30)]
    (found,) = discoveries_in(rows)
    assert set(found.keywords) == {"sv", "de"}
    assert found.n == 16


def test_discovery_of_nothing_is_said(make_table):
    with pytest.raises(NoAnswersError, match="nothing can be discovered"):
        discoveries_in([])
    same = [{"comment": "bord", "score": 8, "language": "sv", "themed": i < 20} for i in range(40)]
    assert discoveries_in(same) == []


def test_themes_of_a_simulated_company_point_where_its_truth_does(duckdb):
    from emptychair.analysis.tables import put
    from emptychair.analysis.tables.simulate import load_config, simulate_company

    made = simulate_company(load_config(customers=3000), seed=5)
    read = with_themes(put(duckdb, made.tables["responses"]))
    found = {one.theme: one for one in themes(read)}
    assert found["delivery"].verdict == "pulls_down"
    assert found["waiting"].verdict == "pulls_down"
    assert set(found["waiting"].languages) == {"sv", "da", "nb", "en"}
