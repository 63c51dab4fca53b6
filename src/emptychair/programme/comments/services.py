"""Change themes: save, switch, merge, adopt, undo. All comments are then read again."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from emptychair.analysis.comments.lexicon import LANGUAGES
from emptychair.analysis.comments.taxonomy import MOST_THEMES, key_of, shipped_taxonomy
from emptychair.programme.activity.services import record
from emptychair.programme.comments.models import Taxonomy, TaxonomyStep, Theme
from emptychair.programme.lib.clock import now
from emptychair.programme.lib.errors import RefusedError

KEPT_STEPS = 50
MOST_KEYWORDS = 200  # of a theme in one language
_FIELDS = ("key", "names", "keywords", "is_active", "origin", "merged_into")


def install_themes() -> Taxonomy:
    """Store the themes that come along, once; return the state of the taxonomy."""
    state = Taxonomy.objects.filter(pk=1).first()
    if state is not None:
        return state
    try:
        with transaction.atomic():
            state = Taxonomy.objects.create(pk=1, next_response=0, copies_all=True)
            Theme.objects.bulk_create(
                Theme(
                    key=theme.key,
                    names=dict(theme.names),
                    keywords={name: list(words) for name, words in theme.keywords.items()},
                    origin=Theme.Origin.SHIPPED,
                )
                for theme in shipped_taxonomy().themes
            )
    except IntegrityError:  # another worker was first
        return Taxonomy.objects.get(pk=1)
    return state


@transaction.atomic
def save_theme(
    *,
    key: str,
    names: Mapping[str, str],
    keywords: Mapping[str, Sequence[str]],
    by: str,
    origin: Theme.Origin = Theme.Origin.OWN,
) -> Theme:
    """Add a theme (`key` is blank), or change the names and keywords of one.

    Raises:
        RefusedError: it has no name, too many keywords, or there are too many themes.
    """
    install_themes()
    names = {language: name.strip() for language, name in names.items() if name.strip()}
    keywords = {language: list(keywords.get(language, ())) for language in LANGUAGES}
    if not names:
        raise RefusedError("theme_nameless", _("Give the theme a name in one language at least."))
    if any(len(found) > MOST_KEYWORDS for found in keywords.values()):
        raise RefusedError(
            "theme_wordy",
            _("A theme has at most %(most)s keywords in one language; make it two themes.")
            % {"most": MOST_KEYWORDS},
        )
    keys = list(Theme.objects.values_list("key", flat=True))
    if not key and len(keys) >= MOST_THEMES:
        raise RefusedError(
            "themes_many",
            _("There are %(most)s themes already; merge or rename one instead.")
            % {"most": MOST_THEMES},
        )
    _step("saved", key, by)
    if key:
        theme = Theme.objects.select_for_update().get(key=key)
    else:
        theme = Theme(key=key_of(next(iter(names.values())), keys), origin=origin)
    is_new = theme.pk is None
    theme.names, theme.keywords, theme.changed_at = names, keywords, now()
    theme.save()
    _read_everything(copies_all=is_new)
    record("theme.saved", theme.key, actor=by, is_new=is_new)
    return theme


@transaction.atomic
def switch_theme(theme: Theme, *, is_active: bool, by: str) -> None:
    """Look for a theme from now on, or no longer."""
    if theme.is_active == is_active:
        return
    _step("switched", theme.key, by)
    theme.is_active, theme.merged_into, theme.changed_at = is_active, "", now()
    theme.save()
    _read_everything(copies_all=True)
    record("theme.switched", theme.key, actor=by, is_active=is_active)


@transaction.atomic
def merge_theme(theme: Theme, *, into: Theme, by: str) -> None:
    """Let another theme take over the keywords of `theme`, which is looked for no longer.

    Raises:
        RefusedError: it is the same theme, or the other one is switched off.
    """
    if theme.key == into.key:
        raise RefusedError("merge_same", _("Choose another theme to merge this one into."))
    if not into.is_active:
        raise RefusedError("merge_off", _("Switch the other theme on before merging into it."))
    _step("merged", theme.key, by)
    for language in LANGUAGES:
        both = [*into.keywords.get(language, []), *theme.keywords.get(language, [])]
        into.keywords[language] = list(dict.fromkeys(both))
    into.changed_at = theme.changed_at = now()
    into.save()
    theme.is_active, theme.merged_into = False, into.key
    theme.save()
    _read_everything(copies_all=True)
    record("theme.merged", theme.key, actor=by, into=into.key)


@transaction.atomic
def undo_last(*, by: str) -> TaxonomyStep:
    """Put the themes back to where they were before the last change.

    A theme that was new then is switched off, not deleted: tables may have its column.

    Raises:
        RefusedError: nothing is left to undo.
    """
    step = TaxonomyStep.objects.select_for_update().first()
    if step is None:
        raise RefusedError("nothing_to_undo", _("There is no change of themes to undo."))
    there = {theme.key: theme for theme in Theme.objects.select_for_update()}
    for before in step.before:
        theme = there.pop(before["key"])
        for name in _FIELDS[1:]:
            setattr(theme, name, before[name])
        theme.save()
    for added in there.values():
        added.is_active = False
        added.save()
    _read_everything(copies_all=True)
    record("theme.undone", step.key, actor=by, action_undone=step.action)
    undone = TaxonomyStep(at=step.at, by=step.by, action=step.action, key=step.key)
    step.delete()
    return undone


def _step(action: str, key: str, by: str) -> None:
    before: list[dict[str, Any]] = list(Theme.objects.values(*_FIELDS))
    TaxonomyStep.objects.create(action=action, key=key, by=by, before=before)
    old = TaxonomyStep.objects.values_list("pk", flat=True)[KEPT_STEPS:]
    TaxonomyStep.objects.filter(pk__in=list(old)).delete()


def _read_everything(*, copies_all: bool) -> None:
    """Begin a new version of the themes; the worker reads all comments by it."""
    state = Taxonomy.objects.select_for_update().get(pk=1)
    state.version += 1
    # A round that was still to copy everything must not be cut short by a smaller change.
    unfinished = state.next_response is not None and state.copies_all
    state.next_response, state.last_response = 0, 0
    state.copies_all = copies_all or unfinished
    state.changed_at = now()
    state.save()
