"""Charts of root causes: drawn in every language and true to their records."""

from xml.etree import ElementTree

import pytest

from emptychair.analysis.rootcause.journey import Moment
from emptychair.analysis.rootcause.kappa import learn_kappa
from emptychair.analysis.rootcause.records import Driver, DriverGroup
from emptychair.analysis.rootcause.whatif import Outcome
from emptychair.analysis.show import charts, render, rootcause
from emptychair.analysis.show.words import Words, languages


def driver(name, share, mean, effect=5.0):
    low, high = max(0.0, share - 0.1), share + 0.1
    return Driver(
        name, (name if name.startswith("theme_") else f"rating_{name}",), 300, 0.1, mean, "keep",
        mean - 0.1, mean + 0.1, share, low, high, 1, 2, effect, effect - 2, effect + 2,
    )  # fmt: skip


SILENT = Driver("odd", ("rating_odd",), 2, 0.9, 3.0, "too_few")
GROUP = DriverGroup(
    (), 500, 30.0, 0.4, False, False,
    [driver("waiting", 0.5, 3.1), driver("staff", 0.49, 3.1), driver("price", 0.3, 4.8),
     driver("theme_delivery", 0.2, 0.1, -20.0), SILENT],
)  # fmt: skip
MOMENTS = [
    Moment((), "", "desk", 300, 40.0, 30.0, 50.0, 0.6, 0.5, 0.7, 200, True, ""),
    Moment((), "", "till", 200, -20.0, -30.0, -10.0, None, None, None, 0, True, "too_few"),
    Moment((), "", "web", 4, 50.0, -10.0, 90.0, None, None, None, 0, True, "too_few"),
    Moment((), "", "app", 0, None, None, None, None, None, None, 0, False, "not_measured"),
]
OUTCOME = Outcome((), (), 3.0, 0.0, 6.0, 0.9, 5.0, None, None, None, None, None, learn_kappa())
NOTHING = DriverGroup((), 5, None, None, False, False, [SILENT])


def every_chart(words):
    return [
        rootcause.drivers_chart(GROUP, words, {"waiting": "Väntetid"}, {"waiting": "/behind"}),
        rootcause.drivers_chart(NOTHING, words),
        rootcause.effects_chart(GROUP, words),
        rootcause.journey_chart(MOMENTS, words, {"desk": "The desk"}),
        rootcause.journey_chart(MOMENTS[3:], words),
        rootcause.outcomes_chart([OUTCOME], words),
    ]


@pytest.mark.parametrize("language", languages())
def test_every_chart_is_drawn_in_every_language(language):
    for chart in every_chart(Words(language)):
        for width in (charts.WIDE, charts.NARROW):
            root = ElementTree.fromstring(render.svg_of_page(chart, width))
            assert root.get("aria-label") == f"{chart.title}. {chart.sentence}"
            assert float(root.get("width")) <= width + 24


def test_importance_and_performance_stand_in_the_table_with_their_intervals():
    chart = every_chart(Words("en"))[0]
    assert chart.rows[0] == ("Väntetid", 300, 0.5, 0.4, 0.6, 3.1, 3.0, 3.2)
    assert [row[0] for row in chart.rows] == ["Väntetid", "staff", "price", "delivery"]
    assert chart.links == ("/behind",)
    assert chart.sentence.startswith("Most important: Väntetid 50")


def test_effects_are_drawn_from_the_best_to_the_worst():
    chart = every_chart(Words("en"))[2]
    assert [row[2] for row in chart.rows] == [5.0, 5.0, 5.0, -20.0]


def test_a_journey_withholds_what_few_answered_and_names_its_gaps():
    chart = every_chart(Words("en"))[3]
    assert chart.rows[0][:3] == ("The desk", 300, 40.0)
    assert chart.rows[2] == ("web", 4, None, None, None, None, None, None)
    assert "nobody is asked here" in chart.specification()
    assert chart.sentence == "The desk matters most."
