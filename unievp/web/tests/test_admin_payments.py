"""What staff may do about payments, refunds, payouts, providers and webhooks."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from cpo.models import AuditEntry, User
from payments import tasks
from payments.chart import transit_account
from payments.events import LookWanted, WebhookStored
from payments.models import (
    IntentStatus,
    PaymentIntent,
    Payout,
    PayoutStatus,
    ProviderConfig,
    Refund,
    RefundRoute,
    RefundStatus,
    WebhookDelivery,
)
from payments.services import ledger
from payments.services.check_books import check_books
from payments.services.intents.reviewing import resolve_review
from payments.services.payouts.applying import end_payout
from payments.services.payouts.starting import pay_refund
from payments.services.redaction import redacted_body
from payments.services.refunds.finishing import confirm_refund
from payments.services.refunds.repairing import retry_refund
from payments.services.refunds.starting import request_refund
from payments.tests.factories import make_staff
from payments.tests.payments import begin, make_provider, pay, refund_all
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError
from unievp.lib.events import subscribe, unsubscribe
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db

ACCOUNT = {"bank_code": "BCA", "account_name": "Budi", "account_number": "1234567890"}


@pytest.fixture
def root(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return user


@pytest.fixture
def asked(monkeypatch):
    """What the worker was told to do."""
    told = []
    for task in (tasks.look_at_attempt, tasks.look_at_refund, tasks.look_at_payout):
        name = task.__name__
        monkeypatch.setattr(
            task, "apply_async", lambda args, name=name, **_o: told.append((name, args[0]))
        )
    monkeypatch.setattr(
        tasks.process_webhook,
        "apply_async",
        lambda args, **_o: told.append(("process_webhook", args[0])),
    )
    wiring = ((LookWanted, tasks.on_look_wanted), (WebhookStored, tasks.on_webhook_stored))
    for event, handler in wiring:
        subscribe(event, handler)
    yield told
    for event, handler in wiring:
        unsubscribe(event, handler)


def press(client, row, action, **answer):
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_{action}", args=(row.pk,))
    response = client.post(url, answer)
    row.refresh_from_db()
    return response


def page(client, row):
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(row.pk,))
    return client.get(url).content.decode()


def wrong_amount(fake):
    return pay(fake, begin(fake), amount=20_000)


def waiting_refund(fake, staff=None):
    intent = pay(fake, begin(fake, method="va_bni"))
    request_refund(intent, actor=staff or make_staff(), reason="x")
    (refund,) = refund_all(intent)
    assert refund.status == RefundStatus.NEEDS_ACCOUNT
    return refund


def paid_out(refund):
    payout = pay_refund(refund, **ACCOUNT, actor="driver")
    Payout.objects.filter(pk=payout.pk).update(status=PayoutStatus.SENDING)
    end_payout(payout.pk, PayoutStatus.PAID)
    refund.refresh_from_db()
    return payout


# --- payments -----------------------------------------------------------------------------------


def test_gateway_is_asked_by_the_worker(
    fake, client, root, asked, django_capture_on_commit_callbacks
):
    intent = begin(fake)
    with django_capture_on_commit_callbacks(execute=True):
        assert press(client, intent, "ask_gateway").status_code == 302
    assert asked == [("look_at_attempt", intent.attempts.get().pk)]


def test_review_is_accepted_given_back_or_closed_with_a_reason(fake, client, root):
    accepted, returned = wrong_amount(fake), wrong_amount(fake)
    assert (accepted.status, returned.status) == (IntentStatus.REVIEW, IntentStatus.REVIEW)
    assert press(client, accepted, "resolve", decision="accept", reason="").status_code == 200
    assert accepted.status == IntentStatus.REVIEW
    press(client, accepted, "resolve", decision="accept", reason="The driver agreed")
    assert (accepted.status, accepted.review_reason) == (IntentStatus.SUCCEEDED, "")
    press(client, returned, "resolve", decision="return", reason="Wrong code")
    assert returned.status == IntentStatus.SUCCEEDED
    assert [refund.amount for refund in refund_all(returned)] == [20_000]
    returned.refresh_from_db()
    assert returned.status == IntentStatus.REFUNDED
    assert AuditEntry.objects.filter(action="payment.review_return", actor=root).count() == 1
    assert not any(check_books().values())


def test_review_is_decided_by_what_was_paid(fake):
    staff = make_staff()
    paid = wrong_amount(fake)
    with pytest.raises(ConflictError) as refused:
        resolve_review(paid, decision="close", reason="x", actor=staff)
    assert refused.value.code == "review_has_money"
    unpaid = begin(fake)
    PaymentIntent.objects.filter(pk=unpaid.pk).update(status="review", review_reason="?")
    with pytest.raises(ConflictError) as refused:
        resolve_review(unpaid, decision="accept", reason="x", actor=staff)
    assert refused.value.code == "review_without_money"
    assert resolve_review(unpaid, decision="close", reason="x", actor=staff).status == "failed"
    with pytest.raises(ConflictError):
        resolve_review(unpaid, decision="close", reason="x", actor=staff)
    with pytest.raises(ForbiddenError):
        resolve_review(paid, decision="accept", reason="x", actor=User())
    with pytest.raises(InvalidError):
        resolve_review(paid, decision="burn", reason="x", actor=staff)


def test_refund_and_cancel_are_refused_with_words_on_the_form(fake, client, root):
    intent = pay(fake, begin(fake))
    answer = press(client, intent, "refund", amount=60_000, reason="x")
    assert answer.context["form"].errors["amount"]
    assert press(client, intent, "cancel").context["form"].non_field_errors()
    assert press(client, intent, "refund", amount="", reason="Rain").status_code == 302
    assert [refund.amount for refund in intent.refunds.all()] == [50_000]
    open_one = begin(fake)
    press(client, open_one, "cancel")
    assert open_one.status == IntentStatus.CANCELED


def test_readers_act_on_nothing(fake, client):
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(
        Permission.objects.filter(content_type__app_label="payments", codename__startswith="view_")
    )
    client.force_login(reader)
    intent = pay(fake, begin(fake))
    refund = make_row(Refund)
    rows = [(intent, name) for name in ("ask_gateway", "resolve", "refund", "cancel")]
    rows += [(refund, name) for name in ("enter_account", "ask_gateway", "retry", "by_hand")]
    rows += [(make_row(Payout), name) for name in ("ask_gateway", "resolve")]
    rows += [(make_row(WebhookDelivery), "again")]
    config = ProviderConfig.objects.first()
    rows += [(config, name) for name in ("test_connection", "rotate", "disable")]
    for row, action in rows:
        assert press(client, row, action, reason="x").status_code == 403, action


# --- refunds and payouts ------------------------------------------------------------------------


def test_account_is_entered_by_another_person_than_who_gave_the_money_back(fake, client, root):
    own, other = waiting_refund(fake, root), waiting_refund(fake)
    refused = press(client, own, "enter_account", **ACCOUNT)
    assert refused.context["form"].non_field_errors()
    assert own.status == RefundStatus.NEEDS_ACCOUNT
    assert press(client, other, "enter_account", **ACCOUNT).status_code == 302
    assert (other.status, other.payouts.get().amount) == (RefundStatus.SENDING, 50_000)
    assert "1234567890" not in page(client, other)


def test_refund_is_marked_as_done_once_by_another_person(fake, client, root):
    own, other = waiting_refund(fake, root), waiting_refund(fake)
    press(client, own, "by_hand", proof="TRX")
    assert own.status == RefundStatus.NEEDS_ACCOUNT
    press(client, other, "by_hand", proof="TRX")
    assert (other.status, other.route, other.proof) == ("succeeded", RefundRoute.MANUAL, "TRX")
    press(client, other, "by_hand", proof="TRX2")
    assert other.proof == "TRX"
    assert ledger.balance_of(transit_account(other.intent_id)) == 0
    assert not any(check_books().values())


def test_nothing_is_paid_by_hand_while_a_payout_may_arrive(fake):
    refund = waiting_refund(fake)
    payout = pay_refund(refund, **ACCOUNT, actor="driver")
    with pytest.raises(ConflictError):
        confirm_refund(refund, actor=make_staff(), proof="x")
    Payout.objects.update(status=PayoutStatus.SENDING)
    end_payout(payout.pk, PayoutStatus.REVIEW)
    for act in (
        lambda: confirm_refund(refund, actor=make_staff(), proof="x"),
        lambda: retry_refund(refund, actor=make_staff(), reason="x"),
    ):
        with pytest.raises(ConflictError) as refused:
            act()
        assert refused.value.code == "payout_may_arrive"


def test_refund_that_the_bank_returned_is_paid_again_and_booked_each_time(fake):
    refund = waiting_refund(fake)
    payout = paid_out(refund)
    intent = PaymentIntent.objects.get(pk=refund.intent_id)
    assert (refund.status, intent.refunded) == (RefundStatus.SUCCEEDED, 50_000)
    end_payout(payout.pk, PayoutStatus.REVERSED, failure="account closed")
    refund.refresh_from_db()
    intent.refresh_from_db()
    assert (refund.status, refund.error) == (RefundStatus.NEEDS_ACCOUNT, "account closed")
    assert (intent.refunded, intent.status) == (0, IntentStatus.SUCCEEDED)
    assert ledger.balance_of(transit_account(intent.pk)) == 50_000
    paid_out(refund)
    intent.refresh_from_db()
    assert (refund.status, intent.refunded) == (RefundStatus.SUCCEEDED, 50_000)
    assert ledger.balance_of(transit_account(intent.pk)) == 0
    assert not any(check_books().values())


def test_stuck_refund_is_tried_again_with_a_reason(fake, client, root):
    refund = waiting_refund(fake)
    press(client, refund, "retry", reason="x")
    assert refund.status == RefundStatus.NEEDS_ACCOUNT
    Refund.objects.update(status=RefundStatus.REVIEW, route=RefundRoute.GATEWAY)
    press(client, refund, "retry", reason="The bank is back")
    assert refund.status == RefundStatus.REQUESTED
    assert AuditEntry.objects.get(action="refund.retry").reason == "The bank is back"


def test_gateway_is_asked_about_refunds_and_payouts(
    fake, client, root, asked, django_capture_on_commit_callbacks
):
    refund = waiting_refund(fake)
    assert press(client, refund, "ask_gateway").context["form"].non_field_errors()
    payout = pay_refund(refund, **ACCOUNT, actor="driver")
    assert press(client, payout, "ask_gateway").context["form"].non_field_errors()
    Payout.objects.update(status=PayoutStatus.SUBMITTED)
    with django_capture_on_commit_callbacks(execute=True):
        press(client, refund, "ask_gateway")
        press(client, payout, "ask_gateway")
    assert asked == [("look_at_payout", str(payout.pk))] * 2


# --- providers ----------------------------------------------------------------------------------


def new_provider(**values):
    return {
        "provider": "xendit", "environment": "sandbox", "cpo": "", "name": "Main", "priority": 10,
        "is_active": "on", "methods": ["qris"], "payout_version": "v2", "base_url": "",
        "api_key": "xnd_development_abcdefgh1234", **values,
    }  # fmt: skip


def add_provider(client, **values):
    return client.post(reverse("admin:payments_providerconfig_add"), new_provider(**values))


def test_provider_is_made_and_its_keys_are_never_shown(client, root):
    assert add_provider(client).status_code == 302
    config = ProviderConfig.objects.get()
    assert (config.api_key, config.methods) == ("xnd_development_abcdefgh1234", ["qris"])
    html = page(client, config)
    assert "abcdefgh" not in html
    assert "••••1234" in html
    entry = AuditEntry.objects.get(action="payment_provider.save")
    assert "abcdefgh" not in json.dumps(entry.after)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"api_key": "xnd_production_1"}, "api_key"),
        ({"environment": "production"}, "api_key"),
        ({"base_url": "https://evil.example"}, "base_url"),
    ],
)
def test_key_of_another_environment_and_strange_hosts_are_refused(client, root, wrong, field):
    answer = add_provider(client, **wrong)
    assert field in answer.context["adminform"].form.errors
    assert not ProviderConfig.objects.exists()


def test_settings_change_without_the_keys(client, root):
    add_provider(client)
    config = ProviderConfig.objects.get()
    url = reverse("admin:payments_providerconfig_change", args=(config.pk,))
    values = new_provider(name="Second", methods=["qris", "ovo"])
    del values["api_key"]
    assert client.post(url, {**values, "environment": "production"}).status_code == 302
    config.refresh_from_db()
    assert (config.name, config.methods, config.environment) == (
        "Second",
        ["qris", "ovo"],
        "sandbox",
    )
    assert config.api_key.endswith("1234")


def test_keys_are_rotated_one_by_one_and_the_provider_is_disabled(client, root):
    add_provider(client, webhook_secret="old-token")
    config = ProviderConfig.objects.get()
    assert press(client, config, "rotate").context["form"].errors
    assert press(client, config, "rotate", api_key="xnd_production_1").status_code == 200
    press(client, config, "rotate", api_key="xnd_development_new")
    assert (config.api_key, config.webhook_secret) == ("xnd_development_new", "old-token")
    press(client, config, "disable")
    assert config.is_active is False


def test_connection_is_tested(fake, client, root):
    config = make_provider(fake)
    assert press(client, config, "test_connection").status_code == 302
    assert config.test_result.startswith("Balance")


# --- webhooks -----------------------------------------------------------------------------------


def test_delivery_is_shown_without_secrets_and_escaped(client, root):
    config = make_row(ProviderConfig, webhook_secret="callback-token-77", api_key="k")
    body = {
        "signature_key": "a1b2c3d4e5f6a7b8",
        "note": "<script>alert(1)</script> callback-token-77",
        "data": [{"account_number": "123456789012345"}],
    }
    delivery = make_row(WebhookDelivery, config=config, body=json.dumps(body))
    html = page(client, delivery)
    for secret in ("a1b2c3d4", "callback-token-77", "12345678901", "<script>alert"):
        assert secret not in html
    assert "&lt;script&gt;alert" in html


def test_what_is_no_json_and_what_is_deep_is_redacted_too():
    assert redacted_body("token=abcabc x", secrets=["abcabc", ""]) == "token=•••• x"
    deep = "[" * 200 + "]" * 200
    assert "••••" in redacted_body(deep)
    assert redacted_body("[" * 100_000) == "[" * 100_000


def test_delivery_is_processed_again(client, root, asked, django_capture_on_commit_callbacks):
    delivery = make_row(WebhookDelivery, error="Nothing of ours has this reference")
    WebhookDelivery.objects.update(processed_at=delivery.received_at)
    with django_capture_on_commit_callbacks(execute=True):
        press(client, delivery, "again")
    assert (delivery.processed_at, delivery.error) == (None, "")
    assert asked == [("process_webhook", delivery.pk)]
    assert AuditEntry.objects.filter(action="webhook.process_again", actor=root).exists()
