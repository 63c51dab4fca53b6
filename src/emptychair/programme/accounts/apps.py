from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "emptychair.programme.accounts"
    label = "accounts"

    def ready(self) -> None:
        from emptychair.programme.accounts import checks  # noqa: F401  registers the check
