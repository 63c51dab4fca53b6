from django.apps import AppConfig


class ClosedLoopConfig(AppConfig):
    name = "emptychair.programme.closedloop"
    label = "closedloop"
