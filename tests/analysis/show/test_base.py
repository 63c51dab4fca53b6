"""The picture of the base, and of what its buckets brought."""

from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from emptychair.analysis.show import charts, render
from emptychair.analysis.show.base import BasePart, base_chart
from emptychair.analysis.show.customerresults import worth_chart
from emptychair.analysis.show.words import Words, languages

PARTS = (
    BasePart("detractor", "Detractors", 10, 100.0),
    BasePart("passive", "Passives", 20, 0.0),
    BasePart("promoter", "Promoters", 50, 900.0),
    BasePart("never_answered", "Never answered", 20, 0.0),
)


@pytest.mark.parametrize("language", languages())
def test_it_is_drawn_with_and_without_links(language):
    for links in ((), ["/a", "/b", "/c", "/d"]):
        chart = base_chart(PARTS, Words(language), str, links)
        for width in (charts.WIDE, charts.NARROW):
            root = ElementTree.fromstring(render.svg_of_page(chart, width))
            assert root.get("role") == ("group" if links else "img")


def test_without_money_only_customers_are_divided():
    poor = [BasePart(part.state, part.name, part.customers, 0.0) for part in PARTS]
    words = Words("en")
    with_money = render.svg_of_page(base_chart(PARTS, words, str))
    assert words("revenue") in with_money
    assert words("revenue") not in render.svg_of_page(base_chart(poor, words, str))


def test_a_bucket_whose_worth_is_not_known_is_left_out():
    unknown = SimpleNamespace(group=(), bucket="passive", n=3, revenue_12m=None)
    assert worth_chart([unknown], Words("en")).rows == ()
