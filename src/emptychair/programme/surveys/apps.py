from django.apps import AppConfig


class SurveysConfig(AppConfig):
    """Pages of staff about surveys, links and asks."""

    name = "emptychair.programme.surveys"
    label = "surveys"
