"""Every gateway behaves alike where the contract says so, proved against the fake one."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from payments.gateways.base import (
    CredentialsError,
    GatewayError,
    Method,
    NotFoundError,
    PaymentHandle,
    PaymentRequest,
    PaymentState,
    PayoutRequest,
    PayoutState,
    RateLimitedError,
    RefundRequest,
    RefundState,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)
from payments.gateways.registry import GATEWAYS, gateway

PROVIDERS = sorted(GATEWAYS)


@pytest.fixture(params=PROVIDERS)
def provider(request):
    return request.param


@pytest.fixture
def api(fake, provider):
    return gateway(provider, fake.credentials(provider))


def reference():
    return f"pi-{uuid.uuid4().hex[:20]}-a1"


def ask(method=Method.QRIS, amount=50_000):
    return PaymentRequest(
        reference=reference(),
        amount=amount,
        currency="IDR",
        method=method,
        description="SPKLU SIM-0001",
        expires_at=datetime.now(UTC) + timedelta(minutes=15),
        return_url="https://example.test/back",
        metadata={"intent": "x"},
    )


def handle(snapshot, method=Method.QRIS):
    return PaymentHandle(snapshot.reference, snapshot.gateway_id, snapshot.payment_id, method)


def until(look, wanted, seconds=5.0):
    deadline = time.monotonic() + seconds
    while (snapshot := look()).state != wanted:
        assert time.monotonic() < deadline, snapshot
        time.sleep(0.01)
    return snapshot


def test_a_qris_payment_from_the_code_to_the_money(fake, api):
    request = ask()
    created = api.create_payment(request)
    assert created.state == PaymentState.REQUIRES_ACTION
    assert (created.reference, created.amount, created.currency) == (
        request.reference,
        50_000,
        "IDR",
    )
    assert created.checkout.qr_string.startswith("000201")
    assert created.payment_id == ""
    fake.pay(request.reference, issuer="DANA")
    paid = api.fetch_payment(handle(created))
    assert (paid.state, paid.amount, paid.currency) == (PaymentState.SUCCEEDED, 50_000, "IDR")
    assert paid.payment_id
    assert abs((paid.paid_at - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("method", [Method.VA_BCA, Method.VA_BNI, Method.VA_MANDIRI])
def test_a_virtual_account_has_a_number_and_a_bank(api, method):
    checkout = api.create_payment(ask(method)).checkout
    assert checkout.va_number.isdecimal()
    assert checkout.va_bank == method.removeprefix("va_").upper()


def test_a_wallet_has_an_address_to_go_to(api):
    assert api.create_payment(ask(Method.GOPAY)).checkout.url.startswith("http")


def test_the_hosted_page_is_paid_like_any_other(fake, api):
    request = ask(Method.HOSTED)
    created = api.create_payment(request)
    assert created.checkout.url.startswith(fake.url)
    fake.pay(request.reference)
    paid = api.fetch_payment(handle(created, Method.HOSTED))
    assert (paid.state, paid.amount) == (PaymentState.SUCCEEDED, 50_000)


def test_every_method_of_a_gateway_can_be_asked_for(api):
    for method in sorted(api.methods):
        assert api.create_payment(ask(method)).state == PaymentState.REQUIRES_ACTION


def test_a_method_that_is_not_offered_is_refused(api):
    with pytest.raises(UnsupportedError):
        api.create_payment(ask(Method.OVO))


def test_a_cancelled_payment_says_so_and_late_money_is_seen(fake, api):
    request = ask()
    created = api.create_payment(request)
    assert api.cancel_payment(handle(created)).state == PaymentState.CANCELED
    fake.pay(request.reference)
    late = api.fetch_payment(handle(created))
    assert (late.state, late.amount) == (PaymentState.SUCCEEDED, 50_000)


def test_another_amount_is_told_as_it_came(fake, api):
    request = ask()
    created = api.create_payment(request)
    fake.pay(request.reference, amount=49_000)
    assert api.fetch_payment(handle(created)).amount == 49_000


def test_an_expired_payment_says_so(fake, api):
    request = ask()
    created = api.create_payment(request)
    fake.control(f"pay/{request.reference}", {"what": "expire"})
    assert api.fetch_payment(handle(created)).state == PaymentState.EXPIRED


def test_a_status_that_nobody_knows_is_unknown_and_no_exception(fake, api):
    created = api.create_payment(ask())
    fake.faults(unknown_status=1)
    assert api.fetch_payment(handle(created)).state == PaymentState.UNKNOWN


def test_a_payment_that_nobody_knows_is_not_found(api):
    with pytest.raises(NotFoundError):
        api.fetch_payment(PaymentHandle(reference(), method=Method.HOSTED))


@pytest.mark.parametrize("fault", ["error_500", "error_503", "html_502", "lost_after"])
def test_no_usable_answer_means_that_nobody_knows(fake, api, fault):
    fake.faults(**{fault: 2})
    with pytest.raises(UnreachableError):
        api.create_payment(ask())


def test_a_closed_port_means_that_nobody_knows(provider, fake):
    away = gateway(provider, fake.credentials(provider, base_url="http://127.0.0.1:9"))
    with pytest.raises(UnreachableError) as caught:
        away.create_payment(ask())
    assert "test" not in str(caught.value)


def test_a_rate_limit_says_how_long_to_wait(fake, api):
    fake.faults(rate_limit=1)
    with pytest.raises(RateLimitedError) as caught:
        api.create_payment(ask())
    assert caught.value.retry_after_s == 1


def test_a_wrong_key_is_named_as_such(provider, fake):
    api = gateway(provider, fake.credentials(provider, api_key="wrong", payout_key=""))
    with pytest.raises(CredentialsError):
        api.test_connection()


def test_a_good_key_passes_the_test(api):
    assert api.test_connection()


def test_an_id_from_outside_cannot_climb_out_of_its_path(fake, api):
    with pytest.raises(GatewayError):
        api.fetch_payment(PaymentHandle("../../balance?x=", "pr-../../balance"))
    assert all(call["path"] != "/balance" for call in fake.world.calls)


def test_secrets_are_in_no_representation(fake, provider):
    text = repr(fake.credentials(provider)) + repr(
        PayoutRequest("r", 1, "IDR", "BCA", "1234567890", "PT Contoh")
    )
    for secret in ("xnd_development_test", "SB-Mid-server-test", "1234567890", "PT Contoh"):
        assert secret not in text


# --- refunds ---------------------------------------------------------------------------------


def refund_of(created, request, amount, method=Method.QRIS, name="rf-1"):
    del request
    return RefundRequest(name, handle(created, method), amount, "IDR", "leftover")


def paid_payment(fake, api, method=Method.QRIS):
    request = ask(method)
    created = api.create_payment(request)
    fake.pay(request.reference)
    return api.fetch_payment(handle(created, method)), request


def test_a_refund_is_pending_and_then_done(fake, api):
    paid, request = paid_payment(fake, api)
    wish = refund_of(paid, request, 12_000)
    sent = api.refund(wish)
    assert (sent.state, sent.amount) == (RefundState.PENDING, 12_000)
    done = until(lambda: api.fetch_refund(wish, sent.gateway_id), RefundState.SUCCEEDED)
    assert done.amount == 12_000


def test_the_same_refund_asked_for_again_is_the_same_refund(fake, api):
    paid, request = paid_payment(fake, api)
    wish = refund_of(paid, request, 12_000)
    first, second = api.refund(wish), api.refund(wish)
    assert first.gateway_id == second.gateway_id
    assert len(fake.world.books.refunds) == 1


def test_a_virtual_account_has_no_refund(fake, api):
    paid, request = paid_payment(fake, api, Method.VA_BNI)
    with pytest.raises(UnsupportedError):
        api.refund(refund_of(paid, request, 1_000, Method.VA_BNI))


def test_a_refund_of_more_than_was_paid_is_refused(fake, api):
    paid, request = paid_payment(fake, api)
    with pytest.raises(RefusedError):
        api.refund(refund_of(paid, request, 60_000))


# --- payouts ---------------------------------------------------------------------------------


def order(account="1234567890", amount=1_500_000):
    return PayoutRequest(
        f"stl-{uuid.uuid4().hex[:12]}", amount, "IDR", "BCA", account, "PT Contoh", "STL-000001"
    )


@pytest.fixture(params=[("xendit", "v2"), ("xendit", "v3"), ("midtrans", "")], ids="-".join)
def bank(request, fake):
    name, version = request.param
    return gateway(name, fake.credentials(name, payout_version=version))


def test_a_payout_arrives(fake, bank):
    request = order()
    sent = bank.create_payout(request)
    assert sent.state in (PayoutState.SUBMITTED, PayoutState.PROCESSING)
    done = until(lambda: bank.fetch_payout(request, sent.gateway_id), PayoutState.PAID)
    assert done.amount == 1_500_000
    assert fake.world.books.balance == 100_000_000 - 1_500_000


def test_the_same_payout_sent_again_is_the_same_payout(fake, bank):
    request = order()
    assert bank.create_payout(request).gateway_id == bank.create_payout(request).gateway_id
    assert len(fake.world.books.payouts) == 1


def test_a_payout_whose_answer_was_lost_is_found_by_its_reference(fake, bank):
    request = order()
    fake.faults(lost_after=1)
    with pytest.raises(UnreachableError):
        bank.create_payout(request)
    found = bank.fetch_payout(request, "")
    assert found.reference == request.reference
    assert found.gateway_id in fake.world.books.payouts


def test_a_payout_that_never_was_is_not_found(bank):
    with pytest.raises(NotFoundError):
        bank.fetch_payout(order(), "")


def test_a_payout_to_a_bad_account_fails_with_the_reason(bank):
    request = order(account="123456")
    sent = bank.create_payout(request)
    failed = until(lambda: bank.fetch_payout(request, sent.gateway_id), PayoutState.FAILED)
    assert failed.failure


def test_a_payout_may_come_back_after_it_arrived(fake, bank):
    request = order(account="654321")
    sent = bank.create_payout(request)
    back = {PayoutState.REVERSED, PayoutState.FAILED}
    deadline = time.monotonic() + 5
    while bank.fetch_payout(request, sent.gateway_id).state not in back:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert fake.world.books.balance == 100_000_000


def test_the_balance_is_a_whole_number(bank):
    assert bank.balance() == 100_000_000


def test_the_page_lists_what_is_open_and_lets_a_person_pay(fake, api):
    request = ask()
    api.create_payment(request)
    payment = fake.world.books.by_reference(request.reference)
    assert request.reference in httpx.get(fake.url).text
    page = httpx.get(f"{fake.url}/pay/{payment.id}").text
    assert "Rp50.000" in page
    httpx.post(f"{fake.url}/pay/{payment.id}/pay")
    assert payment.state == "paid"


def test_the_gateways_own_books_name_what_was_paid_and_what_it_took(fake, api):
    paid, request = paid_payment(fake, api)
    now = datetime.now(UTC)
    lines = list(api.transactions(now - timedelta(hours=1), now + timedelta(hours=1)))
    assert bool(lines) == api.tells_transactions
    for line in lines:
        assert (line.kind, line.reference, line.product_id) == (
            "payment",
            request.reference,
            paid.payment_id,
        )
        assert line.settled
        assert line.amount == 50_000 == line.net_amount + line.fee + line.tax_on_fee
