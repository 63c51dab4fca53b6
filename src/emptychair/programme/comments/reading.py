"""Read comments; only the worker does. Each is read once, and again when its words change."""

import hashlib
from collections.abc import Iterable, Sequence
from time import monotonic

from django.db import transaction
from django.db.models import Max, Q

from emptychair.analysis.comments.reading import read_comment
from emptychair.analysis.comments.taxonomy import Taxonomy as Themes
from emptychair.analysis.comments.text import cleaned, folded
from emptychair.programme.activity.models import Change
from emptychair.programme.activity.services import mark_changed
from emptychair.programme.capture.models import Response
from emptychair.programme.comments.models import CommentReading, Taxonomy
from emptychair.programme.comments.queries import active_themes
from emptychair.programme.comments.services import install_themes
from emptychair.programme.comments.vectors import note_changed

BATCH = 1_000
LONGEST_RUN = 20.0  # seconds
_FIELDS = (
    *("language", "themes", "sentiment", "triage", "why_unusable", "folded", "digest", "version"),
    *("asked_version", "by_assistant"),
)

_Row = tuple[int, str, str, str]  # key, public id, comment, language


def read_changed(first: int, last: int) -> None:
    """Read the comments of the responses that changes `first` to `last` name.

    Called before these changes are copied, so that the copy has their themes.
    """
    state = install_themes()
    themes = active_themes()
    noted = Change.objects.filter(table="responses", pk__range=(first, last))
    # An answer that never said anything has nothing to read, and most are of that kind.
    speaking = Response.objects.filter(~Q(comment="") | Q(reading__isnull=False))
    chosen = list(
        speaking.filter(public_id__in=noted.values("key"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for start in range(0, len(chosen), BATCH):
        some = Response.objects.filter(pk__in=chosen[start : start + BATCH])
        _read(_rows(some), themes, state.version)


def read_now(public_ids: Sequence[str]) -> None:
    """Read the comments of some responses, for whoever cannot wait until their rows are copied."""
    state = install_themes()
    chosen = Response.objects.filter(public_id__in=public_ids)
    _read(_rows(chosen), active_themes(), state.version)


def read_again() -> None:
    """Go on reading every comment by the themes in force, for some seconds."""
    state = install_themes()
    themes = active_themes()
    started = monotonic()
    while state.next_response is not None and monotonic() - started < LONGEST_RUN:
        state = _next_batch(state, themes)


def _next_batch(state: Taxonomy, themes: Themes) -> Taxonomy:
    assert state.next_response is not None
    if not state.last_response:
        state.last_response = Response.objects.aggregate(last=Max("pk"))["last"] or 0
    waiting = Response.objects.filter(pk__gte=state.next_response).exclude(comment="")
    rows = list(_rows(waiting.order_by("pk")[:BATCH]))
    with transaction.atomic():
        changed = _read(rows, themes, state.version)
        mark_changed("responses", [row[1] for row in rows] if state.copies_all else changed)
        next_response = rows[-1][0] + 1 if len(rows) == BATCH else None
        # Somebody may have changed the themes meanwhile: then the new round begins anew.
        Taxonomy.objects.filter(pk=1, version=state.version).update(
            next_response=next_response, last_response=state.last_response
        )
    return Taxonomy.objects.get(pk=1)


def _rows(responses: Iterable[Response]) -> list[_Row]:
    query = responses.values_list("pk", "public_id", "comment", "language")  # type: ignore[attr-defined]
    return list(query)


@transaction.atomic
def _read(rows: Sequence[_Row], themes: Themes, version: int) -> list[str]:
    """Bring the readings of some responses up to date; return the ids of those that changed."""
    there = CommentReading.objects.in_bulk([row[0] for row in rows])
    silent = [row[0] for row in rows if not row[2].strip()]
    if silent:
        CommentReading.objects.filter(pk__in=silent).delete()
    # A response may have been erased since it was looked up; its words must not come back.
    present = set(
        Response.objects.select_for_update(no_key=True)
        .filter(pk__in=[row[0] for row in rows])
        .values_list("pk", flat=True)
    )
    made, changed = [], []
    fresh, other_words = [], []
    for key, public_id, comment, language in rows:
        old, digest = there.get(key), digest_of(comment, language)
        if not comment.strip() or key not in present:
            continue
        if old is not None and old.digest == digest and old.version == version:
            continue
        new = reading_of(key, comment, language, themes, version)
        made.append(new)
        if old is None:
            fresh.append(key)
        elif old.digest != digest:
            other_words.append(key)
        if old is None or _told(old) != _told(new):
            changed.append(public_id)
    CommentReading.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["response"], update_fields=list(_FIELDS)
    )
    note_changed(fresh, other_words)
    return changed


def reading_of(
    key: int, comment: str, language: str, themes: Themes, version: int
) -> CommentReading:
    """Return what a comment tells, not stored."""
    found = read_comment(comment, language=language, taxonomy=themes)
    text = "" if found.why_unusable else "".join(f"|{key}" for key in found.themes) + "|"
    return CommentReading(
        response_id=key,
        language=found.language or "",
        themes=text,
        sentiment=found.sentiment,
        triage=found.triage,
        why_unusable=found.why_unusable,
        folded=folded(cleaned(comment)),
        digest=digest_of(comment, language),
        version=version,
    )


def digest_of(comment: str, language: str) -> str:
    """Return what changes when a comment has to be read again."""
    text = f"{language}|{comment}".encode(errors="surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def _told(reading: CommentReading) -> tuple[str, ...]:
    return (reading.language, reading.themes, reading.sentiment, reading.triage)
