"""Brings the warehouse of a filled installation up to date and lets a colleague in (see B7)."""

# ruff: noqa: E402  Django must be set up before its models are imported

import django

django.setup()

from django.conf import settings
from django.test import Client

from benchmarks.customers_base import EMAIL
from emptychair.programme.accounts.models import User
from emptychair.programme.customers.building import build_segments
from emptychair.programme.insight.services import refresh_readings
from emptychair.programme.standing.following import follow_calendar
from emptychair.programme.warehouse.services import synchronise


def settle() -> None:
    """Do what the worker does after a first load; print the cookie of a colleague."""
    follow_calendar()
    synchronise()
    build_segments()
    refresh_readings()
    print(cookie_of(EMAIL))


def cookie_of(email: str) -> str:
    """Return the cookie header of a colleague who has logged in."""
    reader = Client()
    reader.force_login(User.objects.get(email=email))
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={reader.cookies[name].value}"
