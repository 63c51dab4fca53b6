"""The worker starts imports in a thread of their own."""

import pytest

from emptychair.programme.accounts.models import User
from emptychair.programme.exchange import running, services
from emptychair.programme.exchange.models import Import


@pytest.mark.django_db(transaction=True)
def test_it_reads_files_in_the_background(alice: User) -> None:
    data = b"date,score\n2026-01-01,9\n"
    services.upload(kind="responses", name="a.csv", chunks=[data], size=len(data), by=alice)
    background = running.Background()
    background.start()
    assert background.thread is not None
    background.thread.join(30)
    assert Import.objects.get().state == Import.State.READY


@pytest.mark.django_db
def test_it_starts_no_thread_when_nothing_waits() -> None:
    background = running.Background()
    background.start()
    assert background.thread is None
