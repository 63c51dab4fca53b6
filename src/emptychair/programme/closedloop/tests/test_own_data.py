"""What a case holds about a customer is part of what the customer may see."""

from datetime import timedelta

from django.test import Client

from emptychair.programme.accounts.models import User
from emptychair.programme.closedloop.models import Case, Note, Promise
from emptychair.programme.lib.clock import now, today
from emptychair.programme.lib.tokens import sign


def test_a_customer_sees_and_downloads_what_was_written_and_promised(
    case: Case, bob: User, client: Client
) -> None:
    Note.objects.create(case=case, by=bob, step="contacted", text="Ringde, <b>väntade</b> länge")
    Note.objects.create(case=case, by=bob, step="claimed", text="Tar den här efter lunch")
    Promise.objects.create(case=case, text="Ny tid på måndag", due_on=today(), made_by=bob)
    path = f"/me/{sign('my-data', 'C1', now() + timedelta(1))}"
    page = client.get(path).content.decode()
    assert "Ringde, &lt;b&gt;väntade&lt;/b&gt; länge" in page
    assert "Ny tid på måndag" in page
    assert "efter lunch" not in page
    told = {one["text"] for one in client.get(f"{path}?download=json").json()["kept"]}
    assert {"Ringde, <b>väntade</b> länge", "Ny tid på måndag"} <= told
