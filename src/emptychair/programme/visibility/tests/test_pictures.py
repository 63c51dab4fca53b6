from emptychair.analysis.show.charts import buckets_chart, distribution_chart
from emptychair.analysis.show.words import Words
from emptychair.analysis.sums.counts import ScoreCounts
from emptychair.programme.visibility import pictures


def test_a_chart_is_drawn_once_for_the_same_content(monkeypatch):
    drawings = []
    monkeypatch.setattr(pictures, "figure_of_page", lambda chart: drawings.append(chart) or "svg")
    monkeypatch.setattr(pictures, "_drawn", type(pictures._drawn)())
    for scores in ([10, 1], [10, 1], [10, 2]):
        pictures.drawn(distribution_chart(ScoreCounts.of(scores), Words("en")))
    assert len(drawings) == 2


def test_only_so_many_drawings_are_kept(monkeypatch):
    monkeypatch.setattr(pictures, "figure_of_page", lambda chart: "svg")
    monkeypatch.setattr(pictures, "_drawn", type(pictures._drawn)())
    monkeypatch.setattr(pictures, "_KEPT", 3)
    for n in range(1, 9):
        pictures.drawn(buckets_chart(ScoreCounts.of([10] * n), Words("en")))
    assert len(pictures._drawn) == 3


def test_warming_up_loads_the_drawing(monkeypatch):
    monkeypatch.setattr(pictures, "_drawn", type(pictures._drawn)())
    pictures.warm_up()
    (svg,) = pictures._drawn.values()
    assert "<svg" in svg
