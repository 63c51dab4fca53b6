"""Vectors of comments: made by the worker, stored beside the readings, gone with the words."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Least
from numpy.typing import NDArray

from emptychair.analysis.comments.terms import without_personal_data
from emptychair.analysis.comments.text import cleaned
from emptychair.programme.comments import embedding
from emptychair.programme.comments.models import CommentReading, CommentVector, Embedding
from emptychair.programme.lib.clock import now

BATCH: Final = 256
LONGEST_RUN: Final = 20.0  # seconds
LONGEST: Final = 2_000  # characters of a comment that the model sees
PAUSE: Final = timedelta(minutes=10)  # after a model could not be loaded
_STORED: Final = np.dtype("<f2")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VectorState:
    """Whether comments are compared by meaning, for a page.

    Attributes:
        asked: the setting, blank while it is off.
        is_folder: the setting is a folder on this machine.
        percent: how far all comments have their vector.
        trouble: why they have none, blank if they have.
    """

    asked: str
    is_folder: bool
    percent: int
    trouble: str

    @property
    def model(self) -> str:
        """What colleagues are told the model is called; where it lies is the operator's."""
        return Path(self.asked).name if self.is_folder else self.asked


def embed_comments() -> None:
    """Give comments their vectors for some seconds; the worker calls it now and then.

    While the setting is empty it removes what is left of vectors instead.
    """
    if not settings.EMBEDDINGS:
        _forget()
        return
    state = _state(embedding.model_in_force())
    if state.failed_at and state.failed_at > now() - PAUSE:
        return
    started = monotonic()
    try:
        while monotonic() - started < LONGEST_RUN and _next_batch():
            pass
    except embedding.EmbeddingError as error:
        logger.warning("%s", error)
        Embedding.objects.filter(pk=1).update(last_error=str(error)[:400], failed_at=now())


def note_changed(fresh: Sequence[int], changed: Sequence[int]) -> None:
    """Have readings looked at that were made or changed, and forget vectors of former words.

    Called in the transaction that stores the readings. Whoever made vectors meanwhile sees by
    the number of changes that it may have missed some.
    """
    if changed:
        CommentVector.objects.filter(pk__in=changed).delete()
    first = min((*fresh, *changed), default=None)
    if first is not None:
        Embedding.objects.filter(pk=1).update(
            next_response=Least(F("next_response"), Value(first)), changes=F("changes") + 1
        )


def vectors_of(public_ids: Sequence[str]) -> dict[str, NDArray[np.float16]]:
    """Return the vectors of those responses that have one of the model in force."""
    name = embedding.model_in_force()
    found: dict[str, NDArray[np.float16]] = {}
    for start in range(0, len(public_ids) if name else 0, BATCH):
        some = public_ids[start : start + BATCH]
        rows = CommentVector.objects.filter(model=name, reading__response__public_id__in=some)
        for public_id, numbers in rows.values_list("reading__response__public_id", "numbers"):
            found[public_id] = np.frombuffer(bytes(numbers), _STORED)
    return found


def vectors_version() -> str:
    """Return the model by which comments are compared; blank until all have had their turn.

    A comment that came since may still be without a vector; it is left out until it has one.
    """
    name = embedding.model_in_force()
    is_there = Embedding.objects.filter(pk=1, model=name, is_complete=True).exists()
    return name if name and is_there else ""


def vector_state() -> VectorState:
    """Return whether comments are compared by meaning, and how far that is."""
    asked = settings.EMBEDDINGS
    state = Embedding.objects.filter(pk=1).first()
    if not asked or state is None or state.model != embedding.model_in_force():
        return VectorState(asked, embedding.is_folder(asked), 0, embedding.trouble())
    said = embedding.trouble() or state.last_error
    last = CommentReading.objects.aggregate(last=Max("pk"))["last"] or 0
    is_done = state.next_response > last
    percent = 100 if is_done else min(99, 100 * state.next_response // (last or 1))
    return VectorState(asked, embedding.is_folder(asked), percent, said)


def _state(name: str) -> Embedding:
    """Return how far it is; another model begins anew."""
    state, _ = Embedding.objects.get_or_create(pk=1, defaults={"model": name})
    if state.model != name:
        Embedding.objects.filter(pk=1).update(
            model=name, next_response=0, is_complete=False, changes=F("changes") + 1,
            failed_at=None, last_error="",
        )  # fmt: skip
        state.refresh_from_db()
    return state


def _next_batch() -> bool:
    """Look at the next readings; return whether there were any."""
    state = Embedding.objects.get(pk=1)
    readings = CommentReading.objects.filter(pk__gte=state.next_response).order_by("pk")
    rows = readings.values_list(
        "pk", "digest", "why_unusable", "response__comment", "vector__model"
    )[:BATCH]
    last, waiting = 0, []
    for key, digest, why_unusable, comment, model in rows:
        last = key
        if not why_unusable and model != state.model:
            waiting.append((key, digest, _shown(comment)))
    if waiting:
        made = embedding.load()([text for _, _, text in waiting])
        _store(state.model, {key: digest for key, digest, _ in waiting}, made)
    if last or not state.is_complete:
        Embedding.objects.filter(pk=1, model=state.model, changes=state.changes).update(
            next_response=last + 1 if last else state.next_response,
            is_complete=state.is_complete or not last,
            failed_at=None, last_error="",
        )  # fmt: skip
    return bool(last)


def _shown(comment: str) -> str:
    """Return what the model sees: nobody's name or number shall lie in a vector."""
    return cleaned(without_personal_data(cleaned(comment)))[:LONGEST]


@transaction.atomic
def _store(name: str, digests: dict[int, str], made: NDArray[np.float32]) -> None:
    """Store vectors, unless the words were changed or erased while they were made."""
    present = dict(
        CommentReading.objects.select_for_update(no_key=True)
        .filter(pk__in=digests)
        .values_list("pk", "digest")
    )
    CommentVector.objects.bulk_create(
        (
            CommentVector(reading_id=key, model=name, numbers=vector.astype(_STORED).tobytes())
            for (key, digest), vector in zip(digests.items(), made, strict=True)
            if present.get(key) == digest and np.isfinite(vector).all()
        ),
        update_conflicts=True,
        unique_fields=["reading"],
        update_fields=["model", "numbers"],
    )


def _forget() -> None:
    """Remove vectors that nobody wants any longer, for some seconds."""
    started = monotonic()
    while Embedding.objects.filter(pk=1).exists() and monotonic() - started < LONGEST_RUN:
        some = list(CommentVector.objects.values_list("pk", flat=True)[: BATCH * 4])
        CommentVector.objects.filter(pk__in=some).delete()
        if not some:
            Embedding.objects.filter(pk=1).delete()
