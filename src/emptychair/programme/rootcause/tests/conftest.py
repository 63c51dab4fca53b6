from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from emptychair.analysis.tables.simulate import load_config, simulate_company
from emptychair.programme.customers.models import Segment
from emptychair.programme.demo.filling import fill
from emptychair.programme.lib.clock import today
from emptychair.programme.rootcause.finding import refresh_findings
from emptychair.programme.rootcause.tests.made import store_findings
from emptychair.programme.standing.following import follow_calendar
from emptychair.programme.warehouse.services import synchronise


@pytest.fixture
def company(db):
    """A simulated company of 500 customers with two key segments, its findings computed."""
    config = replace(load_config(), customers=500)
    fill(simulate_company(config, seed=3, until=today() - timedelta(1)), Random(3))
    key = ["families", "seniors"]
    Segment.objects.exclude(slug__in=key).update(is_key=False)
    Segment.objects.filter(slug__in=key).update(is_key=True)
    synchronise()
    follow_calendar()
    refresh_findings()


@pytest.fixture
def findings(db):
    """A journey of three touchpoints, one unmeasured, and findings as the worker leaves them."""
    store_findings()
