import pytest

from emptychair.programme.activity.models import Change
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.erasing import erase
from emptychair.programme.capture.models import Response, Survey
from emptychair.programme.comments import reading
from emptychair.programme.comments.models import CommentReading, Taxonomy, TaxonomyStep, Theme
from emptychair.programme.comments.queries import (
    active_themes,
    progress,
    theme_names,
    theme_states,
    version_in_force,
)
from emptychair.programme.comments.services import (
    install_themes,
    merge_theme,
    save_theme,
    switch_theme,
    undo_last,
)
from emptychair.programme.customers.models import Customer
from emptychair.programme.lib.clock import local_date, now
from emptychair.programme.lib.errors import RefusedError
from emptychair.programme.warehouse import tables
from emptychair.programme.warehouse.services import synchronise


@pytest.fixture
def said(db):
    """Return a function that stores an answer with a comment."""
    survey = Survey.objects.create(slug="relationship", name="Relationship", state="open")

    def store(comment, score=5, language="sv", **fields):
        made = Response.objects.create(
            survey=survey, score=score, comment=comment, language=language, channel="email",
            answered_at=now(), answered_on=local_date(now()), **fields,
        )  # fmt: skip
        mark_changed("responses", [made.public_id])
        return made

    return store


def columns(*names):
    rows = tables.responses().order_by("score").select(*names).to_pyarrow().to_pylist()
    return [tuple(row[name] for name in names) for row in rows]


def everything():
    while progress() is not None:
        reading.read_again()
    synchronise()


def test_it_reads_a_comment_before_its_row_is_copied(said):
    said("Alldeles för dyrt", 1)
    said("Lång kö men trevlig personal", 2)
    said("👍", 3)
    said("", 4)
    synchronise()
    assert columns("theme_price", "theme_waiting", "comment_sentiment", "comment_triage") == [
        (1, 0, "negative", "remark"),
        (0, 1, "mixed", "remark"),
        (None, None, "positive", "unusable"),
        (None, None, None, None),
    ]
    assert str(tables.responses().theme_price.type()) == "int8"
    assert CommentReading.objects.count() == 3


def test_it_reads_again_what_was_changed_and_nothing_else(said, monkeypatch):
    one, two = said("Alldeles för dyrt", 1), said("Lång kö", 2)
    synchronise()
    read = []
    real = reading.reading_of
    monkeypatch.setattr(reading, "reading_of", lambda *a: read.append(a[0]) or real(*a))
    mark_changed("responses", [one.public_id, two.public_id])
    synchronise()
    assert read == []
    one.comment = "Jättebra priser"
    one.save()
    mark_changed("responses", [one.public_id])
    synchronise()
    assert read == [one.pk]
    assert columns("theme_price", "comment_sentiment")[0] == (1, "positive")
    one.comment = ""
    one.save()
    mark_changed("responses", [one.public_id])
    synchronise()
    assert columns("theme_price")[0] == (None,)
    assert CommentReading.objects.count() == 1


def test_it_forgets_an_erased_customers_words(said):
    customer = Customer.objects.create(code="c1")
    said("Hälsningar Anna Berg", 1, customer=customer)
    synchronise()
    assert CommentReading.objects.filter(folded__contains="anna").exists()
    erase(customer)
    synchronise()
    assert not CommentReading.objects.exists()
    assert columns("response_id") == []


def test_it_does_not_bring_back_a_comment_erased_meanwhile(said):
    one = said("Alldeles för dyrt", 1)
    rows = [(one.pk, one.public_id, one.comment, one.language)]
    one.delete()
    install_themes()
    assert reading._read(rows, active_themes(), 1) == []
    assert not CommentReading.objects.exists()


def test_a_new_theme_gives_old_comments_a_column(said):
    said("Laddplatsen var upptagen", 1)
    said("Alldeles för dyrt", 2)
    synchronise()
    everything()
    theme = save_theme(
        key="", names={"sv": "Laddning"}, keywords={"sv": ["laddplats*"]}, by="alice"
    )
    assert theme.key == "laddning"
    assert progress().percent == 0
    everything()
    assert columns("theme_laddning", "theme_price") == [(1, 0), (0, 1)]
    assert theme_names("da")["laddning"] == "laddning"
    assert theme_names("sv")["laddning"] == "Laddning"
    said("För dyrt att ladda på laddplatsen", 3)
    synchronise()
    assert columns("theme_laddning")[-1] == (1,)


