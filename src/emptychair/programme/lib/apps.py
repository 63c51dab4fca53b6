from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "emptychair.programme.lib"
    label = "lib"
