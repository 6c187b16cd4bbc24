"""What a new partner has, fetched although it is still busy with our answer to its credentials."""

from __future__ import annotations

import pytest

from ocpi import tasks
from ocpi.tests.driving import token_body
from ocpi.tests.emsp import connect_operator, make_emsp_party
from ocpi.tests.peer import success
from unievp.lib.alone import only_one

pytestmark = pytest.mark.django_db
TOO_EARLY = (401, {"status_code": 2000, "timestamp": "2026-02-01T09:30:00Z"})


@pytest.fixture
def later(monkeypatch):
    """Tasks that were put off: their arguments and the seconds."""
    put_off = []
    for task in (tasks.fetch_tokens, tasks.pull_new_operator):
        monkeypatch.setattr(
            task, "apply_async", lambda args, **how: put_off.append((args, how["countdown"]))
        )
    return put_off


def test_tokens_that_are_refused_at_first_are_fetched_again(partner, peer, later):
    peer.answers["/2.2.1/tokens"] = TOO_EARLY
    assert tasks.fetch_tokens(partner.pk) == 0
    assert later == [((partner.pk, 1), 2)]
    peer.answers["/2.2.1/tokens"] = (200, success([token_body("CARD")]))
    assert tasks.fetch_tokens(*later.pop()[0]) == 1
    assert later == []
    peer.answers["/2.2.1/tokens"] = TOO_EARLY
    # After some minutes the hourly sweep is soon enough.
    assert tasks.fetch_tokens(partner.pk, 5) == 0
    assert later == []


def test_partner_without_tokens_is_not_asked_again(partner, peer, later):
    partner.endpoints.filter(identifier="tokens").delete()
    assert tasks.fetch_tokens(partner.pk) == 0
    assert (later, peer.requests) == ([], [])


def test_lists_that_broke_off_are_read_again(peer, later):
    make_emsp_party()
    operator = connect_operator(peer)
    peer.answers["GET"] = TOO_EARLY
    assert tasks.pull_new_operator(operator.pk) == 0
    assert later == [((operator.pk, 1), 2)]
    peer.answers["GET"] = (200, success([]))
    tasks.pull_new_operator(*later.pop()[0])
    assert later == []


def test_partners_are_read_beside_each_other_and_none_twice_at_once(partner, peer, monkeypatch):
    make_emsp_party()
    operator = connect_operator(peer)
    queued = []
    for task in (tasks.fetch_recent_tokens, tasks.pull_operators, tasks.pull_hub_clients):
        monkeypatch.setattr(
            task,
            "apply_async",
            lambda args, task=task, **_how: queued.append((task.name, *args[0])),
        )
    tasks.fetch_recent_tokens()
    tasks.pull_operators()
    tasks.pull_hub_clients()
    assert queued == [
        ("ocpi.tasks.fetch_recent_tokens", partner.pk),
        ("ocpi.tasks.pull_operators", operator.pk),
    ]
    with only_one(f"ocpi lists of {operator.pk}", seconds=60):
        tasks.pull_operators([operator.pk])
    assert peer.requests == []
    tasks.pull_operators([operator.pk])
    assert peer.requests != []
