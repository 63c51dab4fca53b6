"""Comments grouped by meaning, through the database, with a small model made for the tests."""

import hashlib
import logging
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
import pytest

from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.erasing import erase
from emptychair.programme.comments import embedding, vectors
from emptychair.programme.comments.models import (
    CommentReading,
    CommentVector,
    Embedding,
    Theme,
)
from emptychair.programme.customers.models import Customer
from emptychair.programme.doctor import examine
from emptychair.programme.listening.models import ThemeStudy
from emptychair.programme.warehouse.services import synchronise

THEMES, READER = "/root-cause/comments/", "/root-cause/comments/assistant/"
PIANO = {"sv": "Klaveret var ostämt", "da": "Flyglet lød skævt", "en": "Piano was untuned"}
FISH = {"sv": "Akvariet stod tomt", "da": "Fiskene var væk", "en": "Aquarium stood empty"}
ELSE = {"sv": "Jag såg något som heter", "da": "Jeg så noget der hedder", "en": "I saw the"}
SIZE = 384


def direction(what: str) -> np.ndarray:
    seed = int(hashlib.md5(what.encode()).hexdigest()[:8], 16)
    made = np.random.default_rng(seed).normal(size=SIZE)
    return made / np.linalg.norm(made)


class SmallModel:
    """Knows two meanings in three languages; of all else it knows nothing."""

    seen: list[str] = []
    beside = staticmethod(lambda: None)  # what happens while it is at work

    def __init__(self, place, device, local_files_only):
        self.place = place
        assert device == "cpu"
        if "broken" in place:
            raise OSError("the weights are cut short\nand more")

    def encode(self, texts, batch_size, normalize_embeddings, show_progress_bar):
        SmallModel.seen += texts
        SmallModel.beside()
        return np.array([self._vector(text) for text in texts], dtype=np.float32)

    def _vector(self, text):
        for about, said in (("piano", PIANO), ("fish", FISH)):
            for language, words in said.items():
                if words.split()[0] in text:
                    return direction(about) + direction(language) + 0.3 * direction(text)
        spoken = [direction(code) for code, said in ELSE.items() if text.startswith(said)]
        return sum(spoken, direction(text))


@pytest.fixture
def model(monkeypatch, settings, tmp_path):
    """Switch on a model that lies in a folder."""
    made = ModuleType("sentence_transformers")
    made.__spec__ = ModuleSpec("sentence_transformers", None)
    made.SentenceTransformer = SmallModel
    monkeypatch.setitem(sys.modules, "sentence_transformers", made)
    monkeypatch.setattr(SmallModel, "seen", [])
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "modules.json").write_text("[]")
    settings.EMBEDDINGS = str(folder)
    embedding._loaded.cache_clear()
    yield folder
    embedding._loaded.cache_clear()


@pytest.fixture
def foyer(said):
    """Eight comments of each meaning and language, others about nothing shared, some dear."""
    for i in range(8):
        said(f"Alldeles för dyrt {i}", 1)
        for code in ("sv", "da", "en"):
            said(f"{PIANO[code]} {i}", 2, code)
            said(f"{FISH[code]} {i}", 9, code)
            for letters in ("abcdefgh"[i] * 7, "stuvwxyz"[i] * 7):
                said(f"{ELSE[code]} {letters}", 7, code)


@pytest.fixture
def grouped(model, foyer, computed):
    synchronise()
    vectors.embed_comments()
    computed()


def meanings():
    return ThemeStudy.objects.get(among="all").meanings


def test_it_is_off_unless_somebody_names_a_model(foyer, computed, client, alice):
    computed()
    vectors.embed_comments()
    assert not CommentVector.objects.exists()
    assert not Embedding.objects.exists()
    assert meanings() == []
    client.force_login(alice)
    assert "Discovered: comments that mean the same" not in client.get(THEMES).content.decode()
    assert "Off. A model on this machine" in client.get(READER).content.decode()


def test_comments_of_all_languages_meet_and_can_be_adopted(grouped, client, alice):
    piano, fish = sorted(meanings(), key=lambda one: one["nps_points"])
    assert (piano["n"], fish["n"]) == (24, 24)
    assert piano["languages"] == fish["languages"] == {"da": 8, "en": 8, "sv": 8}
    assert piano["nps_points"] == -100.0
    assert {one["language"] for one in piano["examples"]} == {"sv", "da", "en"}
    client.force_login(alice)
    html = client.get(THEMES).content.decode()
    assert "Discovered: comments that mean the same" in html
    assert "24 comments, NPS" in html
    assert f"adopt_group={piano['label']}" in html
    address = f"{THEMES}taxonomy/new/"
    form = client.get(address, {"adopt_group": piano["label"]}).context["form"]
    assert form["words_da"].value().startswith("flyg")
    data = {field.name: field.value() or "" for field in form}
    assert client.post(address, data).status_code == 302
    adopted = Theme.objects.get(origin="adopted")
    assert all(adopted.keywords[code] for code in ("sv", "da", "en"))
    assert client.get(address, {"adopt_group": "no such"}).status_code == 200


