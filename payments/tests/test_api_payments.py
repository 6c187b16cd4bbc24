"""Payments by the REST API: who may, what is refused, what is answered."""

from __future__ import annotations

import json

import pytest

from chargers.models import Command
from cpo.models import AuditEntry, Driver, Role
from cpo.services.api_keys import create_api_key
from cpo.tests.factories import make_cpo, make_member, make_user
from payments.api import payments as endpoint
from payments.models import PaymentIntent, ProviderConfig
from payments.services.intents.sending import send_attempt
from payments.services.prepaid.starting import start_paid
from payments.tests.payments import begin, make_provider, pay
from payments.tests.prepaid import again, buy, charging, make_seller, measure

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(endpoint, "CHECKOUT_WITHIN_S", 0)


def key_for(cpo=None, *scopes):
    return create_api_key(name="Acme", cpo=cpo, scopes=scopes, actor="test")[1]


def call(client, method, path, body=None, *, key=None, **headers):
    headers = {"Accept-Language": "en"} | headers
    if key:
        headers["Authorization"] = f"Api-Key {key}"
    return client.generic(
        method,
        f"/api/{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers=headers,
    )


def problem(response, status, *fields):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert set(response.json()["errors"]) == set(fields), response.json()
    return response.json()


@pytest.fixture
def seller(fake):
    charger = make_seller(identity="PAY-API")
    make_provider(fake)
    return charger


def test_payment_begins_and_is_pending_until_the_gateway_has_answered(client, seller):
    key = key_for(seller.cpo)
    driver = Driver.objects.create(name="Budi")
    response = call(
        client,
        "POST",
        "payments/intent",
        {
            "amount": 50_000,
            "description": "20 kWh",
            "cpo_id": str(seller.cpo_id),
            "charger_id": "pay-api",
            "connector_id": 2,
            "user_id": str(driver.pk),
            "limit": {"energy_wh": 20_000},
        },
        key=key,
    )
    assert response.status_code == 201, response.content
    body = response.json()
    intent = PaymentIntent.objects.get()
    assert body["payment_id"] == str(intent.pk)
    assert (body["status"], body["checkout"]) == ("pending", None)
    assert (body["charger_id"], body["connector_id"]) == ("PAY-API", 2)
    assert (body["amount"], body["currency"], body["paid"]) == (50_000, "IDR", 0)
    assert (body["user_id"], body["limit"]) == (str(driver.pk), {"energy_wh": 20_000})
    assert body["expires_at"].endswith("Z")
    assert intent.created_by == "api key: Acme"
    send_attempt(intent.attempts.get().pk)
    body = call(client, "GET", f"payments/{intent.pk}", key=key).json()
    assert body["status"] == "requires_action"
    assert body["checkout"]["qr_string"]


def test_answer_waits_for_the_checkout(client, seller, monkeypatch):
    looked = []

    def look(intent_id):
        # The worker is faster than the caller's patience.
        if looked:
            send_attempt(PaymentIntent.objects.get(pk=intent_id).attempts.get().pk)
        looked.append(intent_id)
        return shown_if_answered(intent_id)

    shown_if_answered = endpoint._shown_if_answered
    monkeypatch.setattr(endpoint, "_shown_if_answered", look)
    monkeypatch.setattr(endpoint, "CHECKOUT_WITHIN_S", 8)
    monkeypatch.setattr(endpoint, "LOOK_EVERY_S", 0.01)
    body = {"amount": 50_000, "charger_id": "PAY-API", "method": "va_bni"}
    response = call(client, "POST", "payments/intent", body, key=key_for(seller.cpo))
    assert response.status_code == 201
    assert response.json()["status"] == "requires_action"
    assert response.json()["checkout"]["va_number"]


