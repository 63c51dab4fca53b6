"""Search comments in every language, with what was read from them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from emptychair.analysis.comments.lexicon import LANGUAGES
from emptychair.analysis.comments.masking import masked
from emptychair.analysis.comments.tone import SENTIMENTS
from emptychair.analysis.comments.triage import TRIAGES
from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.models import Response
from emptychair.programme.capture.queries import responses_behind
from emptychair.programme.comments.queries import keys_in, reading_of, theme_names, with_readings
from emptychair.programme.lib.clock import today
from emptychair.programme.lib.lists import Column
from emptychair.programme.listening import naming
from emptychair.programme.listening.pages import USUAL_PERIOD
from emptychair.programme.listening.studying import DAYS
from emptychair.programme.relations.picking import Bar, segment_picker, unit_picker
from emptychair.programme.visibility.names import bucket_names, names_of
from emptychair.programme.visibility.pickers import Option, Picker

FILTERS: Final = (
    *("search", "theme", "sentiment", "triage", "spoken", "bucket", "period", "segment", "unit"),
)
_BUCKETS: Final = ("detractor", "passive", "promoter")


def comments_of(filters: Mapping[str, str], scope: Scope) -> QuerySet[Response]:
    """Return the responses whose comments the filters choose, newest first."""
    days = DAYS.get(filters.get("period", USUAL_PERIOD))  # type: ignore[call-overload]
    start = today() - timedelta(days - 1) if days else None
    chosen = responses_behind(
        scope,
        start=start,
        segment=filters.get("segment", ""),
        filters={name: filters[name] for name in ("unit", "bucket") if filters.get(name)},
    )
    return with_readings(chosen, filters)


def columns(scope: Scope) -> tuple[Column, ...]:
    """Return the columns of the list; personal data is masked for whom names are not shown."""
    names, units = theme_names(get_language() or "en"), names_of("unit")
    labels = naming.mask_labels()

    def words(response: Any) -> str:
        return response.comment if scope.pii else masked(response.comment, labels)  # type: ignore[arg-type]

    def themes(response: Any) -> str:
        return ", ".join(
            names.get(k, k) for k in keys_in(reading_of(response).themes) if k in names
        )

    return (
        Column("answered_at", _("Answered"), lambda r: r.answered_at, "answered_at", "moment"),
        Column("score", _("Score"), lambda r: r.score, "score", "score"),
        Column("comment", _("Comment"), words, kind="long"),
        Column("themes", _("Themes"), themes),
        Column("sentiment", _("Tone"), lambda r: naming.sentiment_name(reading_of(r).sentiment)),
        Column("triage", _("Kind"), lambda r: naming.triage_name(reading_of(r).triage)),
        Column("language", _("Language"), lambda r: naming.language_name(reading_of(r).language)),
        Column("unit", _("Unit"), lambda r: units.get(r.unit, r.unit), "unit"),
    )


def search_bar(filters: Mapping[str, str], scope: Scope, sort: str) -> Bar:
    """Return the filters of the search."""
    names = theme_names(get_language() or "en")
    theme = filters.get("theme", "")
    ordered = sorted(names.items(), key=lambda item: item[1].casefold())
    themes = [("none", _("No theme")), *ordered]
    return Bar(
        action=reverse("comments:search"),
        pickers=(
            _picker("theme", _("Theme"), _("All themes"), themes, theme),
            _picker("triage", _("Kind"), _("All kinds"),
                    [(one, naming.triage_name(one)) for one in TRIAGES], filters.get("triage", "")),
            _picker("sentiment", _("Tone"), _("Every tone"),
                    [(one, naming.sentiment_name(one)) for one in SENTIMENTS],
                    filters.get("sentiment", "")),
            _picker("bucket", _("Bucket"), _("All buckets"),
                    [(one, bucket_names(one)) for one in _BUCKETS], filters.get("bucket", "")),
            _picker("spoken", _("Language"), _("All languages"),
                    [(one, naming.language_name(one)) for one in LANGUAGES],
                    filters.get("spoken", "")),
            _picker("period", _("Period"), naming.period_name(USUAL_PERIOD),
                    [(one, naming.period_name(one)) for one in ("90d", "all")],
                    filters.get("period", "")),
            segment_picker(filters.get("segment", "")),
            *unit_picker(filters.get("unit", ""), scope),
        ),
        search=filters.get("search", ""),
        search_label=_("Words in the comment"),
        hidden=(("sort", sort),) if sort else (),
        is_narrowed=bool(filters),
    )  # fmt: skip


def _picker(
    name: str, label: str, all_label: str, values: list[tuple[str, str]], current: str
) -> Picker:
    options = tuple(Option(value, text, value == current) for value, text in values)
    return Picker(name, label, all_label, options)