def test_adopting_takes_the_words_of_the_period_that_was_looked_at(grouped, client, alice):
    (piano, *_) = meanings()
    study = ThemeStudy.objects.get(among="all")
    study.pk, study.period = None, "all"
    study.meanings = [{**piano, "keywords": {"da": ["andet*"]}}]
    study.save()
    client.force_login(alice)
    for period, words in (("all", "andet*"), ("12m", ", ".join(piano["keywords"]["da"]))):
        page = client.get(THEMES, {"period": period}).context["page"]
        (row,) = [one for one in page.meanings if one.label == piano["label"]]
        assert client.get(row.adopt_url).context["form"]["words_da"].value() == words


def test_groups_stay_while_newer_comments_wait_for_their_vector(grouped, computed, said):
    before = meanings()
    said("Piano was untuned, once more", 2, "en")
    synchronise()
    assert vectors.vector_state().percent == 99
    ThemeStudy.objects.all().delete()
    computed()
    assert [one["n"] for one in meanings()] == [one["n"] for one in before]


def test_groups_are_not_waited_for_once_all_have_had_their_turn(model, foyer, computed):
    computed()
    assert meanings() == []
    vectors.embed_comments()
    computed()
    assert len(meanings()) == 2


def test_somebody_who_sees_some_units_sees_no_groups_of_everybody(grouped, client, alice, bob):
    assert meanings() != []
    ThemeStudy.objects.create(**ThemeStudy.objects.filter(among="all").values(
        "period", "ends_on", "effects", "meanings", "n", "data_version", "library_version"
    )[0], among="unit", value="malmo")  # fmt: skip
    client.force_login(bob)
    html = client.get(THEMES).content.decode()
    assert "Theme by theme" in html
    assert "that mean the same" not in html


def test_groups_of_few_people_are_not_stored(grouped, computed, said, settings):
    assert len(meanings()) == 2
    settings.MINIMUM_CELL = 25
    said("Piano was untuned, again", 2, "en")
    synchronise()
    vectors.embed_comments()
    ThemeStudy.objects.all().delete()
    computed()
    assert [one["n"] for one in meanings()] == [25]


def test_it_goes_on_in_batches_and_puts_each_comment_into_numbers_once(model, foyer, monkeypatch):
    monkeypatch.setattr(vectors, "BATCH", 7)
    synchronise()
    vectors.embed_comments()
    assert CommentVector.objects.count() == CommentReading.objects.count() == 104
    assert len(SmallModel.seen) == 104
    one = CommentVector.objects.first()
    assert len(bytes(one.numbers)) == 2 * SIZE
    vectors.embed_comments()
    assert len(SmallModel.seen) == 104
    assert vectors.vector_state().percent == 100
    assert vectors.vector_state().model == "small"
    assert set(vectors.vectors_of(["none"])) == set()


def test_what_takes_long_is_continued_at_the_next_turn(model, foyer, monkeypatch):
    monkeypatch.setattr(vectors, "BATCH", 10)
    monkeypatch.setattr(vectors, "LONGEST_RUN", 0.0)
    synchronise()
    vectors.embed_comments()
    assert CommentVector.objects.count() == 0
    assert vectors._next_batch()
    assert CommentVector.objects.count() == 10
    assert 0 < vectors.vector_state().percent < 100
    assert vectors.vectors_version() == ""


def test_a_vector_goes_with_the_words_it_was_made_of(model, said):
    customer = Customer.objects.create(code="c1")
    changed, emptied = said("Piano was untuned", 2, "en"), said("Piano is untuned", 2, "en")
    said("Piano untuned again", 2, "en", customer=customer)
    synchronise()
    vectors.embed_comments()
    before = vectors.vectors_of([changed.public_id])[changed.public_id]
    erase(customer)
    assert CommentVector.objects.count() == 2
    for one, words in ((changed, "Aquarium stood empty"), (emptied, "")):
        one.comment = words
        one.save()
        mark_changed("responses", [one.public_id])
    synchronise()
    assert not CommentVector.objects.exists()
    assert vectors.vector_state().percent < 100
    vectors.embed_comments()
    after = vectors.vectors_of([changed.public_id, emptied.public_id])
    assert list(after) == [changed.public_id]
    assert not np.array_equal(after[changed.public_id], before)


