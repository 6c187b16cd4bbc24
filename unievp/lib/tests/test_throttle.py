"""Counting by address: exact within a window, each key on its own, never in the way of people."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from redis.exceptions import ConnectionError as NoCacheError

from unievp.lib.throttle import Rate, client_address


@pytest.fixture
def rate():
    """In a window that will not end during a test."""
    return Rate(uuid4().hex, 2, 10**6)


def test_what_is_too_much_is_told_when_to_come_back(rate):
    assert [rate.retry_after("a") for _again in range(2)] == [0, 0]
    assert 0 < rate.retry_after("a") <= 10**6


def test_each_key_is_counted_on_its_own(rate):
    for _again in range(3):
        rate.retry_after("a")
    assert rate.retry_after("b") == 0


def test_window_ends(monkeypatch):
    rate = Rate(uuid4().hex, 1, 60)
    at = [1_000_000_000]
    monkeypatch.setattr("unievp.lib.throttle.time.time", lambda: at[0])
    assert rate.retry_after("a") == 0
    assert rate.retry_after("a") == 60 - 1_000_000_000 % 60
    at[0] += 60
    assert rate.retry_after("a") == 0


def test_nobody_is_turned_away_while_the_cache_is_away(rate, monkeypatch):
    def fail(*_args, **_options):
        raise NoCacheError

    monkeypatch.setattr(cache, "add", fail)
    assert [rate.retry_after("a") for _again in range(5)] == [0] * 5


def test_address_is_the_peers_unless_a_proxy_stands_before_us(settings):
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": "6.6.6.6, 203.0.113.7"}
    )
    settings.BEHIND_PROXY = False
    assert client_address(request) == "10.0.0.1"
    settings.BEHIND_PROXY = True
    assert client_address(request) == "203.0.113.7"
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1")) == "10.0.0.1"
