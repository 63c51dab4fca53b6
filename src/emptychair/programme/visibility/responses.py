"""The list of responses behind a figure."""

from collections.abc import Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from emptychair.programme.accounts.policy import Scope
from emptychair.programme.capture.models import Response
from emptychair.programme.capture.queries import responses_behind, with_customer_code
from emptychair.programme.comments.queries import with_readings
from emptychair.programme.lib.lists import Column
from emptychair.programme.visibility import names
from emptychair.programme.visibility.selection import Selection


def responses_of(
    selection: Selection, query: Mapping[str, str], scope: Scope
) -> QuerySet[Response]:
    """Return the responses behind a figure of `selection`.

    Args:
        selection: period, segment and dimensions.
        query: the address, for `score`, `comment` and `theme`.
        scope: what the reader may see.
    """
    filters = {**selection.filters, "bucket": selection.bucket, "score": query.get("score", "")}
    chosen = responses_behind(
        scope,
        start=selection.start,
        end=selection.end,
        segment=selection.segment,
        filters=filters,
    )
    if query.get("comment") == "yes":
        chosen = chosen.exclude(comment="")
    if selection.theme:
        chosen = with_readings(chosen, {"theme": selection.theme})
    return with_customer_code(chosen)


def columns(scope: Scope) -> tuple[Column, ...]:
    """Return the columns of the list; who answered is shown to those who may know."""
    units, touchpoints = names.names_of("unit"), names.names_of("touchpoint")
    channels = names.names_of("channel")
    shown = [
        Column("answered_at", _("Answered"), lambda r: r.answered_at, "answered_at", "moment"),
        Column("score", _("Score"), lambda r: r.score, "score", "score"),
        Column("comment", _("Comment"), lambda r: r.comment, kind="long"),
        Column("unit", _("Unit"), lambda r: units.get(r.unit, r.unit), "unit"),
        Column("channel", _("Channel"), lambda r: channels.get(r.channel, r.channel), "channel"),
        Column(
            "touchpoint",
            _("Touchpoint"),
            lambda r: touchpoints.get(r.touchpoint, r.touchpoint),
            "touchpoint",
        ),
        Column("language", _("Language"), lambda r: r.language, "language"),
        Column("survey", _("Survey"), lambda r: r.survey.name, "survey__name"),
    ]
    if scope.pii:
        shown.insert(1, Column("customer_id", _("Customer"), lambda r: r.customer_code or ""))
    return tuple(shown)