def test_words_changed_or_erased_while_the_model_works_get_no_stale_vector(
    model, said, monkeypatch
):
    first, second = said("Piano was untuned", 2, "en"), said("Piano is untuned", 2, "en")
    synchronise()

    def change():
        monkeypatch.setattr(SmallModel, "beside", staticmethod(lambda: None))
        first.comment = "Aquarium stood empty"
        first.save()
        mark_changed("responses", [first.public_id])
        CommentReading.objects.filter(pk=second.pk).delete()
        synchronise()

    monkeypatch.setattr(SmallModel, "beside", staticmethod(change))
    vectors.embed_comments()
    assert SmallModel.seen[-1] == "Aquarium stood empty"
    assert list(CommentVector.objects.values_list("pk", flat=True)) == [first.pk]


def test_personal_data_does_not_reach_the_model(model, said):
    said("Piano was untuned, regards Anna Berg, 070-123 45 67", 2, "en")
    synchronise()
    vectors.embed_comments()
    (text,) = SmallModel.seen
    assert "Piano" in text
    assert "Anna" not in text
    assert "123" not in text


def test_another_model_puts_everything_into_numbers_anew(model, foyer):
    synchronise()
    vectors.embed_comments()
    former = embedding.model_in_force()
    (model / "config.json").write_text("{}")
    assert embedding.model_in_force() != former
    assert vectors.vectors_version() == ""
    vectors.embed_comments()
    assert set(CommentVector.objects.values_list("model", flat=True)) == {
        embedding.model_in_force()
    }
    assert len(SmallModel.seen) == 208


def test_switched_off_again_it_forgets_every_vector(model, foyer, settings):
    synchronise()
    vectors.embed_comments()
    settings.EMBEDDINGS = ""
    vectors.embed_comments()
    assert not CommentVector.objects.exists()
    assert not Embedding.objects.exists()


def test_numbers_that_are_none_are_not_stored(model, said, monkeypatch):
    said("Piano was untuned", 2, "en")
    synchronise()
    monkeypatch.setattr(SmallModel, "_vector", lambda self, text: np.full(SIZE, np.nan))
    vectors.embed_comments()
    assert not CommentVector.objects.exists()
    assert vectors.vector_state().percent == 100


def test_a_name_is_no_folder_and_its_download_is_said(model, said, settings, client, alice):
    settings.EMBEDDINGS = "maker/small-multilingual"
    said("Piano was untuned", 2, "en")
    synchronise()
    vectors.embed_comments()
    assert CommentVector.objects.get().model == "maker/small-multilingual"
    client.force_login(alice)
    html = client.get(READER).content.decode()
    assert "On, with maker/small-multilingual. Every comment" in html
    assert "downloaded once, by its name" in html


@pytest.mark.parametrize("place", ["/no/such/folder", "./nowhere", "~/nothing"])
def test_a_folder_without_a_model_is_told_and_words_go_on(
    place, model, said, settings, client, alice
):
    settings.EMBEDDINGS = place
    said("Piano was untuned", 2, "en")
    synchronise()
    vectors.embed_comments()
    assert not CommentVector.objects.exists()
    client.force_login(alice)
    html = client.get(READER).content.decode()
    assert "cannot be used; themes are discovered by words alone" in html
    assert "no sentence-transformers model lies there" in vectors.vector_state().trouble


def test_a_damaged_model_is_told_and_tried_again_later(model, said, settings, caplog):
    broken = model.parent / "broken"
    model.rename(broken)
    settings.EMBEDDINGS = str(broken)
    said("Piano was untuned", 2, "en")
    synchronise()
    with caplog.at_level(logging.WARNING):
        vectors.embed_comments()
        vectors.embed_comments()
    assert [one.message for one in caplog.records if "cut short" in one.message] == [
        f"The model {str(broken)!r} of EMPTYCHAIR_EMBEDDINGS cannot be loaded:"
        " the weights are cut short"
    ]
    assert "cut short" in vectors.vector_state().trouble
    (broken / "config.json").write_text("{}")  # put right: begins anew at once
    settings.EMBEDDINGS = str(broken.rename(model))
    vectors.embed_comments()
    assert vectors.vector_state().trouble == ""
    assert CommentVector.objects.count() == 1


def test_doctor_says_how_it_is(model, said, settings, monkeypatch):
    def told():
        found = examine("all")
        return next(
            (one.is_well, one.sentence)
            for one in found
            if "EMBEDDINGS" in one.sentence or "a vector of" in one.sentence
        )

    said("Piano was untuned", 2, "en")
    synchronise()
    vectors.embed_comments()
    assert told() == (True, f"100 % of the comments have a vector of {model}")
    monkeypatch.setattr(embedding, "_EXTRA", "emptychair_not_installed")
    is_well, sentence = told()
    assert not is_well
    assert 'pip install "emptychair[embeddings]"' in sentence
    settings.EMBEDDINGS = ""
    assert told() == (
        True, "comments are read by words alone (EMPTYCHAIR_EMBEDDINGS is empty)"
    )  # fmt: skip
