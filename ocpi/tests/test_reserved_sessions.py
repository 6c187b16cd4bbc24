"""A partner's reservation is a Session of its own until somebody charges (reference §7, §10)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from chargers.events import ReservationChanged
from chargers.models import ChargingSession, Command, Connector, Reservation
from chargers.services.outcomes import mark_answered
from chargers.services.reservations.asking import reserve as reserve_for
from chargers.services.reservations.cancelling import cancel_reservation
from chargers.services.reservations.ends import end_broken_reservations, expire_reservations
from chargers.tests.factories import make_token, send_one, start, stop
from ocpi import tasks
from ocpi.models import Cdr, Push, RoamingSession
from ocpi.services.pushing.sending import push_due
from ocpi.services.selling.cdrs import issue_cdr, sweep_cdrs
from ocpi.services.selling.reservations import follow_reservation, sweep_reservations
from ocpi.services.selling.sessions import begin_roaming, sweep_sessions
from ocpi.tests.calling import Caller, code, data
from ocpi.tests.driving import begin, push_token, sell, token_body
from ocpi.tests.field import make_site
from ocpi.tests.objects import Session, check
from ocpi.tests.partners import connect_partner
from payments.services.billing import bill_session
from unievp.lib import clock

pytestmark = pytest.mark.django_db
SINCE = "2020-01-01T00:00:00Z"


@pytest.fixture
def site(partner):
    charger = make_site(tariff=False)
    sell(charger)
    return charger


def reserve(call, site, *, number=1, minutes=60, wanted="R-1"):
    """What the partner asked for, accepted by the charger; the reservation."""
    connector = site.connectors.get(number=number)
    until = clock.now() + timedelta(minutes=minutes)
    body = {
        "response_url": "https://tnm.example/results",
        "token": token_body("CARD-R"),
        "reservation_id": wanted,
        "expiry_date": clock.isoformat_z(until),
        "authorization_reference": "REF-1",
        "location_id": f"L{site.location_id}",
        "evse_uid": f"{site.location_id}-{connector.pk}",
    }
    assert data(call.post("commands/RESERVE_NOW", body))["result"] == "ACCEPTED"
    accept()
    return Reservation.objects.latest("pk")


def accept():
    command = Command.objects.latest("created_at")
    Command.objects.filter(pk=command.pk).update(status="sent", sent_at=clock.now())
    mark_answered(command.pk, response={"status": "Accepted"})


def use(site, held):
    """Its driver charges; by the reservation's number, so that no clock decides."""
    answer = send_one(site, start(held.id_tag, meter=0, reservation_id=held.number))
    return ChargingSession.objects.get(transaction_id=answer.transaction_id)


def sessions(call):
    return [check(Session, one) for one in data(call.get("sessions", date_from=SINCE))]


def test_reservation_is_a_session_and_the_charge_goes_on_in_it(call, peer, site):
    held = reserve(call, site)
    assert follow_reservation(held.pk)
    (told,) = sessions(call)
    assert (told["id"], told["status"], told["kwh"]) == (f"R{held.pk}", "RESERVATION", 0)
    assert told["cdr_token"]["uid"] == "CARD-R"
    assert (told["auth_method"], told["authorization_reference"]) == ("COMMAND", "REF-1")
    assert told["evse_uid"] == f"{site.location_id}-{site.connectors.get(number=1).pk}"
    assert told["start_date_time"] == clock.isoformat_z(held.started_at.replace(microsecond=0))
    assert told["charging_periods"] == []
    assert not {"end_date_time", "total_cost"} & told.keys()
    assert not follow_reservation(held.pk)
    push_due()
    (put,) = peer.calls("PUT", "/2.2.1/sessions")
    assert check(Session, put.body) == told

    session = use(site, held)
    send_one(site, stop(session.transaction_id, meter=400, seconds=90))
    session.refresh_from_db()
    held.refresh_from_db()
    assert (held.status, held.session) == ("used", session)
    row = begin_roaming(session.pk)
    assert begin_roaming(session.pk) == row
    assert (row.ocpi_id, row.session, row.status) == (f"R{held.pk}", session, "ACTIVE")
    assert not follow_reservation(held.pk)
    cdr = issue_cdr(bill_session(session.pk).pk)
    (told,) = sessions(call)
    assert (told["id"], told["status"]) == (f"R{held.pk}", "COMPLETED")
    assert told["start_date_time"] == clock.isoformat_z(session.started_at)
    assert told["kwh"] > 0
    assert f'"session_id":"R{held.pk}"' in cdr.body


