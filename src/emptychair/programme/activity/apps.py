from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "emptychair.programme.activity"
    label = "activity"
