"""What the page after the survey offers next: slices above register it.

following.add_step("advocacy", step_after)
"""

from collections.abc import Callable
from dataclasses import dataclass

from emptychair.programme.capture.models import Response


@dataclass(frozen=True)
class NextStep:
    """One thing the customer may do now: a form with one button that leads to `url`."""

    title: str
    text: str
    label: str
    url: str


# Gets a response and the page's language; reads only, for a GET never writes.
Step = Callable[[Response, str], NextStep | None]
_STEPS: dict[str, Step] = {}


def add_step(name: str, step: Step) -> None:
    """Let a slice offer something after the survey; a second call replaces the first."""
    _STEPS[name] = step


def steps_after(response: Response, language: str) -> tuple[NextStep, ...]:
    """Return what is offered after a response, nothing after one that does not count."""
    if response.held_reason:
        return ()
    found = (step(response, language) for step in _STEPS.values())
    return tuple(step for step in found if step is not None)
