from django.apps import AppConfig


class ListeningConfig(AppConfig):
    """Pages about what customers write."""

    name = "emptychair.programme.listening"
    label = "listening"

    def ready(self) -> None:
        from emptychair.programme.listening.chips import theme_figures
        from emptychair.programme.visibility.themes import add_source

        add_source(theme_figures)
