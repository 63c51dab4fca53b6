from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "emptychair.programme.exchange"
    label = "exchange"
