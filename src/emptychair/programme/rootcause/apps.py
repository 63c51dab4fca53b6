from django.apps import AppConfig


class RootCauseConfig(AppConfig):
    """Pages about why the score is as it is: drivers, journeys, what if."""

    name = "emptychair.programme.rootcause"
    label = "rootcause"