def test_other_keywords_copy_only_the_rows_they_change(said):
    said("Alldeles för dyrt", 1)
    said("Segt värre", 2)
    synchronise()
    everything()
    price = Theme.objects.get(key="price")
    save_theme(key="price", names=price.names, keywords={"sv": ["segt"]}, by="alice")
    reading.read_again()
    assert Change.objects.filter(table="responses").count() == 2
    synchronise()
    assert columns("theme_price") == [(0,), (1,)]
    assert progress() is None


def test_a_theme_switched_off_empties_its_column_and_comes_back(said):
    said("Alldeles för dyrt", 1)
    synchronise()
    everything()
    price = Theme.objects.get(key="price")
    switch_theme(price, is_active=False, by="alice")
    switch_theme(price, is_active=False, by="alice")
    assert TaxonomyStep.objects.count() == 1
    everything()
    assert columns("theme_price", "theme_waiting") == [(None, 0)]
    assert theme_states()["price"] is False
    switch_theme(price, is_active=True, by="alice")
    everything()
    assert columns("theme_price") == [(1,)]


def test_merging_hands_the_words_over_and_can_be_undone(said):
    said("Alldeles för dyrt", 1)
    synchronise()
    everything()
    price, billing = Theme.objects.get(key="price"), Theme.objects.get(key="billing")
    merge_theme(price, into=billing, by="alice")
    everything()
    assert columns("theme_price", "theme_billing") == [(None, 1)]
    assert Theme.objects.get(key="price").merged_into == "billing"
    undone = undo_last(by="alice")
    assert (undone.action, undone.key) == ("merged", "price")
    everything()
    assert columns("theme_price", "theme_billing") == [(1, 0)]


def test_undoing_a_new_theme_switches_it_off(said):
    install_themes()
    save_theme(key="", names={"en": "Parking rules"}, keywords={}, by="alice")
    undo_last(by="alice")
    assert Theme.objects.get(key="parking_rules").is_active is False
    with pytest.raises(RefusedError, match="no change of themes"):
        undo_last(by="alice")


def test_what_cannot_be_done_to_themes_is_explained(said, monkeypatch):
    install_themes()
    price, billing = Theme.objects.get(key="price"), Theme.objects.get(key="billing")
    with pytest.raises(RefusedError, match="another theme"):
        merge_theme(price, into=price, by="")
    switch_theme(billing, is_active=False, by="")
    with pytest.raises(RefusedError, match="Switch the other theme on"):
        merge_theme(price, into=billing, by="")
    with pytest.raises(RefusedError, match="a name"):
        save_theme(key="", names={"sv": " "}, keywords={}, by="")
    with pytest.raises(RefusedError, match="at most 200"):
        save_theme(key="", names={"sv": "x"}, keywords={"sv": ["ord"] * 201}, by="")
    monkeypatch.setattr("emptychair.programme.comments.services.MOST_THEMES", 3)
    with pytest.raises(RefusedError, match="3 themes already"):
        save_theme(key="", names={"sv": "x"}, keywords={}, by="")


def test_a_change_while_reading_begins_the_round_anew(said, monkeypatch):
    for i in range(5):
        said(f"Alldeles för dyrt {i}", i)
    monkeypatch.setattr(reading, "BATCH", 2)
    monkeypatch.setattr(reading, "LONGEST_RUN", -1.0)
    state = install_themes()
    state = reading._next_batch(state, active_themes())
    assert state.next_response is not None
    assert 0 < progress().percent < 100
    save_theme(key="", names={"en": "New"}, keywords={}, by="")
    stale = reading._next_batch(state, active_themes())
    assert (stale.version, stale.next_response) == (2, 0)
    monkeypatch.setattr(reading, "LONGEST_RUN", 20.0)
    reading.read_again()
    assert progress() is None
    assert set(CommentReading.objects.values_list("version", flat=True)) == {2}


def test_themes_come_along_before_the_worker_has_stored_them(db):
    assert version_in_force() == 0
    assert progress() is None
    assert "price" in active_themes().keys
    assert theme_states()["price"] is True
    first = install_themes()
    assert install_themes() == first
    assert Taxonomy.objects.count() == 1
    assert Theme.objects.count() == len(active_themes().keys)


def test_hostile_comments_are_read_without_harm(said):
    for i, comment in enumerate(
        [
            "A" * 50_000,
            "😀" * 5_000,
            "<b>" * 9_000,
            "\u202eabc\u0000".replace("\0", ""),
            "|price|",
            "a" * 49_999 + "ö",
        ]
    ):
        said(comment, i)
    synchronise()
    assert CommentReading.objects.count() == 6
    assert columns("theme_price")[4] == (1,)
