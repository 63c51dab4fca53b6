"""The only place where slices meet: what follows from an action, and what is done periodically."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from emptychair.programme.activity.worker import Handler, OutwardHandler, Periodic
from emptychair.programme.capture.inviting import plan
from emptychair.programme.capture.sending import queue_due, send_invitation
from emptychair.programme.capture.stuffing import forget_origins, hold_stuffing
from emptychair.programme.closedloop.asking_again import plan_second_asks
from emptychair.programme.closedloop.opening import consider_answer, open_held_out
from emptychair.programme.closedloop.reminding import escalate, mail_digest, queue_digests
from emptychair.programme.closedloop.services import forget_conversations
from emptychair.programme.closedloop.writing import send_letter
from emptychair.programme.comments.assistant import ask_assistant
from emptychair.programme.comments.reading import read_again
from emptychair.programme.customers.building import build_segments
from emptychair.programme.exchange.running import continue_imports, remove_old_files
from emptychair.programme.insight.assessing import refresh_assessments
from emptychair.programme.insight.publishing import publish_due
from emptychair.programme.insight.services import refresh_readings
from emptychair.programme.insight.telling import mail_alert, post_alert
from emptychair.programme.insight.watching import watch_series
from emptychair.programme.listening.studying import refresh_theme_studies
from emptychair.programme.mailroom.telling import mail_pause, tell_owners
from emptychair.programme.relations.guessing import forget
from emptychair.programme.relations.studying import refresh_studies
from emptychair.programme.standing.following import follow_calendar
from emptychair.programme.warehouse.services import maintain, synchronise

HANDLERS: Mapping[str, Sequence[Handler]] = {
    "response.recorded": (consider_answer,),
    "response.amended": (consider_answer,),
    "response.released": (consider_answer,),
    "customer.erased": (forget_conversations, forget),
    "survey.paused": (tell_owners,),
}

# What leaves the house: sent outside a transaction, settled after.
OUTWARD: Mapping[str, Sequence[OutwardHandler]] = {
    "invitation.due": (send_invitation,),
    "case.mail_due": (send_letter,),
    "cases.digest_due": (mail_digest,),
    "alert.mail_due": (mail_alert,),
    "alert.chat_due": (post_alert,),
    "survey.pause_mail_due": (mail_pause,),
}

ROUTINES: Mapping[str, Periodic] = {
    "warehouse.synchronise": Periodic(timedelta(seconds=1), synchronise),
    "customers.build_segments": Periodic(timedelta(seconds=5), build_segments, lane="slow"),
    "comments.read_again": Periodic(timedelta(seconds=5), read_again, lane="slow"),
    "comments.ask_assistant": Periodic(timedelta(seconds=30), ask_assistant, lane="slow"),
    "listening.refresh_theme_studies": Periodic(
        timedelta(minutes=1), refresh_theme_studies, lane="slow"
    ),
    "standing.follow_calendar": Periodic(timedelta(seconds=20), follow_calendar, lane="slow"),
    "warehouse.maintain": Periodic(timedelta(hours=6), maintain),
    "exchange.continue_imports": Periodic(timedelta(seconds=1), continue_imports),
    "exchange.remove_old_files": Periodic(timedelta(hours=6), remove_old_files),
    "capture.plan": Periodic(timedelta(minutes=15), plan),
    "capture.queue_due": Periodic(timedelta(seconds=20), queue_due),
    "capture.hold_stuffing": Periodic(timedelta(seconds=2), hold_stuffing),
    "capture.forget_origins": Periodic(timedelta(hours=6), forget_origins, lane="slow"),
    "closedloop.escalate": Periodic(timedelta(minutes=5), escalate),
    "closedloop.open_held_out": Periodic(timedelta(hours=1), open_held_out),
    "closedloop.plan_second_asks": Periodic(timedelta(minutes=15), plan_second_asks),
    "closedloop.queue_digests": Periodic(timedelta(hours=1), queue_digests),
    "insight.refresh_readings": Periodic(timedelta(minutes=1), refresh_readings),
    "insight.refresh_assessments": Periodic(timedelta(minutes=5), refresh_assessments, lane="slow"),
    "relations.refresh_studies": Periodic(timedelta(minutes=10), refresh_studies, lane="slow"),
    "insight.publish_due": Periodic(timedelta(hours=1), publish_due, lane="slow"),
    "insight.watch_series": Periodic(timedelta(minutes=5), watch_series, lane="slow"),
}
