"""Loaded before anything else in a test run: a data folder of its own, no outside settings."""

import os
import tempfile
from pathlib import Path

import hypothesis

_FOLDER = tempfile.mkdtemp(prefix="emptychair-tests-")
Path(_FOLDER, "static").mkdir()
os.environ["EMPTYCHAIR_DATA"] = _FOLDER
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_FOLDER}/unused.sqlite3")
os.environ["EMPTYCHAIR_BASE_URL"] = "http://127.0.0.1:8000"
os.environ["EMPTYCHAIR_HOSTS"] = "localhost,testserver"
os.environ["EMPTYCHAIR_TIME_ZONE"] = "Europe/Stockholm"
os.environ["EMPTYCHAIR_LANGUAGE"] = "en"
os.environ["EMPTYCHAIR_ORGANISATION"] = "Nordhem"
# Playwright keeps an event loop in the thread that tests run in.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A busy machine must not fail a test: no example has a deadline. In CI the examples are fixed.
hypothesis.settings.register_profile(
    "emptychair",
    deadline=None,
    max_examples=60,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("emptychair")
