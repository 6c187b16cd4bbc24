"""A webhook is believed to come from the gateway only with its secret, and is a hint even then."""

from __future__ import annotations

import hashlib
import json

import pytest

from payments.gateways.base import BadSignatureError, Credentials, Subject
from payments.gateways.registry import gateway

TOKEN = "callback-token"
KEY = "SB-Mid-server-key"
IRIS = "iris-merchant-key"

xendit = gateway("xendit", Credentials("sandbox", api_key="k", webhook_secret=TOKEN))
midtrans = gateway("midtrans", Credentials("sandbox", api_key=KEY, webhook_secret=IRIS))


def from_xendit(body, token=TOKEN):
    return xendit.verify_webhook({"x-callback-token": token}, json.dumps(body).encode())


def capture(**changes):
    data = {
        "payment_id": "py-1",
        "payment_request_id": "pr-1",
        "reference_id": "pi-1-a1",
        "status": "SUCCEEDED",
        **changes,
    }
    return {"event": "payment.capture", "business_id": "b", "data": data}


def test_xendits_token_is_compared():
    (hint,) = from_xendit(capture())
    assert (hint.subject, hint.reference, hint.gateway_id, hint.payment_id) == (
        Subject.PAYMENT,
        "pi-1-a1",
        "pr-1",
        "py-1",
    )
    for token in ("", "callback-tokem", TOKEN + "x", "ÿ"):
        with pytest.raises(BadSignatureError):
            from_xendit(capture(), token)


def test_without_a_configured_token_nothing_is_believed():
    bare = gateway("xendit", Credentials("sandbox", api_key="k"))
    with pytest.raises(BadSignatureError):
        bare.verify_webhook({"x-callback-token": ""}, b"{}")


def test_the_same_news_has_the_same_key_and_other_news_another():
    (first,), (again,) = from_xendit(capture()), from_xendit(capture())
    assert first.dedupe_key == again.dedupe_key
    (other,) = from_xendit(capture(status="FAILED"))
    assert other.dedupe_key != first.dedupe_key


@pytest.mark.parametrize(
    ("body", "subject", "gateway_id"),
    [
        ({"event": "refund.succeeded", "data": {"data": {"id": "rfd-1"}}}, "refund", "rfd-1"),
        ({"event": "payout.reversed", "data": {"id": "disb-1"}}, "payout", "disb-1"),
        ({"event": "v3_payout.failed", "data": {"payout_id": "po-1"}}, "payout", "po-1"),
        (
            {"event": "payment_session.completed", "data": {"payment_session_id": "ps-1"}},
            "payment",
            "ps-1",
        ),
        ({"event": "payment.succeeded", "data": {"payment_request_id": "pr-2"}}, "payment", "pr-2"),
        ({"id": "inv1", "external_id": "pi-1-a1", "status": "PAID"}, "payment", "inv1"),
        ({"event": "something.new", "data": {"id": "x"}}, "other", "x"),
        ({"event": "payment.capture", "data": "nonsense"}, "payment", ""),
    ],
)
def test_xendits_shapes_are_all_read(body, subject, gateway_id):
    (hint,) = from_xendit(body)
    assert (hint.subject, hint.gateway_id) == (subject, gateway_id)


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b"\xff\xfe", b"5"])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(BadSignatureError):
        xendit.verify_webhook({"x-callback-token": TOKEN}, body)
    with pytest.raises(BadSignatureError):
        midtrans.verify_webhook({}, body)


def notification(key=KEY, **changes):
    body = {
        "order_id": "pi-1-a1",
        "transaction_id": "mt-1",
        "status_code": "200",
        "gross_amount": "50000.00",
        "transaction_status": "settlement",
        **changes,
    }
    parts = f"{body['order_id']}{body['status_code']}{body['gross_amount']}{key}"
    body.setdefault("signature_key", hashlib.sha512(parts.encode()).hexdigest())
    return json.dumps(body).encode()


def test_midtrans_signature_is_over_the_strings_as_they_came():
    (hint,) = midtrans.verify_webhook({}, notification())
    assert (hint.subject, hint.reference, hint.gateway_id) == (Subject.PAYMENT, "pi-1-a1", "mt-1")
    signed = json.loads(notification())
    for change in ({"gross_amount": "50000.0"}, {"order_id": "pi-2-a1"}, {"gross_amount": 50000.0}):
        with pytest.raises(BadSignatureError):
            midtrans.verify_webhook({}, json.dumps({**signed, **change}).encode())


def test_a_shifted_boundary_between_order_and_status_is_refused():
    body = notification(order_id="pi-1-a", status_code="1200")
    with pytest.raises(BadSignatureError):
        midtrans.verify_webhook({}, body)


def test_another_key_does_not_sign_for_us():
    with pytest.raises(BadSignatureError):
        midtrans.verify_webhook({}, notification(key="SB-Mid-server-other"))


def test_a_replay_with_another_status_is_a_hint_like_any_other():
    """The signature does not cover it: so the status of the body is never used."""
    body = notification()
    replayed = body.replace(b"settlement", b"deny")
    (hint,), (first,) = midtrans.verify_webhook({}, replayed), midtrans.verify_webhook({}, body)
    assert hint.reference == first.reference
    assert hint.dedupe_key != first.dedupe_key


def test_the_second_notice_of_a_refund_is_other_news():
    refund = {"refund_key": "rf-1", "refund_amount": "1000.00"}
    asked = notification(transaction_status="partial_refund", refunds=[refund])
    done = notification(
        transaction_status="partial_refund",
        refunds=[{**refund, "bank_confirmed_at": "2026-01-09 18:27:19"}],
    )
    (first,), (second,) = midtrans.verify_webhook({}, asked), midtrans.verify_webhook({}, done)
    assert (first.subject, first.reference) == (Subject.REFUND, "rf-1")
    assert first.dedupe_key != second.dedupe_key


def test_iris_signs_the_raw_body():
    body = b'{"reference_no":"r1","amount":"1.0","status":"completed","updated_at":"t"}'
    signature = hashlib.sha512(body + IRIS.encode()).hexdigest()
    (hint,) = midtrans.verify_webhook({"iris-signature": signature}, body)
    assert (hint.subject, hint.gateway_id) == (Subject.PAYOUT, "r1")
    with pytest.raises(BadSignatureError):
        midtrans.verify_webhook({"iris-signature": signature}, body + b" ")
