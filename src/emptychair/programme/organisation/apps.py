from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    """Whether the organisation does what it set out to do for its customers."""

    name = "emptychair.programme.organisation"
    label = "organisation"

    def ready(self) -> None:
        from emptychair.programme.closedloop.digests import add_lines
        from emptychair.programme.organisation.reminding import reminders_for

        add_lines("organisation", reminders_for)
