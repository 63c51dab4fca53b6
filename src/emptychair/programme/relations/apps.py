from django.apps import AppConfig


class RelationsConfig(AppConfig):
    """Pages about customers: who is in which bucket, what it is worth, who moves."""

    name = "emptychair.programme.relations"
    label = "relations"

    def ready(self) -> None:
        from emptychair.programme.relations import firms, story
        from emptychair.programme.visibility.today import add_notice

        story.register()
        add_notice("silent contacts", firms.silence_notice)
