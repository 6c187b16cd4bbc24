"""The admin's security pages: decided by a click, shown once, refusals as messages."""

from __future__ import annotations

import pytest
from django.urls import reverse

from chargers.models import Charger, RefusedHandshake, SecurityEvent, UnknownCharger
from chargers.tests.factories import make_charger, make_location
from cpo.models import Role
from cpo.tests.factories import make_member, make_user
from unievp.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return user


@pytest.fixture
def stranger():
    now = clock.now()
    return UnknownCharger.objects.create(
        identity="NEW 1", reason="unknown", first_seen_at=now, last_seen_at=now
    )


def adopt_url(stranger):
    return reverse("admin:chargers_unknowncharger_adopt", args=(stranger.pk,))


@pytest.mark.proves("pain 10", "pain 14")
def test_a_stranger_is_adopted_in_one_click(client, root, stranger, settings):
    settings.OCPP_PUBLIC_URL = "ws://host:9000"
    answer = {"location": make_location().pk, "identity": "NEW 1", "connectors": ""}
    shown = client.post(adopt_url(stranger), answer).content.decode()
    assert "ws://host:9000/NEW%201" in shown
    assert Charger.objects.get().identity == "NEW 1"
    assert not UnknownCharger.objects.exists()


def test_a_refused_adoption_is_said_on_the_form(client, root, stranger):
    make_charger(identity="new 1", tariff=False)
    answer = {"location": make_location().pk, "identity": "NEW 1"}
    shown = client.post(adopt_url(stranger), answer).content.decode()
    assert "A charger with this id exists." in shown
    assert UnknownCharger.objects.exists()


@pytest.mark.parametrize(("action", "registration"), [("hold", "Pending"), ("reject", "Rejected")])
def test_a_charger_is_put_on_hold_and_rejected(client, root, action, registration):
    row = make_charger(tariff=False)
    url = reverse(f"admin:chargers_charger_{action}", args=(row.pk,))
    client.post(url, {"reason": "new"})
    row.refresh_from_db()
    assert row.registration == registration
    client.post(reverse("admin:chargers_charger_accept", args=(row.pk,)), {"reason": "ok"})
    row.refresh_from_db()
    assert row.registration == "Accepted"


@pytest.mark.proves("pain 14")
def test_the_chargers_page_says_why_it_was_refused(client, root):
    row = make_charger(tariff=False)
    now = clock.now()
    RefusedHandshake.objects.create(
        charger=row, reason="credentials", first_seen_at=now, last_seen_at=now
    )
    shown = client.get(reverse("admin:chargers_charger_change", args=(row.pk,)))
    assert "Wrong or no password" in shown.content.decode()


def test_security_events_are_seen_by_a_click(client, root):
    now = clock.now()
    event = SecurityEvent.objects.create(
        charger=make_charger(tariff=False),
        kind="MemoryExhaustion",
        severity="critical",
        occurred_at=now,
        received_at=now,
    )
    url = reverse("admin:chargers_securityevent_changelist")
    client.post(url, {"action": "see", "_selected_action": [event.pk]})
    event.refresh_from_db()
    assert event.seen_by == root


def test_a_rival_may_not_adopt(client, stranger):
    location = make_location()
    client.force_login(make_member(location.cpo, Role.OWNER))
    client.post(adopt_url(stranger), {"location": location.pk, "identity": "NEW 1"})
    assert not Charger.objects.exists()
