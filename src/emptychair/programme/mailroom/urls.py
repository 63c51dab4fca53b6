from django.urls import path

from emptychair.programme.mailroom import hooks, letters, outbox, replies

app_name = "mailroom"
urlpatterns = [
    path("outbox/", outbox.show_outbox, name="outbox"),
    path("outbox/progress", outbox.show_progress, name="progress"),
    path("outbox/decide", outbox.decide, name="decide"),
    path("outbox/resume/<slug:slug>", outbox.resume, name="resume"),
    path("outbox/replies/", replies.show_replies, name="replies"),
    path("outbox/replies/<str:public_id>/read", replies.set_read, name="set_read"),
    path("outbox/letters/", letters.show_letters, name="letters"),
    path("outbox/letters/<str:name>/", letters.show_letter, name="letter"),
    path("outbox/letters/<str:name>/body", letters.show_body, name="letter_body"),
    path("hooks/mail/events", hooks.mail_events, name="mail_events"),
    path("hooks/mail/inbound", hooks.mail_inbound, name="mail_inbound"),
    path("hooks/sms/events", hooks.sms_events, name="sms_events"),
    path("hooks/sms/inbound", hooks.sms_inbound, name="sms_inbound"),
]
