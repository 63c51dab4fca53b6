"""The web application: the hot path in front of Django."""

import os
import signal
import threading

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emptychair.programme.settings")
django_application = get_wsgi_application()

from emptychair.programme.capture.front import in_front_of  # noqa: E402  Django must be set up
from emptychair.programme.lib import lifeline  # noqa: E402

application = in_front_of(django_application)


def _warm_up() -> None:
    """Load what the first visitor would otherwise wait for."""
    from django.urls import get_resolver

    from emptychair.programme.accounts.checks import addresses
    from emptychair.programme.visibility.pictures import warm_up
    from emptychair.programme.warehouse import layer

    list(addresses(get_resolver()))
    layer.first_day()
    warm_up()


lifeline.end_with_parent()
lifeline.end_with_supervisor(lambda: os.kill(os.getppid(), signal.SIGTERM))
threading.Thread(target=_warm_up, daemon=True).start()
