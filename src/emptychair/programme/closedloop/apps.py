from django.apps import AppConfig


class ClosedLoopConfig(AppConfig):
    """Cases: the promise to one customer after one answer."""

    name = "emptychair.programme.closedloop"
    label = "closedloop"

    def ready(self) -> None:
        from emptychair.programme.closedloop.queries import customers_in_cases
        from emptychair.programme.closedloop.story import held_about, notes_of
        from emptychair.programme.customers import holdings
        from emptychair.programme.customers.sparing import add_reason
        from emptychair.programme.customers.timeline import add_source

        add_source("cases", notes_of)
        add_reason("in_case", customers_in_cases)
        holdings.add_source("cases", held_about)
