"""Remote starts and stops by the REST API, and the limits that stop a charge by themselves."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from chargers.models import (
    ChargingSession,
    Command,
    IdToken,
    RemoteStart,
    RemoteStartStatus,
)
from chargers.services import outcomes
from chargers.services.commands import claim_next
from chargers.store.work import StartTransaction
from chargers.tests.factories import make_charger, make_token, meter_values, reading, send_one
from chargers.tests.factories import start as starts
from chargers.tests.factories import stop as stops
from cpo.models import Driver, Role
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_cpo, make_member
from payments.models import ChargeLimit, PrepaidCharge
from payments.services.limits.guarding import guard_limits
from payments.tests.payments import begin as begin_payment
from payments.tests.payments import pay
from payments.tests.prepaid import make_seller
from unievp.lib import clock

pytestmark = pytest.mark.django_db
START = "client/remote-start"
STOP = "client/remote-stop"
HERE = {"charger_id": "CP-1", "connector_id": 1}


@pytest.fixture
def charger():
    return make_charger(identity="CP-1")


@pytest.fixture
def api(client, charger):
    return Api(client, charger.cpo, "commands:write")


def code_of(response):
    return response.status_code, response.json()["type"].rpartition(":")[2]


# --- start ------------------------------------------------------------------------------------


@pytest.mark.proves("RemoteStartTransaction", "pain 32")
def test_a_start_is_queued_as_an_intent_with_a_deadline(api, charger):
    response = api("POST", START, HERE | {"id_tag": "TAG1"})
    assert response.status_code == 202
    command = Command.objects.get()
    assert response.json() == {"command_id": str(command.pk), "status": "queued"}
    assert (command.action, command.payload) == (
        "RemoteStartTransaction",
        {"connectorId": 1, "idTag": "TAG1"},
    )
    assert (RemoteStart.objects.get().command, command.requested_label) == (
        command,
        "api key: Acme",
    )
    # Two remote starts: the second is told, not sent.
    assert code_of(api("POST", START, HERE | {"id_tag": "TAG1"})) == (409, "remote_start_pending")
    assert Command.objects.count() == 1


def test_a_repeated_start_is_the_same_command(api):
    body = HERE | {"id_tag": "TAG1"}
    first = api("POST", START, body, Idempotency_Key="k")
    assert api("POST", START, body, Idempotency_Key="k").json() == first.json()
    assert Command.objects.count() == 1


def test_without_a_connector_the_charger_chooses(api):
    assert api("POST", START, {"charger_id": "cp-1", "id_tag": "T"}).status_code == 202
    assert Command.objects.get().payload == {"idTag": "T"}


def test_a_driver_starts_by_a_token_of_his_own_made_once(client, api, charger):
    driver = Driver.objects.create(name="Rina")
    assert api("POST", START, HERE | {"user_id": str(driver.pk)}).status_code == 202
    token = IdToken.objects.get()
    assert (token.driver, token.cpo, len(token.token)) == (driver, charger.cpo, 16)
    assert Command.objects.get().payload["idTag"] == token.token
    RemoteStart.objects.all().delete()
    assert api("POST", START, HERE | {"user_id": str(driver.pk)}).status_code == 202
    assert IdToken.objects.get() == token


def test_a_drivers_card_of_this_company_is_used_and_a_rivals_is_not(api, charger):
    driver = Driver.objects.create(name="Rina")
    make_token("RIVAL", driver=driver, cpo=make_cpo())
    make_token("BLOCKED", driver=driver, cpo=charger.cpo, status="blocked")
    make_token("OWN", driver=driver, cpo=charger.cpo)
    assert api("POST", START, HERE | {"user_id": str(driver.pk)}).status_code == 202
    assert Command.objects.get().payload["idTag"] == "OWN"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "charger_id"),
        (HERE, 400, "id_tag"),
        (HERE | {"id_tag": "T", "user_id": str(uuid4())}, 400, "id_tag"),
        (HERE | {"id_tag": "T" * 21}, 400, "id_tag"),
        (HERE | {"id_tag": "T", "connector_id": 0}, 400, "connector_id"),
        (HERE | {"id_tag": "T", "connector_id": "one"}, 400, "connector_id"),
        (HERE | {"id_tag": "T", "connector_id": 9}, 404, "connector_id"),
        (HERE | {"id_tag": "T", "charger_id": "NOWHERE"}, 404, "charger_id"),
        (HERE | {"user_id": "me"}, 400, "user_id"),
        (HERE | {"user_id": str(uuid4())}, 404, "user_id"),
        (HERE | {"payment_id": str(uuid4())}, 404, "payment_id"),
        (HERE | {"payment_id": str(uuid4()), "limit": {"minutes": 5}}, 400, "limit"),
        (HERE | {"id_tag": "T", "limit": {}}, 400, "limit"),
        (HERE | {"id_tag": "T", "limit": {"energy_wh": 0}}, 400, "limit.energy_wh"),
        (HERE | {"id_tag": "T", "limit": {"amount": -1}}, 400, "limit.amount"),
        (HERE | {"id_tag": "T", "limit": {"minutes": 1.5}}, 400, "limit.minutes"),
    ],
)
def test_a_refused_start_names_the_field_and_changes_nothing(body, status, field, api):
    assert field in fields_of(api("POST", START, body), status)
    assert not Command.objects.exists()
    assert not IdToken.objects.exists()


def test_an_amount_needs_a_price(client):
    charger = make_charger(identity="CP-1", tariff=False)
    response = Api(client, charger.cpo)(
        "POST", START, HERE | {"id_tag": "T", "limit": {"amount": 10_000}}
    )
    assert fields_of(response, 422) == {"limit.amount"}
    assert not Command.objects.exists()


def test_a_rivals_charger_and_session_are_not_there(client, charger):
    running = begin(charger)
    rival = Api(client, make_cpo())
    assert fields_of(rival("POST", START, HERE | {"id_tag": "T"}), 404) == {"charger_id"}
    stop = {"transaction_id": running.transaction_id}
    assert fields_of(rival("POST", STOP, stop), 404) == {"transaction_id"}
    assert fields_of(rival("POST", STOP, HERE), 404) == {"charger_id"}
    assert not Command.objects.exists()


@pytest.mark.parametrize("path", [START, STOP])
def test_only_operators_may(path, client, charger):
    begin(charger)
    body = HERE | ({"id_tag": "T"} if path == START else {})

    def status(user):
        client.force_login(user)
        return client.post(f"/api/{path}", body, content_type="application/json").status_code

    assert client.post(f"/api/{path}", body, content_type="application/json").status_code == 401
    assert status(make_member(charger.cpo, Role.VIEWER)) == 403
    assert status(make_member(make_cpo(), Role.OWNER)) == 404
    assert status(make_member(charger.cpo, Role.OPERATOR)) == 202


def test_a_key_needs_the_scope(client, charger):
    reader = Api(client, charger.cpo, "commands:read")
    assert code_of(reader("POST", START, HERE | {"id_tag": "T"})) == (403, "insufficient_scope")
    assert code_of(reader("POST", STOP, HERE)) == (403, "insufficient_scope")


# --- stop -------------------------------------------------------------------------------------


def begin(charger, *, connector=1, tag="TAG"):
    make_token(tag)
    number = send_one(charger, starts(tag, connector=connector)).transaction_id
    return ChargingSession.objects.get(transaction_id=number)


@pytest.mark.proves("RemoteStopTransaction")
@pytest.mark.parametrize("by_place", [True, False])
def test_a_stop_asks_for_the_session_meant(by_place, api, charger):
    begin(charger, connector=2, tag="OTHER")
    session = begin(charger)
    body = HERE if by_place else {"transaction_id": session.transaction_id}
    response = api("POST", STOP, body)
    command = Command.objects.get()
    assert (response.status_code, response.json()) == (
        202,
        {"command_id": str(command.pk), "status": "queued"},
    )
    assert (command.action, command.payload) == (
        "RemoteStopTransaction",
        {"transactionId": session.transaction_id},
    )


def test_what_has_ended_or_never_began_cannot_be_stopped(api, charger):
    assert code_of(api("POST", STOP, HERE)) == (409, "no_session")
    session = begin(charger)
    send_one(charger, stops(session.transaction_id))
    body = {"transaction_id": session.transaction_id}
    assert code_of(api("POST", STOP, body)) == (409, "session_ended")
    assert code_of(api("POST", STOP, HERE)) == (409, "no_session")
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "charger_id"),
        ({"charger_id": "CP-1"}, 400, "connector_id"),
        ({"transaction_id": -1}, 400, "transaction_id"),
        ({"transaction_id": 2**31 - 1}, 404, "transaction_id"),
        (HERE | {"connector_id": 9}, 404, "connector_id"),
        (HERE | {"charger_id": "NOWHERE"}, 404, "charger_id"),
    ],
)
def test_a_refused_stop_names_the_field(body, status, field, api):
    assert fields_of(api("POST", STOP, body), status) == {field}
    assert not Command.objects.exists()


# --- limits -----------------------------------------------------------------------------------


def limited(client, **limit):
    """A session that was started with a limit half an hour ago, at 7.2 kW and 2,000 a kWh."""
    charger = make_seller(identity="CP-1")
    charger.connectors.update(max_power_w=7_200)
    make_token("TAG")
    response = Api(client, charger.cpo)("POST", START, HERE | {"id_tag": "TAG", "limit": limit})
    assert response.status_code == 202, response.content
    command = claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    began = clock.now().replace(microsecond=0)
    number = send_one(charger, StartTransaction(1, "TAG", 1_000, began)).transaction_id
    return charger, ChargingSession.objects.get(transaction_id=number)


def asked():
    return list(
        Command.objects.filter(action="RemoteStopTransaction").values_list("payload", flat=True)
    )


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"energy_wh": 3_600}, "energy"),
        ({"minutes": 30}, "minutes"),
        ({"amount": 7_190}, "amount"),
        ({"amount": 100_000, "energy_wh": 50_000, "minutes": 30}, "minutes"),
    ],
)
def test_the_first_limit_that_is_reached_asks_for_the_stop(limit, reason, client):
    """At 7.2 kW half an hour is 3.6 kWh and 7,200 rupiah."""
    charger, session = limited(client, **limit)
    began = session.started_at
    guard_limits(began + timedelta(minutes=1))
    assert asked() == []
    send_one(
        charger,
        meter_values(
            session.transaction_id,
            reading_at(began + timedelta(minutes=29, seconds=30), 1_000 + 3_540, power_w=7_200),
        ),
    )
    guard_limits(began + timedelta(minutes=29, seconds=40))
    assert ChargeLimit.objects.get().stop_reason == reason
    assert asked() == [{"transactionId": session.transaction_id}]


def reading_at(moment, energy, **values):
    made = reading(0, energy, **values)
    return type(made)(moment, made.samples, made.content_hash, energy_wh=energy, **values)


def test_who_does_not_listen_is_asked_again_and_who_stops_is_left_alone(client):
    charger, session = limited(client, minutes=1)
    late = session.started_at + timedelta(minutes=2)
    for seconds in (0, 5, 10):
        guard_limits(late + timedelta(seconds=seconds))
    assert len(asked()) == 1
    command = Command.objects.get(action="RemoteStopTransaction")
    claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": "Rejected"})
    guard_limits(late + timedelta(seconds=15))
    assert len(asked()) == 1
    guard_limits(late + timedelta(seconds=25))
    assert len(asked()) == 2
    send_one(charger, stops(session.transaction_id, seconds=130))
    guard_limits(late + timedelta(minutes=10))
    assert len(asked()) == 2
    assert ChargeLimit.objects.get().ended_at is not None


def test_a_limit_ends_with_a_start_that_came_to_nothing(client):
    charger = make_seller(identity="CP-1")
    body = HERE | {"id_tag": "TAG", "limit": {"minutes": 5}}
    assert Api(client, charger.cpo)("POST", START, body).status_code == 202
    guard_limits()
    assert ChargeLimit.objects.get().ended_at is None
    command = claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": "Rejected"})
    assert RemoteStart.objects.get().status == RemoteStartStatus.FAILED
    assert guard_limits() == 1
    assert ChargeLimit.objects.get().ended_at is not None
    assert guard_limits() == 0


def test_a_look_that_fails_is_looked_at_again(client, monkeypatch):
    session = limited(client, minutes=1)[1]
    late = session.started_at + timedelta(minutes=2)

    def fails(*_args, **_values):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("payments.services.limits.guarding.judge", fails)
        assert guard_limits(late) == 0
    assert guard_limits(late) == 1
    assert len(asked()) == 1


# --- what was paid for ------------------------------------------------------------------------


def test_a_paid_start_is_the_payments_own_and_happens_once(client, fake):
    charger = make_seller(identity="CP-1")
    connector = charger.connectors.get(number=1)
    intent = begin_payment(
        fake, amount=50_000, cpo=charger.cpo, charger=charger, connector=connector
    )
    api = Api(client, charger.cpo)
    body = HERE | {"payment_id": str(intent.pk), "id_tag": "IGNORED"}
    assert code_of(api("POST", START, body)) == (409, "not_paid")
    pay(fake, intent)
    answers = [api("POST", START, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    command = Command.objects.get()
    assert {answer.json()["command_id"] for answer in answers} == {str(command.pk)}
    assert command.payload["idTag"] == PrepaidCharge.objects.get().id_token.token
    other = HERE | {"payment_id": str(intent.pk), "connector_id": 2}
    assert fields_of(api("POST", START, other), 422) == {"payment_id"}
    rival = Api(client, make_cpo())
    assert fields_of(rival("POST", START, body), 404) == {"charger_id"}


def test_a_payment_for_no_connector_starts_where_it_is_asked_to(client, fake):
    charger = make_seller(identity="ANY-1")
    api = Api(client, charger.cpo)
    intent = pay(fake, begin_payment(fake, cpo=charger.cpo))
    body = {"charger_id": "ANY-1", "payment_id": str(intent.pk)}
    assert fields_of(api("POST", START, body), 400) == {"connector_id"}
    response = api("POST", START, body | {"connector_id": 2})
    assert response.status_code == 202, response.content
    charge = PrepaidCharge.objects.get(intent=intent)
    assert response.json()["command_id"] == str(charge.remote_start.command_id)
    assert charge.intent.connector.number == 2
    again = api("POST", START, body | {"connector_id": 2})
    assert again.json() == response.json()
    assert fields_of(api("POST", START, body | {"connector_id": 1}), 422) == {"payment_id"}
