from django.apps import AppConfig


class StandingConfig(AppConfig):
    name = "emptychair.programme.standing"
    label = "standing"
