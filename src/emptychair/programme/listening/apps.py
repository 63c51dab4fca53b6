from django.apps import AppConfig


class ListeningConfig(AppConfig):
    """Pages about what customers write."""

    name = "emptychair.programme.listening"
    label = "listening"