def test_same_key_is_the_same_payment(client, seller):
    body, key = {"amount": 50_000, "charger_id": "PAY-API"}, key_for(seller.cpo)
    ids = {
        call(client, "POST", "payments/intent", body, key=key, **{"Idempotency-Key": "k"}).json()[
            "payment_id"
        ]
        for _ in range(2)
    }
    assert len(ids) == PaymentIntent.objects.count() == 1
    body["amount"] = 60_000
    response = call(client, "POST", "payments/intent", body, key=key, **{"Idempotency-Key": "k"})
    problem(response, 422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"amount": None}, 400, "amount"),
        ({"amount": "many"}, 400, "amount"),
        ({"amount": -1}, 400, "amount"),
        ({"amount": 5}, 400, "amount"),
        ({"amount": 10**15}, 400, "amount"),
        ({"method": "cash"}, 400, "method"),
        ({"charger_id": "NOBODY"}, 404, None),
        ({"connector_id": 9}, 400, "connector_id"),
        ({"cpo_id": "11111111-1111-4111-8111-111111111111"}, 400, "cpo_id"),
        ({"user_id": "11111111-1111-4111-8111-111111111111"}, 400, "user_id"),
        ({"user_id": "me"}, 400, "user_id"),
        ({"limit": {"energy_wh": 0}}, 400, "limit.energy_wh"),
        ({"email": "nowhere"}, 400, "email"),
    ],
)
def test_bad_input_names_its_field_and_changes_nothing(client, seller, changes, status, field):
    body = {"amount": 50_000, "charger_id": "PAY-API", "connector_id": 1} | changes
    response = call(client, "POST", "payments/intent", body, key=key_for(seller.cpo))
    problem(response, status, *([field] if field else []))
    assert not PaymentIntent.objects.exists()


def test_connector_alone_is_no_place(client, seller):
    body = {"amount": 50_000, "cpo_id": str(seller.cpo_id), "connector_id": 1}
    response = call(client, "POST", "payments/intent", body, key=key_for(seller.cpo))
    problem(response, 400, "charger_id")


def test_method_that_nobody_offers_is_refused(client, seller):
    ProviderConfig.objects.update(methods=["qris"])
    body = {"amount": 50_000, "charger_id": "PAY-API", "method": "ovo"}
    problem(call(client, "POST", "payments/intent", body, key=key_for(seller.cpo)), 422, "method")


def test_rivals_payments_and_chargers_are_not_there(client, fake, seller):
    intent = begin(fake, cpo=seller.cpo)
    for who in (key_for(make_cpo()), None):
        if who is None:
            client.force_login(make_member(make_cpo()))
        problem(call(client, "GET", f"payments/{intent.pk}", key=who), 404)
        for action in ("cancel", "stop"):
            problem(call(client, "POST", f"payments/{intent.pk}/{action}", key=who), 404)
        body = {"reason": "mine"}
        problem(call(client, "POST", f"payments/{intent.pk}/refund", body, key=who), 404)
        body = {"amount": 50_000, "charger_id": "PAY-API"}
        problem(call(client, "POST", "payments/intent", body, key=who), 404)
        body = {"amount": 50_000, "cpo_id": str(seller.cpo_id)}
        problem(call(client, "POST", "payments/intent", body, key=who), 404, "cpo_id")
    assert again(intent).status == "requires_action"


def test_nobody_and_keys_without_the_scope_are_turned_away(client, fake, seller):
    intent = begin(fake, cpo=seller.cpo)
    path = f"payments/{intent.pk}"
    problem(call(client, "GET", path), 401)
    problem(call(client, "GET", path, key=key_for(seller.cpo, "chargers:read")), 403)
    reader = key_for(seller.cpo, "payments:read")
    assert call(client, "GET", path, key=reader).status_code == 200
    problem(call(client, "POST", f"{path}/cancel", key=reader), 403)
    problem(call(client, "POST", "payments/intent", {"amount": 50_000}, key=reader), 403)


