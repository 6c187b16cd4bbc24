"""The worker's side of webhooks and notifications: sweeps, and one sender at a time."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from redis.exceptions import RedisError

from cpo import tasks
from cpo.events import NotificationsMade, WebhooksDue
from unievp.lib import alone
from unievp.lib.alone import only_one
from unievp.lib.secrets import new_token

pytestmark = pytest.mark.django_db


def test_only_one_is_let_in_until_it_leaves():
    name = new_token(8)
    with only_one(name, seconds=30) as first:
        with only_one(name, seconds=30) as second:
            assert (first, second) == (True, False)
        with only_one(name, seconds=30) as third:
            assert not third
    with only_one(name, seconds=30) as again:
        assert again


def test_without_the_cache_everybody_is_let_in(monkeypatch):
    class NoCache:
        def add(self, *_args):
            raise RedisError

    monkeypatch.setattr(alone, "cache", NoCache())
    with only_one("x", seconds=30) as first, only_one("x", seconds=30) as second:
        assert first
        assert second


def test_second_sender_leaves_at_once(monkeypatch):
    @contextmanager
    def occupied(*_args, **_options):
        yield False

    monkeypatch.setattr(tasks, "deliver_due", lambda: 7)
    monkeypatch.setattr(tasks, "only_one", occupied)
    assert tasks.deliver_webhooks() == 0


def test_nudges_do_not_wait_for_a_broker_that_is_gone(monkeypatch):
    asked = []
    for task in (tasks.deliver_webhooks, tasks.send_notification_mails):
        monkeypatch.setattr(task, "apply_async", lambda **options: asked.append(options))
    tasks.on_webhooks_due(WebhooksDue())
    tasks.on_notifications_made(NotificationsMade((1,)))
    assert asked == [{"retry": False}, {"retry": False}]


def test_sweeps_run_on_an_empty_platform():
    assert tasks.send_notification_mails() == 0
    assert tasks.forget_old_webhook_events() == 0
    assert tasks.forget_notifications() == 0
