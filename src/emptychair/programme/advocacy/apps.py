from django.apps import AppConfig


class AdvocacyConfig(AppConfig):
    """Promoters who help: reviews, referrals, references, testimonials, new ideas."""

    name = "emptychair.programme.advocacy"
    label = "advocacy"

    def ready(self) -> None:
        from emptychair.programme.advocacy.steps import step_after
        from emptychair.programme.advocacy.story import asks_of, held_about
        from emptychair.programme.capture.following import add_step
        from emptychair.programme.customers import holdings
        from emptychair.programme.customers.timeline import add_source

        add_source("advocacy", asks_of)
        add_step("advocacy", step_after)
        holdings.add_source("advocacy", held_about)
