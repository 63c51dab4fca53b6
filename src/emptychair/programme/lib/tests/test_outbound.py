"""No address that somebody types in makes our server call inside."""

import socket

import pytest

from emptychair.programme.lib.outbound import OutboundError, is_outside, post_json, target_of

INSIDE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.1.2.3"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1"),
    *("192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1"),
    *("2001:db8::1", "2002:7f00:1::1", "3fff::1", "fc00::1", "fd00::1", "fe80::1", "fec0::1"),
    *("ff02::1", "x", "1", "127.1"),
]
WRONG = [
    *("", "x", "http://example.com", "ftp://example.com", "file:///etc/passwd", "gopher://a.b/"),
    *("https://", "https:///x", "https://a@b.example/", "https://a:b@b.example/"),
    *("https://b.example/#x", "https://b.example\\@c.example", "https://b.example/\r\nHost: x"),
    *("https://b.example:99999/", "https://b.example:x/", "https://[fe80::1%25eth0]/"),
    *("https://[::1", "https://b_d.example/", "https://exämple.com/", "https://-b.example/"),
    *("https://b.example./", "https://a b/", "https://" + "a" * 500, "//b.example/"),
    *("javascript:alert(1)", "dict://b.example/", "https://b%2e.x/"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_known(address):
    assert not is_outside(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "193.10.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_addresses_outside_are_known(address):
    assert is_outside(address)


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_https_address_is_refused(url):
    with pytest.raises(OutboundError, match="Write an address such as"):
        target_of(url)


@pytest.mark.parametrize("url", ["https://api.example.com/v1", "https://[2606:4700::1111]:8443/"])
def test_https_addresses_are_taken(url):
    assert target_of(url).is_secure


def resolving_to(*addresses):
    def resolve(host, port, **_kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    return resolve


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("169.254.169.254",)]
)
def test_a_name_that_leads_inside_is_never_connected_to(addresses, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to(*addresses))
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))
    with pytest.raises(OutboundError, match="did not answer as it should"):
        post_json("https://api.example.com/v1", {}, {})


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    called = []
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("8.8.8.8"))

    def connect(address, timeout):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with pytest.raises(OutboundError, match="did not answer as it should"):
        post_json("https://api.example.com/v1", {}, {})
    assert called == [("8.8.8.8", 443)]
