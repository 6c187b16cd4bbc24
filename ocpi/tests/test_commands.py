"""Commands of partners, from the request to the result at `response_url` (reference §10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chargers.models import Command, Connector, IdToken, Presence, Reservation
from chargers.services.outcomes import mark_answered, mark_failed, mark_timed_out
from chargers.services.reservations.cancelling import cancel_reservation
from chargers.tests.factories import make_token, send_one, start
from ocpi.models import CommandRequest, RequestStatus, RoamingSession, RoamingTag
from ocpi.services.commands import receiving
from ocpi.services.commands.telling import (
    settle_commands,
    sweep_requests,
    tell_result,
    withdraw_reservation,
)
from ocpi.services.selling.sessions import begin_roaming
from ocpi.services.tokens.tags import forget_unused_tags
from ocpi.tests.calling import Caller, code, data, envelope
from ocpi.tests.driving import begin, push_token, token_body
from ocpi.tests.field import make_site
from ocpi.tests.objects import CommandResponse, CommandResult, check
from ocpi.tests.partners import connect_partner
from unievp.lib import clock

pytestmark = pytest.mark.django_db
FROM = {"OCPI-from-country-code": "NL", "OCPI-from-party-id": "TNM"}


@pytest.fixture
def site(partner):
    return make_site()


@pytest.fixture
def ask(call, peer):
    def send(command, **values):
        body = {"response_url": f"{peer.url}/results/1", **values}
        return call.send("POST", f"commands/{command}", body, headers=FROM)

    return send


def where(site, number=1):
    connector = site.connectors.get(number=number)
    return {
        "location_id": f"L{site.location_id}",
        "evse_uid": f"{site.location_id}-{connector.pk}",
    }


def result(response):
    return check(CommandResponse, data(response))["result"]


def told(peer):
    return [check(CommandResult, one.body)["result"] for one in peer.calls("POST", "/results")]


def delivered():
    """The latest command, on its way to the charger."""
    command = Command.objects.latest("created_at")
    Command.objects.filter(pk=command.pk, status="queued").update(
        status="sent", sent_at=clock.now()
    )
    return command


def answer(status):
    command = delivered()
    mark_answered(command.pk, response={"status": status})
    settle_commands([str(command.pk)])
    return sweep_requests()


def test_start_reaches_the_charger_and_its_answer_the_partner(ask, site, peer):
    uid = "9f7c9f0e-7c1e-4b6e-9a51-0f5d2f5b8c11"
    body = token_body(uid, type="APP_USER", valid=False, whitelist="NEVER")
    response = ask("START_SESSION", token=body, authorization_reference="REF-1", **where(site))
    said = check(CommandResponse, data(response))
    assert said == {"result": "ACCEPTED", "timeout": 60}
    command = Command.objects.get()
    assert command.action == "RemoteStartTransaction"
    tag = command.payload["idTag"]
    assert len(tag) == 20
    assert command.payload["connectorId"] == 1
    assert told(peer) == []
    answer("Accepted")
    assert told(peer) == ["ACCEPTED"]
    (post,) = peer.calls("POST", "/results/1")
    assert post.token == "token-of-the-peer"
    assert post.headers["ocpi-to-party-id"] == "TNM"
    assert CommandRequest.objects.get().status == RequestStatus.TOLD
    # The charger starts with the tag, whatever the partner's list says of the token.
    session = begin(site, tag)
    row = begin_roaming(session.pk)
    assert (row.uid, row.auth_method) == (uid, "COMMAND")
    assert row.authorization_reference == "REF-1"


def test_tag_of_a_command_is_good_at_its_charger_only(ask, site):
    ask("START_SESSION", token=token_body(), **where(site))
    tag = IdToken.objects.get().token
    other = make_site(cpo=site.cpo)
    assert send_one(other, start(tag)).id_tag_info.status == "Invalid"


def test_charger_chooses_where_the_partner_does_not(ask, site):
    Connector.objects.filter(charger=site, number=1).update(status="Charging")
    response = ask("START_SESSION", token=token_body(), location_id=f"L{site.location_id}")
    assert result(response) == "ACCEPTED"
    assert Command.objects.get().payload["connectorId"] == 2
    Connector.objects.filter(charger=site).update(status="Charging")
    response = ask("START_SESSION", token=token_body(), location_id=f"L{site.location_id}")
    assert result(response) == "REJECTED"


@pytest.mark.parametrize(
    ("status", "said"),
    [("Rejected", "REJECTED"), ("Accepted", "ACCEPTED"), ("Nonsense", "REJECTED")],
)
def test_answer_to_a_start_in_words_of_ocpi(ask, site, peer, status, said):
    ask("START_SESSION", token=token_body(), **where(site))
    answer(status)
    assert told(peer) == [said]


def test_charger_that_does_not_answer_is_a_timeout(ask, site, peer):
    ask("START_SESSION", token=token_body(), **where(site))
    assert sweep_requests() == 0
    CommandRequest.objects.update(deadline_at=clock.now())
    assert sweep_requests() == 1
    assert told(peer) == ["TIMEOUT"]
    # The late answer changes nothing any more.
    answer("Accepted")
    assert told(peer) == ["TIMEOUT"]


@pytest.mark.parametrize(
    ("finish", "said"),
    [
        (lambda pk: mark_failed(pk, error="NotSupported: no"), "NOT_SUPPORTED"),
        (lambda pk: mark_failed(pk, error="InternalError"), "FAILED"),
    ],
)
def test_error_of_the_charger_is_told(ask, site, peer, finish, said):
    ask("UNLOCK_CONNECTOR", connector_id="1", **where(site))
    finish(delivered().pk)
    sweep_requests()
    assert told(peer) == [said]


def test_command_that_timed_out_is_told_by_the_sweep(ask, site, peer):
    ask("UNLOCK_CONNECTOR", connector_id="1", **where(site))
    mark_timed_out(delivered().pk)
    assert sweep_requests() == 1
    assert told(peer) == ["TIMEOUT"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Unlocked", "ACCEPTED"),
        ("UnlockFailed", "FAILED"),
        ("NotSupported", "NOT_SUPPORTED"),
    ],
)
def test_unlock(ask, site, peer, status, said):
    assert result(ask("UNLOCK_CONNECTOR", connector_id="2", **where(site, 2))) == "ACCEPTED"
    assert Command.objects.get().payload == {"connectorId": 2}
    answer(status)
    assert told(peer) == [said]


def test_stop_ends_the_partners_own_session(ask, call, site, peer):
    session = begin(site, push_token(call)["uid"])
    row = begin_roaming(session.pk)
    assert result(ask("STOP_SESSION", session_id=row.ocpi_id)) == "ACCEPTED"
    assert Command.objects.get().payload == {"transactionId": session.transaction_id}
    answer("Accepted")
    assert told(peer) == ["ACCEPTED"]
    rival = Caller(connect_partner(peer, party=("DE", "ABC")).access_token)
    body = {"response_url": f"{peer.url}/results/2", "session_id": row.ocpi_id}
    assert result(rival.post("commands/STOP_SESSION", body)) == "UNKNOWN_SESSION"


def test_stop_of_what_is_over_is_rejected(ask, call, site):
    session = begin(site, push_token(call)["uid"])
    row = begin_roaming(session.pk)
    type(session).objects.update(status="ended", ended_at=clock.now())
    assert result(ask("STOP_SESSION", session_id=row.ocpi_id)) == "REJECTED"
    assert RoamingSession.objects.count() == 1
    assert not Command.objects.exists()


def reserve(ask, site, number=1, **values):
    until = clock.isoformat_z(clock.now() + timedelta(hours=1))
    body = {"token": token_body("CARD-R"), "reservation_id": "R-1", "expiry_date": until}
    return ask("RESERVE_NOW", **{**body, **where(site, number), **values})


def test_reservation_is_made_used_and_known_by_our_own_number(ask, site, peer):
    assert result(reserve(ask, site)) == "ACCEPTED"
    row = Reservation.objects.get()
    payload = Command.objects.get().payload
    assert payload["reservationId"] == row.number
    assert "R-1" not in str(payload)
    answer("Accepted")
    assert told(peer) == ["ACCEPTED"]
    # The start of the same driver uses the tag that the charger keeps the place for.
    response = ask("START_SESSION", token=token_body("CARD-R"), **where(site))
    assert result(response) == "ACCEPTED"
    assert Command.objects.latest("created_at").payload["idTag"] == payload["idTag"]


def test_what_an_app_reserved_the_drivers_card_uses(ask, call, site):
    push_token(call, "CARD-R")
    reserve(ask, site)
    answer("Accepted")
    asked = Command.objects.get().payload
    assert asked["idTag"] != "CARD-R"
    info = send_one(site, start("CARD-R")).id_tag_info
    assert (info.status, info.group) == ("Accepted", asked["parentIdTag"])
    assert Reservation.objects.get().status == "used"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Faulted", "EVSE_INOPERATIVE"),
        ("Unavailable", "EVSE_INOPERATIVE"),
        ("Occupied", "EVSE_OCCUPIED"),
        ("Rejected", "REJECTED"),
    ],
)
def test_refused_reservation(ask, site, peer, status, said):
    reserve(ask, site)
    answer(status)
    assert told(peer) == [said]


def test_nobody_keeps_a_connector_for_years(ask, site):
    far = clock.isoformat_z(clock.now() + timedelta(days=8))
    assert result(reserve(ask, site, expiry_date=far)) == "REJECTED"
    assert not Reservation.objects.exists()


def test_same_reservation_again_replaces_it(ask, site):
    reserve(ask, site)
    answer("Accepted")
    later = clock.isoformat_z(clock.now() + timedelta(hours=2))
    assert result(reserve(ask, site, expiry_date=later)) == "ACCEPTED"
    first, second = Command.objects.order_by("created_at")
    assert first.payload["reservationId"] == second.payload["reservationId"]
    assert second.payload["expiryDate"] == later


def test_reservation_is_cancelled_by_the_partner(ask, site, peer):
    reserve(ask, site)
    answer("Accepted")
    assert result(ask("CANCEL_RESERVATION", reservation_id="r-1")) == "ACCEPTED"
    answer("Accepted")
    assert told(peer) == ["ACCEPTED", "ACCEPTED"]
    assert withdraw_reservation(Reservation.objects.get().pk) is False
    assert result(ask("CANCEL_RESERVATION", reservation_id="R-1")) == "REJECTED"
    assert result(ask("CANCEL_RESERVATION", reservation_id="never")) == "REJECTED"


def test_reservation_that_we_take_back_is_told(ask, site, peer):
    reserve(ask, site)
    answer("Accepted")
    row = Reservation.objects.get()
    cancel_reservation(row, actor="staff")
    mark_answered(delivered().pk, response={"status": "Accepted"})
    assert withdraw_reservation(row.pk) is True
    sweep_requests()
    assert told(peer) == ["ACCEPTED", "CANCELED_RESERVATION"]
    assert withdraw_reservation(row.pk) is False


def test_offline_charger_and_busy_connector_are_rejected(ask, call, site):
    begin(site, push_token(call)["uid"])
    assert result(ask("START_SESSION", token=token_body(), **where(site))) == "REJECTED"
    Presence.objects.update(online=False)
    response = ask("START_SESSION", token=token_body(), **where(site, 2))
    assert data(response)["message"][0]["text"] == "The charger is offline"
    assert not Command.objects.exists()
    assert not CommandRequest.objects.exists()


@pytest.mark.parametrize(
    "change", [{"location_id": "L0"}, {"evse_uid": "9-9"}, {"connector_id": "7"}]
)
def test_unknown_place_is_2003_with_a_rejection(ask, site, change):
    response = ask("START_SESSION", token=token_body(), **{**where(site), **change})
    assert code(response) == (200, 2003)
    assert envelope(response)["data"]["result"] == "REJECTED"
    assert envelope(response)["data"]["timeout"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"token": None}, "token"),
        ({"token": {}}, "token.country_code"),
        ({"response_url": "http://10.0.0.1/x"}, "response_url"),
        ({"response_url": "nowhere"}, "response_url"),
        ({"evse_uid": None, "connector_id": "1"}, "evse_uid"),
        ({"location_id": None}, "location_id"),
    ],
)
def test_wrong_command_names_the_field_and_sends_nothing(ask, site, change, field):
    body = {"token": token_body(), **where(site), **change}
    response = ask("START_SESSION", **body)
    assert code(response) == (200, 2001)
    assert envelope(response)["status_message"].startswith(field)
    assert not Command.objects.exists()


def test_token_of_somebody_else_is_refused(ask, site):
    body = token_body(party_id="XXX")
    assert code(ask("START_SESSION", token=body, **where(site))) == (404, 2001)


def test_unknown_command_is_404(ask):
    assert code(ask("DANCE")) == (404, 2001)


def test_partner_of_one_company_commands_no_other(peer, site):
    mine = connect_partner(peer, cpo=make_site().cpo, party=("DE", "ABC"))
    body = {
        "response_url": f"{peer.url}/results/1",
        "token": token_body(country_code="DE", party_id="ABC"),
        **where(site),
    }
    response = Caller(mine.access_token).post("commands/START_SESSION", body)
    assert code(response) == (200, 2003)


def test_result_that_nobody_takes_is_tried_twice(ask, site, peer):
    peer.answers["POST /results/1"] = (503, b"")
    ask("UNLOCK_CONNECTOR", connector_id="1", **where(site))
    answer("Unlocked")
    sweep_requests()
    sweep_requests()
    assert len(peer.calls("POST", "/results")) == 2
    row = CommandRequest.objects.get()
    assert row.status == RequestStatus.UNTOLD
    assert tell_result(row.pk) is False


def test_partner_unlocks_where_its_own_driver_charges_and_nobody_elses(ask, site, call):
    make_token("OURS")
    send_one(site, start("OURS"))
    assert result(ask("UNLOCK_CONNECTOR", connector_id="1", **where(site))) == "REJECTED"
    begin_roaming(begin(site, push_token(call)["uid"], connector=2).pk)
    assert result(ask("UNLOCK_CONNECTOR", connector_id="2", **where(site, 2))) == "ACCEPTED"


def test_partner_that_does_not_listen_is_waited_for_once_per_sweep(ask, site, peer):
    peer.answers["POST /results/1"] = (503, b"")
    for number in (1, 2):
        ask("UNLOCK_CONNECTOR", connector_id=str(number), **where(site, number))
        command = delivered()
        mark_answered(command.pk, response={"status": "Unlocked"})
        settle_commands([str(command.pk)])
    sweep_requests()
    assert len(peer.calls("POST", "/results")) == 1


def test_unused_tags_of_commands_are_forgotten(ask, site):
    ask("START_SESSION", token=token_body(), **where(site))
    assert forget_unused_tags() == 0
    assert forget_unused_tags(clock.now() + timedelta(days=3)) > 0
    assert not RoamingTag.objects.exists()
    assert CommandRequest.objects.get().tag is None


def test_same_request_again_is_answered_alike_and_asks_the_charger_once(ask, site):
    body = {"token": token_body("CARD"), **where(site)}
    assert result(ask("START_SESSION", **body)) == "ACCEPTED"
    assert result(ask("START_SESSION", **body)) == "ACCEPTED"
    assert Command.objects.count() == CommandRequest.objects.count() == 1
    # Another driver is another request.
    other = {"token": token_body("OTHER"), **where(site)}
    assert result(ask("START_SESSION", **other)) == "REJECTED"


def test_same_request_counts_anew_once_the_charger_has_answered(ask, site, partner):
    session = begin_roaming(begin(site, push_token(Caller(partner.access_token))["uid"]).pk)
    body = {"session_id": session.ocpi_id}
    assert result(ask("STOP_SESSION", **body)) == "ACCEPTED"
    command = delivered()
    mark_answered(command.pk, response={"status": "Rejected"})
    settle_commands([str(command.pk)])
    assert result(ask("STOP_SESSION", **body)) == "ACCEPTED"
    assert Command.objects.count() == 2


def test_same_request_at_the_same_moment_is_stopped_by_the_database(ask, site, monkeypatch):
    """The one that looked too early finds the other's row when it stores its own."""
    body = {"token": token_body("CARD"), **where(site), "reservation_id": "R1"}
    body |= {"expiry_date": (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert result(ask("RESERVE_NOW", **body)) == "ACCEPTED"
    looks = iter([False, True])
    monkeypatch.setattr(receiving, "_is_waiting", lambda _asked: next(looks))
    assert result(ask("RESERVE_NOW", **body)) == "ACCEPTED"
    assert CommandRequest.objects.count() == 1
