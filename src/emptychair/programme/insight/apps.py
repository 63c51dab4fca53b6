from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "emptychair.programme.insight"
    label = "insight"
