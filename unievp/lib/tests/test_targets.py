"""Addresses that strangers name: only public ones are called."""

from __future__ import annotations

import asyncio
import socket

import pytest

from unievp.lib.errors import InvalidError
from unievp.lib.targets import RefusedTargetError, check_url, is_callable, resolve

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # clouds' metadata
    "100.64.0.1",
    "100.100.100.200",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "2001:db8::1",
    "no address",
    "",
]
PUBLIC = ["8.8.8.8", "103.10.60.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address):
    assert not is_callable(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_callable(address):
    assert is_callable(address)


def test_loopback_is_callable_where_it_is_allowed_and_nothing_else_private():
    assert is_callable("127.0.0.1", allow_loopback=True)
    assert is_callable("::1", allow_loopback=True)
    assert is_callable("::ffff:127.0.0.1", allow_loopback=True)
    assert not is_callable("10.0.0.1", allow_loopback=True)
    assert not is_callable("169.254.169.254", allow_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook.example.com",
        "http://hook.example.com/",
        "ftp://hook.example.com/",
        "https:///path",
        "https://hook.example.com:0/",
        "https://hook.example.com:99999/",
        "https://user:secret@hook.example.com/",
        "https://hook.example.com/#part",
        "https://hook.example.com/a b",
        "https://hook.example.com/\n",
        "https://münchen.example/",
        "https://localhost/",
        "https://api.localhost/",
        "https://db.internal/",
        "https://printer.local/",
        "https://redis/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.0x1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[bad/",
        "https://hook.example.com/" + "x" * 500,
    ],
)
def test_unusable_address_is_refused_by_its_field(url):
    if url.endswith("\n"):
        # Space around an address is not part of it.
        url = "https://hook.exam\nple.com/"
    with pytest.raises(InvalidError) as refusal:
        check_url(url, allow_loopback=False)
    assert refusal.value.field == "url"


def test_usable_addresses_pass():
    for url in ("https://hook.example.com/a?b=c", "https://8.8.8.8/", "https://hook.example:8443/"):
        assert check_url(f" {url} ", allow_loopback=False) == url
    assert check_url("http://localhost:9/x", allow_loopback=True) == "http://localhost:9/x"
    with pytest.raises(InvalidError):
        check_url("http://10.0.0.1/", allow_loopback=True)


def answers(monkeypatch, *addresses):
    async def getaddrinfo(_self, _host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)


def test_name_that_points_to_a_private_address_is_refused(monkeypatch):
    answers(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(RefusedTargetError):
        asyncio.run(resolve("hook.example.com", 443, allow_loopback=False))
    answers(monkeypatch, "8.8.8.8", "8.8.4.4", "8.8.8.8")
    found = asyncio.run(resolve("hook.example.com", 443, allow_loopback=False))
    assert found == ["8.8.8.8", "8.8.4.4"]


def test_name_without_an_address_is_refused(monkeypatch):
    async def getaddrinfo(*_args, **_options):
        raise socket.gaierror

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    with pytest.raises(RefusedTargetError):
        asyncio.run(resolve("nowhere.example.com", 443, allow_loopback=False))
