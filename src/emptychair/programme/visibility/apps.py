from django.apps import AppConfig


class VisibilityConfig(AppConfig):
    """Pages that read: Today, Delivery and what lies behind their figures."""

    name = "emptychair.programme.visibility"
    label = "visibility"

    def ready(self) -> None:
        from emptychair.programme.visibility.followup import waiting_notice
        from emptychair.programme.visibility.today import add_notice

        add_notice("waiting customers", waiting_notice)
