"""A suspended company: nothing begins and nothing is paid out; what runs ends as it should."""

from __future__ import annotations

import pytest

from chargers.models import BillingStatus, ChargingSession, Command, SessionStatus
from chargers.services.authorization import authorize
from chargers.services.commands import queue_command
from chargers.tests.factories import at, make_token, send_one, start, stop
from cpo.models import CPO, CPOStatus
from cpo.services.companies import change_cpo_status
from cpo.tests.api import Api, fields_of
from cpo.tests.factories import make_user
from payments.models import ChargeStatus, PrepaidCharge, Refund
from payments.services.billing import bill_session
from payments.services.intents.creating import Wish, create_intent
from payments.services.prepaid.starting import start_paid
from payments.services.settlements import approve_settlement, request_settlement
from payments.tests.factories import give, make_member, make_staff
from payments.tests.payments import begin, make_provider, pay
from payments.tests.prepaid import charge_of, charging, make_seller, measure, unplug
from unievp.lib import clock
from unievp.lib.errors import RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def charger():
    make_token("CAFE01")
    return make_seller(identity="SUS-1")


def suspend(charger):
    cpo = change_cpo_status(
        charger.cpo, actor=make_user(is_staff=True), status=CPOStatus.SUSPENDED, reason="Fraud"
    )
    charger.cpo = cpo
    return cpo


def test_a_tag_is_blocked_at_every_charger_of_the_company(charger):
    assert authorize(charger.pk, id_tag="CAFE01", at=clock.now()).status == "Accepted"
    suspend(charger)
    assert authorize(charger.pk, id_tag="CAFE01", at=clock.now()).status == "Blocked"
    assert authorize(charger.pk, id_tag="NOBODY", at=clock.now()).status == "Invalid"
    rival = make_seller(identity="SUS-2")
    assert authorize(rival.pk, id_tag="CAFE01", at=clock.now()).status == "Accepted"


def test_a_tag_still_ends_the_charge_that_runs(charger):
    send_one(charger, start("CAFE01"))
    suspend(charger)
    assert authorize(charger.pk, id_tag="CAFE01", at=clock.now()).status == "Accepted"


def test_a_new_session_is_blocked_also_where_another_one_runs(charger):
    send_one(charger, start("CAFE01"))
    suspend(charger)
    make_token("CAFE02")
    answer = send_one(charger, start("CAFE02", connector=2, seconds=60), received_at=at(61))
    assert answer.id_tag_info.status == "Blocked"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("RemoteStartTransaction", {"idTag": "CAFE01", "connectorId": 1}),
        (
            "ReserveNow",
            {
                "connectorId": 1,
                "expiryDate": "2030-01-01T00:00:00Z",
                "idTag": "CAFE01",
                "reservationId": 1,
            },
        ),
    ],
)
def test_no_command_begins_a_charge(action, payload, client, charger):
    suspend(charger)
    with pytest.raises(RefusedError) as refused:
        queue_command(charger, action=action, payload=payload, actor="test")
    assert refused.value.code == "cpo_not_verified"
    body = {"action": action, "payload": payload, "insist": True}
    response = Api(client, charger.cpo)("POST", "chargers/SUS-1/commands", body)
    assert fields_of(response, 422) == set()
    assert response.json()["type"].endswith("cpo_not_verified")
    assert not Command.objects.exists()


def test_a_remote_start_by_the_api_is_refused(client, charger):
    suspend(charger)
    body = {"charger_id": "SUS-1", "connector_id": 1, "id_tag": "CAFE01"}
    response = Api(client, charger.cpo)("POST", "client/remote-start", body)
    assert response.status_code == 422
    assert response.json()["type"].endswith("cpo_not_verified")


def test_what_runs_is_stopped_from_afar_and_billed(client, charger):
    transaction_id = send_one(charger, start("CAFE01")).transaction_id
    suspend(charger)
    api = Api(client, charger.cpo)
    assert api("POST", "client/remote-stop", {"transaction_id": transaction_id}).status_code == 202
    assert Command.objects.get().action == "RemoteStopTransaction"
    send_one(charger, stop(transaction_id))
    session = ChargingSession.objects.get()
    assert session.status == SessionStatus.ENDED
    assert session.billing_status == BillingStatus.UNBILLED


def test_no_payment_begins(fake, charger):
    make_provider(fake)
    suspend(charger)
    with pytest.raises(RefusedError) as refused:
        create_intent(
            charger.cpo,
            Wish(50_000, "qris", charger=charger, connector=charger.connectors.get(number=1)),
            created_by="test",
        )
    assert refused.value.code == "cpo_not_verified"


def test_what_was_paid_before_goes_back_and_starts_nothing(fake, charger):
    intent = begin(
        fake, cpo=charger.cpo, charger=charger, connector=charger.connectors.get(number=1)
    )
    suspend(charger)
    intent = pay(fake, intent)
    start_paid(intent.pk)
    assert PrepaidCharge.objects.get().status == ChargeStatus.FAILED
    assert Refund.objects.get().amount == intent.amount
    assert not Command.objects.exists()


def test_a_prepaid_charge_that_runs_ends_is_billed_and_its_rest_goes_back(fake, charger):
    intent = charging(fake, charger, amount=50_000)
    suspend(charger)
    measure(intent, 5_000)
    session = unplug(intent, 19_000, reason="EVDisconnected")
    assert bill_session(session.pk).total == 38_000
    assert Refund.objects.get().amount == 12_000
    assert charge_of(intent).status == ChargeStatus.ENDED


def test_no_money_leaves(charger):
    cpo = charger.cpo
    give(cpo, 200_000)
    settlement = request_settlement(cpo, actor=make_member(cpo), amount=60_000)
    suspend(charger)
    with pytest.raises(RefusedError):
        approve_settlement(settlement, actor=make_staff())
    with pytest.raises(RefusedError):
        request_settlement(CPO.objects.get(pk=cpo.pk), actor=make_member(cpo), amount=60_000)


def test_a_company_that_is_verified_again_sells_again(charger):
    suspend(charger)
    change_cpo_status(
        charger.cpo, actor=make_user(is_staff=True), status=CPOStatus.VERIFIED, reason=""
    )
    assert authorize(charger.pk, id_tag="CAFE01", at=clock.now()).status == "Accepted"
