from django.apps import AppConfig


class MailroomConfig(AppConfig):
    name = "emptychair.programme.mailroom"
    label = "mailroom"
