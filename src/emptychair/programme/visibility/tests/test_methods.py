"""Method pages inside the product."""

import re

import pytest

from emptychair.programme.visibility.methods import method_names, method_page


def test_every_page_is_read_in_the_product(client, bob):
    client.force_login(bob)
    listed = client.get("/methods/").content.decode()
    for name in set(method_names()) - {"README"}:
        assert f'href="/methods/{name}/"' in listed
        shown = client.get(f"/methods/{name}/")
        assert shown.status_code == 200
        for link in re.findall(r'href="(/methods/[^"]+)"', shown.content.decode()):
            assert client.get(link).status_code == 200


@pytest.mark.parametrize("name", ["nothing", "..", "score-interval.md"])
def test_what_is_no_page_is_not_found(client, bob, name):
    client.force_login(bob)
    assert client.get(f"/methods/{name}/").status_code == 404


def test_nobody_reads_them_without_logging_in(client, db):
    assert client.get("/methods/").status_code == 302


def test_tables_code_and_links_are_kept():
    text = method_page("score-interval").text
    assert '<table class="ec-table">' in text
    assert "&gt;&gt;&gt; low, high" in text
    assert "<!--" not in text
    assert 'href="/methods/weights/"' in text


def test_the_fine_print_leads_to_the_method(client, alice, answered):
    answered([10] * 30)
    client.force_login(alice)
    assert 'href="/methods/score-interval/"' in client.get("/delivery/fine-print/").content.decode()