@pytest.mark.parametrize(
    ("role", "begins", "refunds"),
    [
        (Role.OWNER, 201, 200),
        (Role.OPERATOR, 201, 403),
        (Role.FINANCE, 403, 200),
        (Role.VIEWER, 403, 403),
    ],
)
def test_people_act_by_their_role(client, fake, seller, role, begins, refunds):
    paid = pay(fake, begin(fake, cpo=seller.cpo))
    client.force_login(make_member(seller.cpo, role))
    body = {"amount": 50_000, "charger_id": "PAY-API"}
    assert call(client, "POST", "payments/intent", body).status_code == begins
    body = {"reason": "broken", "amount": 1_000}
    assert call(client, "POST", f"payments/{paid.pk}/refund", body).status_code == refunds


def test_cancelled_payment_is_over(client, fake, seller):
    intent = begin(fake, cpo=seller.cpo)
    key = key_for(seller.cpo)
    response = call(client, "POST", f"payments/{intent.pk}/cancel", key=key)
    assert (response.status_code, response.json()["status"]) == (200, "canceled")
    assert response.json()["checkout"] is None
    problem(call(client, "POST", f"payments/{intent.pk}/cancel", key=key), 409)


def test_refund_by_a_key_is_whole_or_part_and_never_more(client, fake, seller):
    intent = pay(fake, begin(fake, cpo=seller.cpo))
    key = key_for(seller.cpo)
    path = f"payments/{intent.pk}/refund"
    problem(call(client, "POST", path, {"amount": 1_000}, key=key), 400, "reason")
    body = {"amount": 60_000, "reason": "all"}
    problem(call(client, "POST", path, body, key=key), 422, "amount")
    response = call(client, "POST", path, {"amount": 20_000, "reason": "half"}, key=key)
    assert response.status_code == 200
    assert [(each["amount"], each["cause"]) for each in response.json()["refunds"]] == [
        (20_000, "person")
    ]
    response = call(client, "POST", path, {"reason": "the rest"}, key=key)
    assert [each["amount"] for each in response.json()["refunds"]] == [20_000, 30_000]
    problem(call(client, "POST", path, {"reason": "more"}, key=key), 422, "amount")
    assert (
        AuditEntry.objects.filter(action="payment.refund", actor_label="api key: Acme").count() == 2
    )


def test_payment_shows_its_charge_and_stops_it(client, fake):
    intent = charging(fake)
    measure(intent, 5_000, power_w=11_000)
    key = key_for(intent.cpo)
    body = call(client, "GET", f"payments/{intent.pk}", key=key).json()
    charge = body["charge"]
    assert (charge["stage"], charge["energy_wh"], charge["cost"], charge["remaining"]) == (
        "charging",
        5_000,
        10_000,
        40_000,
    )
    assert charge["transaction_id"] == again(intent).session.transaction_id
    problem(call(client, "POST", f"payments/{intent.pk}/refund", {"reason": "x"}, key=key), 409)
    body = call(client, "POST", f"payments/{intent.pk}/stop", key=key).json()
    assert (body["charge"]["stage"], body["charge"]["stop_reason"]) == ("stopping", "staff")
    stop = Command.objects.get(action="RemoteStopTransaction")
    assert stop.requested_label == "api key: Acme"


def test_payment_that_started_nothing_says_why(client, fake):
    intent = buy(fake)
    type(intent.charger).objects.update(retired_at=None)
    intent.charge.remote_start.status = "failed"
    intent.charge.remote_start.reason = "x"
    intent.charge.remote_start.save()
    from payments.services.prepaid.starting import decide_start

    decide_start(intent.pk)
    body = call(client, "GET", f"payments/{intent.pk}", key=key_for()).json()
    assert body["charge"]["stage"] == "returned"
    assert body["charge"]["reason"] == "The charger could not be reached"
    assert body["charge"]["refund_state"] == "pending"


def test_staff_see_all(client, fake, seller):
    intent = pay(fake, begin(fake, cpo=seller.cpo))
    start_paid(intent.pk)
    client.force_login(make_user(is_staff=True))
    body = call(client, "GET", f"payments/{intent.pk}").json()
    assert (body["status"], body["charge"]["stage"]) == ("succeeded", "paid")
