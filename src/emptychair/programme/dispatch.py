"""The only place where slices meet: what follows from an action, and what is done periodically."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from emptychair.programme.accounts.notices import send_trial
from emptychair.programme.activity.worker import Handler, Only, OutwardHandler, Periodic
from emptychair.programme.advocacy.asking import ask_by_itself, send_ask
from emptychair.programme.advocacy.bringing import follow_referrals
from emptychair.programme.advocacy.giving import forget_advocate
from emptychair.programme.advocacy.whom import refresh_candidates
from emptychair.programme.capture.arriving import note_origin, that_tell_origin
from emptychair.programme.capture.inviting import plan
from emptychair.programme.capture.sending import queue_due, send_invitation
from emptychair.programme.capture.stuffing import forget_origins, hold_stuffing
from emptychair.programme.closedloop.asking_again import plan_second_asks
from emptychair.programme.closedloop.by_mail import forget_old_links
from emptychair.programme.closedloop.digests import chat_digest, mail_digest, queue_digests
from emptychair.programme.closedloop.opening import (
    consider_answer,
    consider_answers,
    open_held_out,
    that_meet_a_rule,
)
from emptychair.programme.closedloop.praising import pass_on_praise, that_may_praise
from emptychair.programme.closedloop.reminding import escalate
from emptychair.programme.closedloop.services import forget_conversations
from emptychair.programme.closedloop.writing import send_letter
from emptychair.programme.comments import trigrams
from emptychair.programme.comments.assistant import ask_assistant
from emptychair.programme.comments.reading import read_again
from emptychair.programme.comments.vectors import embed_comments
from emptychair.programme.customers.building import build_segments
from emptychair.programme.exchange.running import continue_imports, remove_old_files
from emptychair.programme.improvement.raising import tell_team
from emptychair.programme.insight.assessing import refresh_assessments
from emptychair.programme.insight.publishing import publish_due
from emptychair.programme.insight.services import refresh_readings
from emptychair.programme.insight.telling import mail_alert, post_alert
from emptychair.programme.insight.watching import watch_series
from emptychair.programme.listening.studying import refresh_theme_studies
from emptychair.programme.mailroom.telling import mail_pause, tell_owners
from emptychair.programme.organisation.counting import count_weeks
from emptychair.programme.relations.guessing import forget
from emptychair.programme.relations.silence import open_silence_cases
from emptychair.programme.relations.studying import refresh_studies
from emptychair.programme.rootcause.finding import refresh_findings
from emptychair.programme.standing.following import follow_calendar
from emptychair.programme.warehouse.services import maintain, synchronise_unless_another_does

_AFTER_AN_ANSWER = (
    Only(consider_answer, among=that_meet_a_rule, together=consider_answers),
    Only(pass_on_praise, among=that_may_praise),
    Only(note_origin, among=that_tell_origin),
)
HANDLERS: Mapping[str, Sequence[Handler | Only]] = {
    "response.recorded": _AFTER_AN_ANSWER,
    "response.amended": _AFTER_AN_ANSWER,
    "response.released": _AFTER_AN_ANSWER,
    "customer.erased": (forget_conversations, forget_advocate, forget),
    "survey.paused": (tell_owners,),
    "initiative.proposed": (tell_team,),
    "initiative.decided": (tell_team,),
    "initiative.started": (tell_team,),
    "initiative.finished": (tell_team,),
}

# What leaves the house: sent outside a transaction, settled after.
OUTWARD: Mapping[str, Sequence[OutwardHandler]] = {
    "invitation.due": (send_invitation,),
    "case.mail_due": (send_letter,),
    "cases.digest_due": (mail_digest,),
    "cases.chat_due": (chat_digest,),
    "notices.trial_due": (send_trial,),
    "favour.due": (send_ask,),
    "alert.mail_due": (mail_alert,),
    "alert.chat_due": (post_alert,),
    "survey.pause_mail_due": (mail_pause,),
}

ROUTINES: Mapping[str, Periodic] = {
    "warehouse.synchronise": Periodic(
        timedelta(seconds=1), synchronise_unless_another_does, lane="fresh"
    ),
    "customers.build_segments": Periodic(timedelta(seconds=5), build_segments, lane="slow"),
    "comments.read_again": Periodic(timedelta(seconds=5), read_again, lane="slow"),
    "comments.tidy_trigrams": Periodic(timedelta(hours=6), trigrams.tidy, lane="slow"),
    "comments.ask_assistant": Periodic(timedelta(seconds=30), ask_assistant, lane="slow"),
    "comments.embed_comments": Periodic(timedelta(seconds=15), embed_comments, lane="slow"),
    "listening.refresh_theme_studies": Periodic(
        timedelta(minutes=1), refresh_theme_studies, lane="slow"
    ),
    "standing.follow_calendar": Periodic(timedelta(seconds=20), follow_calendar, lane="slow"),
    "warehouse.maintain": Periodic(timedelta(hours=6), maintain, lane="slow"),
    "exchange.continue_imports": Periodic(timedelta(seconds=1), continue_imports),
    "exchange.remove_old_files": Periodic(timedelta(hours=6), remove_old_files),
    "capture.plan": Periodic(timedelta(minutes=15), plan),
    "capture.queue_due": Periodic(timedelta(seconds=20), queue_due),
    "capture.hold_stuffing": Periodic(timedelta(seconds=2), hold_stuffing),
    "capture.forget_origins": Periodic(timedelta(hours=6), forget_origins, lane="slow"),
    "advocacy.refresh_candidates": Periodic(timedelta(minutes=30), refresh_candidates, lane="slow"),
    "advocacy.follow_referrals": Periodic(timedelta(minutes=15), follow_referrals, lane="slow"),
    "advocacy.ask_by_itself": Periodic(timedelta(hours=1), ask_by_itself, lane="slow"),
    "organisation.count_weeks": Periodic(timedelta(hours=1), count_weeks, lane="slow"),
    "closedloop.escalate": Periodic(timedelta(minutes=5), escalate),
    "closedloop.open_held_out": Periodic(timedelta(hours=1), open_held_out),
    "closedloop.plan_second_asks": Periodic(timedelta(minutes=15), plan_second_asks),
    "closedloop.forget_old_links": Periodic(timedelta(hours=6), forget_old_links),
    "relations.open_silence_cases": Periodic(timedelta(hours=6), open_silence_cases, lane="slow"),
    "closedloop.queue_digests": Periodic(timedelta(hours=1), queue_digests),
    "insight.refresh_readings": Periodic(timedelta(minutes=1), refresh_readings),
    "insight.refresh_assessments": Periodic(timedelta(minutes=5), refresh_assessments, lane="slow"),
    "relations.refresh_studies": Periodic(timedelta(minutes=10), refresh_studies, lane="slow"),
    "rootcause.refresh_findings": Periodic(timedelta(minutes=10), refresh_findings, lane="slow"),
    "insight.publish_due": Periodic(timedelta(hours=1), publish_due, lane="slow"),
    "insight.watch_series": Periodic(timedelta(minutes=5), watch_series, lane="slow"),
}
