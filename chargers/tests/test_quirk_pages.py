"""Quirks and connections as people see them, and what the sweeps do about them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from chargers import tasks
from chargers.models import (
    ChargerQuirks,
    Command,
    ConfigurationKey,
    ConnectionLog,
    FirstArrival,
    ModelQuirks,
    Presence,
)
from chargers.selectors.connections import steadiness
from chargers.services.quirks import ask_ping_intervals
from chargers.tests.factories import make_charger
from cpo.models import AuditEntry, User
from unievp.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_seeds(db):
    ModelQuirks.objects.all().delete()


@pytest.fixture
def staff(client, settings):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    return client


def online(charger, minutes=5):
    now = clock.now()
    Presence.objects.create(
        charger=charger,
        online=True,
        connected_at=now - timedelta(minutes=minutes),
        last_seen_at=now,
    )
    return charger


def log(charger, ended_by="network", idle=45, hours=1, **fields):
    began = clock.now() - timedelta(hours=hours)
    ConnectionLog.objects.create(
        charger=charger,
        connection_id=uuid4(),
        connected_at=began,
        ended_at=began + timedelta(minutes=1) if ended_by else None,
        ended_by=ended_by,
        close_code=1006 if ended_by else None,
        idle_s=idle if ended_by else None,
        **fields,
    )


@pytest.mark.proves("pain 6")
def test_losses_after_the_same_silence_show_on_the_chargers_page(staff):
    charger = make_charger()
    for _ in range(12):
        log(charger)
    log(charger, ended_by="", hours=0)
    log(charger, hours=30)
    log(make_charger())
    state = steadiness(charger.pk)
    assert (state.connections, state.lost, state.by_charger) == (13, 12, 0)
    assert (state.idle_s, state.is_flapping) == (45, True)
    page = staff.get(reverse("admin:chargers_charger_change", args=[charger.pk]))
    text = page.content.decode()
    assert "13 connections in 24 h, 12 of them lost after 45 s of silence: unsteady" in text
    assert "Last end: the network, code 1006" in text


def test_a_steady_charger_is_not_flapping():
    charger = make_charger()
    log(charger, ended_by="charger", idle=1)
    state = steadiness(charger.pk)
    assert (state.lost, state.by_charger, state.idle_s, state.is_flapping) == (0, 1, None, False)


def test_the_chargers_page_says_what_is_in_force_and_why(staff):
    ModelQuirks.objects.create(name="Acme rule", vendor_pattern="acme", energy_factor=1000)
    charger = make_charger(vendor="ACME")
    ChargerQuirks.objects.create(charger=charger, local_time="always")
    url = reverse("admin:chargers_charger_change", args=[charger.pk])
    text = staff.get(url).content.decode()
    assert "Energy factor: <b>1000</b> (Acme rule)" in text
    assert "Local times: <b>those without an offset, and all with Z</b>" in text
    assert "(set for this charger)" in text


def test_a_rule_is_edited_with_a_trace(staff):
    row = ModelQuirks.objects.create(name="Acme rule", vendor_pattern="acme", energy_factor=1000)
    url = reverse("admin:chargers_modelquirks_change", args=[row.pk])
    form = staff.get(url).context["adminform"].form
    values = {name: "" if value is None else value for name, value in form.initial.items()}
    answer = staff.post(url, values | {"energy_factor": "100", "active": "on"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.energy_factor == 100
    assert AuditEntry.objects.filter(action__contains="edited").exists()
    refused = staff.post(url, values | {"energy_factor": "-1", "active": "on"})
    assert refused.status_code == 200
    assert "energy_factor" in refused.context["adminform"].form.errors


@pytest.mark.proves("pain 5", "quirk 12")
def test_a_ping_interval_is_asked_for_once_whatever_the_answer():
    ModelQuirks.objects.create(name="Nat", vendor_pattern="Acme", ping_interval_s=60)
    charger = online(make_charger(vendor="Acme"))
    online(make_charger(vendor="Other"))
    make_charger(vendor="Acme")
    assert ask_ping_intervals() == 1
    command = Command.objects.get()
    assert (command.charger, command.action) == (charger, "ChangeConfiguration")
    assert command.payload == {"key": "WebSocketPingInterval", "value": "60"}
    Command.objects.update(status="answered", response={"status": "NotSupported"})
    assert tasks.ask_ping_intervals() == 0
    Command.objects.update(status="expired", response=None)
    assert ask_ping_intervals() == 1


@pytest.mark.proves("quirk 13")
def test_nobody_who_just_came_back_is_bothered():
    ModelQuirks.objects.create(name="Nat", ping_interval_s=60)
    online(make_charger(), minutes=0)
    assert ask_ping_intervals() == 0


def test_a_charger_that_has_the_interval_already_is_left_alone():
    charger = online(make_charger())
    ChargerQuirks.objects.create(charger=charger, ping_interval_s=60)
    key = ConfigurationKey.objects.create(
        charger=charger, key="webSocketPingInterval", value="60", read_at=clock.now()
    )
    assert ask_ping_intervals() == 0
    key.value = "0"
    key.save()
    assert ask_ping_intervals() == 1


def test_logs_and_first_arrivals_are_swept(settings):
    settings.FRAME_RETENTION_DAYS = 10
    charger = make_charger()
    log(charger, hours=24 * 11)
    log(charger)
    FirstArrival.objects.create(
        charger=charger, content=b"x" * 16, first_at=clock.now() - timedelta(days=2)
    )
    assert tasks.forget_old_connections() == 2
    assert ConnectionLog.objects.count() == 1
