"""Tickets are told to webhooks: at once by nudges, and by the sweep where those are lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cpo.models import WebhookEndpoint, WebhookEvent
from cpo.services.webhooks.endpoints import create_endpoint
from cpo.tests.factories import make_cpo, make_member
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.tests.factories import make_ticket
from unievp.lib import clock
from unievp.web import tasks
from unievp.web.webhooks import tickets

pytestmark = pytest.mark.django_db
SOURCES = (tickets.CREATED, tickets.CHANGED, tickets.COMMENTED)


@pytest.fixture
def cpo():
    tasks.sweep_webhooks()
    cpo = make_cpo()
    endpoint = create_endpoint(
        cpo, url="https://hook.example.com/", event_types=["ticket.*"], actor=make_member(cpo)
    )
    before = clock.now() - timedelta(minutes=5)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(enabled_at=before)
    return cpo


def live(cpo, actor):
    """A ticket's life."""
    ticket = make_ticket(cpo, actor=actor)
    add_comment(ticket, body="For us", actor=actor, via="portal", internal=True)
    add_comment(ticket, body="We come", actor=actor, via="portal")
    for status in ("in_progress", "resolved", "reopened", "closed"):
        change_ticket(ticket, Change(status=status), actor=actor)
    return ticket


LIFE = [
    "ticket.closed",
    "ticket.commented",
    "ticket.created",
    "ticket.reopened",
    "ticket.resolved",
    "ticket.updated",
]


def types():
    return sorted(WebhookEvent.objects.values_list("type", flat=True))


def test_life_of_a_ticket_is_told_once_by_nudges_and_sweep(cpo):
    ticket = live(cpo, make_member(cpo))
    for source in SOURCES:
        tasks.tell_webhooks(source.name, [ticket.pk])
    assert types() == LIFE
    tasks.sweep_webhooks()
    assert types() == LIFE
    assert "For us" not in json.dumps([event.body for event in WebhookEvent.objects.all()])


def test_sweep_finds_what_nudges_lost_and_tells_no_rival(cpo):
    live(cpo, make_member(cpo))
    rival = make_cpo()
    live(rival, make_member(rival))
    tasks.sweep_webhooks()
    assert types() == LIFE
    assert {event.cpo_id for event in WebhookEvent.objects.all()} == {cpo.pk}


def test_event_carries_the_ticket_and_what_happened(cpo):
    ticket = live(cpo, make_member(cpo))
    tasks.sweep_webhooks()
    said = WebhookEvent.objects.get(type="ticket.commented").body["data"]
    assert (said["number"], said["comment"]["body"]) == (ticket.number, "We come")
    closed = WebhookEvent.objects.get(type="ticket.closed").body["data"]
    assert closed["change"] == {"field": "status", "old": "reopened", "new": "closed"}
