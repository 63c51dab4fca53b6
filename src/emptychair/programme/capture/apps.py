from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "emptychair.programme.capture"
    label = "capture"
