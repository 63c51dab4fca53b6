"""The index by which a part of a word is found among all comments."""

import pytest
from django.db import connection

from emptychair.programme.capture.models import Response
from emptychair.programme.comments import trigrams
from emptychair.programme.comments.models import CommentReading
from emptychair.programme.comments.queries import with_readings
from emptychair.programme.warehouse.services import synchronise

pytestmark = pytest.mark.django_db


def found(words: str) -> list[str]:
    chosen = with_readings(Response.objects.all(), {"search": words})
    return sorted(chosen.values_list("comment", flat=True))


@pytest.fixture
def coffee(said) -> Response:
    made = said("Kaffemaskinen på Åsgränd är trasig")
    said("Kön var för lång", 3)
    said("100 % nöjd_kund, tack", 10)
    synchronise()
    return made


def test_it_finds_parts_of_words_whatever_their_length(coffee):
    assert found("maskin") == found("MASKINEN åsgränd") == [coffee.comment]
    assert found("ko") == ["Kön var för lång"]
    assert found("ön") == ["Kön var för lång"]
    assert found("cykel") == []
    assert len(found("")) == 3


def test_what_other_searches_take_for_a_pattern_is_only_a_letter(coffee):
    assert found("100 %") == ["100 % nöjd_kund, tack"]
    assert found("nojd_kund") == ["100 % nöjd_kund, tack"]
    assert found("kaff_maskin") == found("kaffe%skin") == []
    assert found('"maskin') == found("maskin*") == found("'--") == []


def test_it_follows_what_is_changed_and_what_is_erased(coffee):
    CommentReading.objects.filter(pk=coffee.pk).update(folded="kaffet var gott")
    assert found("maskin") == []
    assert found("gott") == [coffee.comment]
    CommentReading.objects.filter(pk=coffee.pk).delete()
    assert found("gott") == []


def test_no_trace_of_an_erased_comment_stays_in_it(said):
    gone = said("zqxj")
    said("Kön var för lång", 3)
    synchronise()
    CommentReading.objects.filter(pk=gone.pk).delete()
    synchronise()
    trigrams.tidy()
    assert found("lång") == ["Kön var för lång"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT block FROM comments_trigrams_data")
            kept = b"".join(block for (block,) in cursor.fetchall())
        assert b"lan" in kept
        assert b"zqx" not in kept
        assert b"qxj" not in kept


def test_the_database_has_and_uses_the_index(coffee):
    if connection.vendor == "sqlite":
        looked_for = with_readings(Response.objects.all(), {"search": "maskin"})
        assert "VIRTUAL TABLE INDEX" in looked_for.explain()
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'comments_trigrams'")
        (definition,) = cursor.fetchone()
        assert "gin_trgm_ops" in definition
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("SET enable_indexscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM comments_commentreading WHERE folded::text LIKE '%maskin%'"
        )
        plan = str(cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
        cursor.execute("RESET enable_indexscan")
    assert "comments_trigrams" in plan


def test_it_can_be_taken_away_and_made_anew(coffee):
    connection.check_constraints()  # PostgreSQL alters no table while some wait to be checked
    editor = connection.schema_editor()
    trigrams.remove(None, editor)
    assert found("maskin") == [coffee.comment]
    trigrams.create(None, editor)
    test_the_database_has_and_uses_the_index(coffee)
    assert found("maskin") == [coffee.comment]
    assert found("lang") == ["Kön var för lång"]
