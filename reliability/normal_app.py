"""A weaker server for the positive control: SQLite flushes now and then, not at each commit."""

from emptychair.programme.lib import config

config.SQLITE_PRAGMAS = config.SQLITE_PRAGMAS.replace("FULL", "NORMAL")

from emptychair.programme.wsgi import application  # noqa: E402  the weaker pragma comes first

__all__ = ["application"]
