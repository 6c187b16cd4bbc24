"""Sessions and stray stops: each decision is asked about, goes to a service, needs the right."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from chargers.models import ChargingSession, Command, OrphanStop, SessionCorrection
from chargers.services import billing
from chargers.services.sessions import close_session
from chargers.tests.factories import make_charger, make_token, reading, send_one, start, stop
from cpo.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.proves("pain 16", "pain 22")]


def staff(name, *rights):
    user = User.objects.create_user(name, is_staff=True)
    codes = ["view_chargingsession", "view_orphanstop", "view_sessioncorrection", *rights]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def decider():
    return staff("decider", "change_chargingsession", "change_orphanstop")


@pytest.fixture
def charger():
    make_token("A")
    return make_charger()


@pytest.fixture
def session(charger):
    send_one(charger, start("A"))
    return ChargingSession.objects.get()


def press(client, user, row, action, **answer):
    client.force_login(user)
    name = row._meta.model_name
    url = reverse(f"admin:chargers_{name}_{action}", args=(row.pk,))
    response = client.post(url, answer, headers={"Accept-Language": "en"})
    row.refresh_from_db()
    return response


def test_stopping_remotely_talks_and_books_nothing(client, decider, session):
    assert press(client, decider, session, "remote_stop").status_code == 302
    command = Command.objects.get()
    assert (command.action, command.payload) == (
        "RemoteStopTransaction",
        {"transactionId": session.transaction_id},
    )
    assert session.status == "active"


def test_closing_books_and_talks_to_nobody(client, decider, session):
    response = press(client, decider, session, "close", reason="Gone", meter_wh="1400")
    assert response.status_code == 302
    assert (session.status, session.energy_wh) == ("ended", 400)
    assert not Command.objects.exists()


def test_closing_with_an_impossible_meter_shows_why_and_changes_nothing(client, decider, session):
    response = press(client, decider, session, "close", reason="Gone", meter_wh="5")
    assert "it cannot be less now" in response.content.decode()
    assert session.status == "active"


@pytest.mark.parametrize(
    ("action", "answer", "status"),
    [
        ("release", {}, "unbilled"),
        ("bill_corrected", {"energy_wh": "700"}, "unbilled"),
        ("write_off", {}, "not_billable"),
    ],
)
def test_held_session_is_decided(client, decider, charger, session, action, answer, status):
    send_one(charger, stop(session.transaction_id, meter=90_000_000))
    client.force_login(decider)
    page = client.get(reverse("admin:chargers_chargingsession_change", args=(session.pk,)))
    assert "More energy than time and power allow" in page.content.decode()
    response = press(client, decider, session, action, reason="Looked at it", **answer)
    assert response.status_code == 302
    assert session.billing_status == status


def test_who_may_only_look_decides_nothing(client, session):
    for action in ("remote_stop", "close", "release", "bill_corrected", "write_off"):
        answer = press(client, staff(f"looker-{action}"), session, action, reason="x", energy_wh=1)
        assert answer.status_code == 403
    assert session.status == "active"
    assert not Command.objects.exists()


def test_stop_without_a_session_is_attached_to_the_suggested_one(client, decider, charger, session):
    send_one(charger, stop(4711, meter=1500, readings=(reading(100, 1500),)))
    orphan = OrphanStop.objects.get()
    client.force_login(decider)
    page = client.get(reverse("admin:chargers_orphanstop_attach", args=(orphan.pk,)))
    assert f"#{session.transaction_id}" in page.content.decode()
    response = press(client, decider, orphan, "attach", session=session.pk)
    assert response.status_code == 302
    session.refresh_from_db()
    assert (orphan.state, session.status, session.energy_wh) == ("attached", "ended", 500)


def test_stop_without_a_session_is_dismissed_with_a_reason(client, decider, charger):
    send_one(charger, stop(4711, meter=1500))
    orphan = OrphanStop.objects.get()
    press(client, decider, orphan, "dismiss", reason="")
    assert orphan.state == "waiting"
    press(client, decider, orphan, "dismiss", reason="Test bench")
    assert (orphan.state, orphan.resolved_by) == ("dismissed", "decider")


def test_correction_is_settled_in_words(client, decider, charger, session):
    close_session(session, reason="Gone", actor=decider)
    billing.mark_session_billed(session.pk, total=0, currency="IDR", bill_id=1)
    send_one(charger, stop(session.transaction_id, meter=1400))
    correction = SessionCorrection.objects.get()
    press(client, decider, correction, "settle", reason="Waived")
    assert (correction.status, correction.resolution) == ("done", "Waived")