def test_reservation_that_comes_to_nothing_is_invalid_and_costs_nothing(call, peer, site):
    ends = {
        "expired": lambda held: expire_reservations(held.expires_at),
        "broken": lambda _held: (
            Connector.objects.filter(charger=site).update(
                status="Faulted", status_at=clock.now() + timedelta(seconds=5)
            ),
            end_broken_reservations(),
        ),
    }
    held = reserve(call, site)
    follow_reservation(held.pk)
    cancel_reservation(held, actor="staff")
    assert not follow_reservation(held.pk)
    accept()
    for number, end in enumerate([None, *ends.values()], start=1):
        if end is not None:
            held = reserve(call, site, wanted=f"R-{number}")
            follow_reservation(held.pk)
            end(held)
        assert follow_reservation(held.pk)
        assert not follow_reservation(held.pk)
        told = sessions(call)[-1]
        assert (told["id"], told["status"], told["kwh"]) == (f"R{held.pk}", "INVALID", 0)
        assert told["end_date_time"] >= told["start_date_time"]
    assert len(sessions(call)) == 3
    push_due()
    assert [one.body["status"] for one in peer.calls("PUT", "/2.2.1/sessions")] == ["INVALID"] * 3
    assert sweep_cdrs() == 0
    assert not Cdr.objects.exists()


def test_reservation_that_moves_tells_its_new_place(call, site):
    held = reserve(call, site)
    follow_reservation(held.pk)
    assert reserve(call, site, number=2).pk == held.pk
    assert follow_reservation(held.pk)
    (told,) = sessions(call)
    assert told["evse_uid"] == f"{site.location_id}-{site.connectors.get(number=2).pk}"


def test_somebody_else_on_the_reserved_connector_charges_in_a_session_of_their_own(call, site):
    """The charger let a card of the reservation's group in, or named its number for another."""
    held = reserve(call, site)
    follow_reservation(held.pk)
    uid = push_token(call)["uid"]
    session = begin(site, uid)
    Reservation.objects.filter(pk=held.pk).update(
        status="used", session=session, ended_at=clock.now()
    )
    assert follow_reservation(held.pk)
    mine = {one["id"]: (one["status"], one["cdr_token"]["uid"]) for one in sessions(call)}
    assert mine == {
        f"R{held.pk}": ("INVALID", "CARD-R"),
        f"S{session.pk}": ("ACTIVE", uid),
    }


def test_sweep_finds_what_the_news_did_not(call, site):
    held = reserve(call, site)
    assert sweep_reservations() == 1
    assert sweep_reservations() == 0
    session = use(site, held)
    assert sweep_reservations() == 0
    row = RoamingSession.objects.get()
    assert (row.session, row.status) == (session, "ACTIVE")
    send_one(site, stop(session.transaction_id, meter=0, seconds=30))
    held = reserve(call, site, wanted="R-2")
    sweep_reservations()
    expire_reservations(held.expires_at)
    assert sweep_reservations() == 1
    assert RoamingSession.objects.get(reservation=held).status == "INVALID"
    assert sweep_sessions() == 0


def test_reservation_of_our_own_and_one_of_another_partner_are_not_told(
    call, peer, site, monkeypatch
):
    token = make_token("OWN")
    row = reserve_for(
        site,
        connector_number=2,
        id_tag=token.token,
        expires_at=clock.now() + timedelta(hours=1),
        actor="staff",
    )
    accept()
    assert not follow_reservation(row.pk)
    held = reserve(call, site)
    queued = []
    monkeypatch.setattr(
        tasks.follow_reservation, "apply_async", lambda args, retry: queued.append(args)
    )
    for one in (row, held):
        tasks.on_reservation_changed(ReservationChanged(one.pk, "active"))
    assert queued == [(held.pk,)]
    follow_reservation(held.pk)
    rival = Caller(connect_partner(peer, party=("DE", "ABC")).access_token)
    assert sessions(rival) == []
    assert (
        not Push.objects.filter(module="sessions")
        .exclude(partner__parties__party_id="TNM")
        .exists()
    )


def test_nobody_charges_in_a_reservation(call, site, peer):
    held = reserve(call, site)
    follow_reservation(held.pk)
    row = RoamingSession.objects.get()
    body = {"response_url": f"{peer.url}/results/9"}
    asked = call.post("commands/STOP_SESSION", {**body, "session_id": row.ocpi_id})
    assert data(asked)["result"] == "REJECTED"
    profile = {
        "charging_rate_unit": "A",
        "charging_profile_period": [{"start_period": 0, "limit": 8}],
    }
    asked = call.put(f"chargingprofiles/{row.ocpi_id}", {**body, "charging_profile": profile})
    assert (code(asked), data(asked)["result"]) == ((200, 1000), "UNKNOWN_SESSION")
    for status in ("ACTIVE", "COMPLETED"):
        with pytest.raises(DatabaseError), transaction.atomic():
            RoamingSession.objects.update(status=status)
