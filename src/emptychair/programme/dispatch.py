"""The only place where slices meet: what follows from an action, and what is done periodically."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from emptychair.programme.activity.worker import Handler, Periodic
from emptychair.programme.exchange.running import continue_imports, remove_old_files
from emptychair.programme.insight.services import refresh_readings
from emptychair.programme.warehouse.services import maintain, synchronise

HANDLERS: Mapping[str, Sequence[Handler]] = {}

ROUTINES: Mapping[str, Periodic] = {
    "warehouse.synchronise": Periodic(timedelta(seconds=1), synchronise),
    "warehouse.maintain": Periodic(timedelta(hours=6), maintain),
    "exchange.continue_imports": Periodic(timedelta(seconds=1), continue_imports),
    "exchange.remove_old_files": Periodic(timedelta(hours=6), remove_old_files),
    "insight.refresh_readings": Periodic(timedelta(minutes=1), refresh_readings),
}
