from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "emptychair.programme.journeys"
    label = "journeys"
