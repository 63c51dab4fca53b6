from django.apps import AppConfig


class WarehouseConfig(AppConfig):
    name = "emptychair.programme.warehouse"
    label = "warehouse"
