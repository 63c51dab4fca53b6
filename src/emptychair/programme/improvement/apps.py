from django.apps import AppConfig


class ImprovementConfig(AppConfig):
    """The outer loop: what was supposed, what was decided, what it brought."""

    name = "emptychair.programme.improvement"
    label = "improvement"
