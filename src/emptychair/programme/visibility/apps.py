from django.apps import AppConfig


class VisibilityConfig(AppConfig):
    """Pages that read: Today, Delivery and what lies behind their figures."""

    name = "emptychair.programme.visibility"
    label = "visibility"
