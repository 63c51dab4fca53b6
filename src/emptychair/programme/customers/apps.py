from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "emptychair.programme.customers"
    label = "customers"
