from django.apps import AppConfig


class VisibilityConfig(AppConfig):
    name = "emptychair.programme.visibility"
    label = "visibility"
