from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Files in and out."""

    name = "emptychair.programme.exchange"
    label = "exchange"
