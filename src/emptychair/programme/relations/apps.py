from django.apps import AppConfig


class RelationsConfig(AppConfig):
    """Pages about customers: who is in which bucket, what it is worth, who moves."""

    name = "emptychair.programme.relations"
    label = "relations"
