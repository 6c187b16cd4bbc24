"""Webhooks on their way: signed, tried again, bounded, given up, sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from cpo.models import (
    ApiKey,
    AuditEntry,
    DeliveryAttempt,
    DeliveryStatus,
    EventDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from cpo.services.api_keys import create_api_key
from cpo.services.webhooks import outcomes
from cpo.services.webhooks.dispatching import ENDPOINT_AT_ONCE, claim_due, deliver_due
from cpo.services.webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    rotate_secret,
    send_test,
    switch_off,
)
from cpo.services.webhooks.outbox import News, emit, emit_all
from cpo.services.webhooks.outcomes import MOST_TRIES, PAUSES_S, forget_old_events, store_outcome
from cpo.services.webhooks.resending import resend, resend_failed
from cpo.services.webhooks.sending import Outcome
from cpo.tests.factories import make_cpo, make_member, make_user
from cpo.tests.receiver import receiver
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True


@pytest.fixture
def there():
    with receiver() as state:
        yield state


@pytest.fixture
def cpo():
    return make_cpo()


@pytest.fixture
def owner(cpo):
    return make_member(cpo)


@pytest.fixture
def endpoint(cpo, owner, there):
    return create_endpoint(cpo, url=there.url, event_types=["session.*"], actor=owner)


def tell(cpo, key="1", kind="session.ended", **values):
    return emit(kind, key=f"{kind}:{key}", cpo_id=cpo.pk, data={"n": 1}, **values)


def is_signed(headers, body, secret):
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split()


def test_event_arrives_signed_and_is_logged(endpoint, there, cpo):
    assert tell(cpo) == 1
    assert deliver_due() == 1
    ((headers, body),) = there.received
    event = WebhookEvent.objects.get()
    assert headers["webhook-id"] == str(event.pk)
    assert is_signed(headers, body, endpoint.secret)
    assert abs(int(headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    assert json.loads(body) == event.body
    assert list(json.loads(body)) == ["id", "type", "timestamp", "cpo_id", "data"]
    assert (event.body["type"], event.body["cpo_id"]) == ("session.ended", str(cpo.pk))
    delivery = EventDelivery.objects.get()
    assert (delivery.status, delivery.last_status) == (DeliveryStatus.DELIVERED, 200)
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.status, attempt.excerpt, attempt.error) == (200, "thanks", "")
    endpoint.refresh_from_db()
    assert endpoint.last_success_at is not None
    assert deliver_due() == 0


def test_event_is_written_once_per_key_and_delivered_once_per_endpoint(endpoint, cpo, there):
    assert tell(cpo) == 1
    assert tell(cpo) == 0
    assert WebhookEvent.objects.count() == EventDelivery.objects.count() == 1
    deliver_due()
    assert len(there.received) == 1


def test_event_goes_to_its_company_and_to_the_platform_only(endpoint, there, cpo):
    rival, staff = make_cpo(), make_user(is_staff=True)
    other = create_endpoint(rival, url=there.url, event_types=["*"], actor=make_member(rival))
    desk = create_endpoint(None, url=there.url, event_types=["*"], actor=staff)
    assert tell(cpo) == 2
    assert set(EventDelivery.objects.values_list("endpoint", flat=True)) == {endpoint.pk, desk.pk}
    assert not other.deliveries.exists()


def test_endpoint_hears_of_what_it_chose_while_it_is_on(endpoint, cpo, owner):
    assert tell(cpo, kind="payment.succeeded") == 0
    change_endpoint(endpoint, actor=owner, event_types=["payment.succeeded"])
    assert tell(cpo, kind="payment.succeeded") == 1
    assert tell(cpo, kind="payment.failed") == 0
    change_endpoint(endpoint, actor=owner, is_enabled=False)
    assert tell(cpo, key="2", kind="payment.succeeded") == 0
    with pytest.raises(ValueError, match="catalogue"):
        tell(cpo, kind="payment.lost")


def test_event_that_is_found_late_is_for_endpoints_that_were_on_when_it_happened(endpoint, cpo):
    def find(seconds):
        at = endpoint.enabled_at + timedelta(seconds=seconds)
        return emit_all([News("session.ended", f"k{seconds}", cpo.pk, at, {})], swept=True)

    assert (find(-1), find(1)) == (0, 1)


def test_event_of_a_transaction_that_rolls_back_was_never_there(endpoint, cpo):
    with transaction.atomic():
        tell(cpo)
        transaction.set_rollback(True)
    assert not WebhookEvent.objects.exists()


def test_failed_try_waits_longer_each_time_and_ends_within_a_day(endpoint, cpo, there):
    there.status = 500
    tell(cpo)
    waited = timedelta()
    for tries in range(1, MOST_TRIES + 1):
        assert deliver_due() == 1
        delivery = EventDelivery.objects.get()
        assert (delivery.tries, delivery.last_status) == (tries, 500)
        if delivery.next_try_at:
            pause = delivery.next_try_at - delivery.last_try_at
            planned = timedelta(seconds=PAUSES_S[tries - 1])
            assert 0.9 * planned <= pause <= planned
            waited += pause
            assert deliver_due() == 0
            EventDelivery.objects.update(next_try_at=clock.now())
    assert delivery.status == DeliveryStatus.FAILED
    assert timedelta(hours=21) < waited < timedelta(hours=24)
    assert DeliveryAttempt.objects.count() == MOST_TRIES
    assert len({headers["webhook-id"] for headers, _body in there.received}) == 1
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert endpoint.is_enabled


def test_busy_receiver_is_asked_no_sooner_than_it_says(endpoint, cpo, there):
    there.status, there.headers = 429, {"Retry-After": "600"}
    tell(cpo)
    deliver_due()
    delivery = EventDelivery.objects.get()
    assert delivery.next_try_at - delivery.last_try_at == timedelta(seconds=600)


def test_redirect_is_not_followed(endpoint, cpo, there):
    there.status, there.headers = 302, {"Location": there.url}
    tell(cpo)
    deliver_due()
    assert len(there.received) == 1
    assert EventDelivery.objects.get().status == DeliveryStatus.PENDING


def test_excerpt_of_a_long_answer_is_short(endpoint, cpo, there):
    there.says = b"\0x" * 100_000
    tell(cpo)
    deliver_due()
    assert DeliveryAttempt.objects.get().excerpt == "x" * 1_000


def test_unreachable_receiver_is_an_error_in_the_log(endpoint, cpo):
    WebhookEndpoint.objects.update(url="http://127.0.0.1:1/")
    tell(cpo)
    assert deliver_due() == 1
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.status, attempt.error.partition(":")[0]) == (None, "ConnectError")


def test_private_target_gets_no_request(endpoint, cpo, there, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    tell(cpo)
    deliver_due()
    assert there.received == []
    assert "not a public address" in DeliveryAttempt.objects.get().error


def test_slow_receiver_holds_up_nobody_else_and_gets_few_requests_at_once(
    endpoint, cpo, owner, there
):
    with receiver() as quick:
        create_endpoint(cpo, url=quick.url, event_types=["session.*"], actor=owner)
        there.open.clear()
        for number in range(12):
            tell(cpo, key=str(number))
        opener = threading.Thread(target=_open_when, args=(there, quick, 12))
        opener.start()
        assert deliver_due() == 24
        opener.join()
        assert len(quick.received) == 12
        assert 1 <= there.most_at_once <= ENDPOINT_AT_ONCE


def _open_when(slow, quick, count):
    """The slow one answers once the quick one has everything (or the test would fail anyway)."""
    pause = threading.Event()
    for _turn in range(800):
        if len(quick.received) >= count:
            break
        pause.wait(0.01)
    slow.open.set()


def test_claimed_delivery_is_sent_by_nobody_else_until_the_claim_is_over(endpoint, cpo):
    tell(cpo)
    assert len(claim_due()) == 1
    assert claim_due() == []
    EventDelivery.objects.update(claimed_until=clock.now())
    assert len(claim_due()) == 1


def test_failing_endpoint_is_asked_one_at_a_time(endpoint, cpo):
    for number in range(9):
        tell(cpo, key=str(number))
    assert len(claim_due()) == ENDPOINT_AT_ONCE
    EventDelivery.objects.update(claimed_until=None)
    WebhookEndpoint.objects.update(failing_since=clock.now())
    assert len(claim_due()) == 1


def test_endpoint_that_fails_for_five_days_is_switched_off_and_can_be_sent_everything_again(
    endpoint, cpo, owner, there
):
    there.status = 500
    for number in range(3):
        tell(cpo, key=str(number))
    since = clock.now() - outcomes.PATIENCE
    WebhookEndpoint.objects.update(failing_since=since + timedelta(hours=1))
    deliver_due()
    endpoint.refresh_from_db()
    assert endpoint.is_enabled
    WebhookEndpoint.objects.update(failing_since=since)
    EventDelivery.objects.update(next_try_at=clock.now())
    deliver_due()
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, outcomes.FAILED_FOR_DAYS)
    assert set(EventDelivery.objects.values_list("status", flat=True)) == {"failed"}
    assert AuditEntry.objects.filter(action="webhook_endpoint.disabled", cpo=cpo).count() == 1
    with pytest.raises(ConflictError):
        resend_failed(endpoint, since=since, actor=owner)
    endpoint = change_endpoint(endpoint, actor=owner, is_enabled=True)
    assert (endpoint.failing_since, endpoint.disabled_reason) == (None, "")
    assert resend_failed(endpoint, since=clock.now() + timedelta(hours=1), actor=owner) == 0
    assert resend_failed(endpoint, since=since, actor=owner) == 3
    there.status = 204
    assert deliver_due() == 3
    assert set(EventDelivery.objects.values_list("status", flat=True)) == {"delivered"}


def test_receiver_that_is_gone_is_switched_off_at_once(endpoint, cpo, there):
    there.status = 410
    tell(cpo)
    deliver_due()
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, outcomes.RECEIVER_IS_GONE)
    assert not switch_off(endpoint.pk, reason="again")


def test_success_ends_the_failing(endpoint, cpo):
    WebhookEndpoint.objects.update(failing_since=clock.now() - timedelta(days=9))
    tell(cpo)
    deliver_due()
    endpoint.refresh_from_db()
    assert endpoint.is_enabled
    assert endpoint.failing_since is None


def test_delivered_event_can_be_sent_again_under_its_id(endpoint, cpo, owner, there):
    tell(cpo)
    deliver_due()
    resend(EventDelivery.objects.get(), actor=owner)
    assert deliver_due() == 1
    assert len({headers["webhook-id"] for headers, _body in there.received}) == 1
    assert EventDelivery.objects.get().status == DeliveryStatus.DELIVERED
    with pytest.raises(ForbiddenError):
        resend(EventDelivery.objects.get(), actor=make_user())


def test_both_secrets_sign_for_a_day_after_a_rotation(endpoint, cpo, owner, there):
    former = endpoint.secret
    renewed = rotate_secret(endpoint, actor=owner).secret
    assert renewed != former
    tell(cpo)
    deliver_due()
    headers, body = there.received[0]
    assert is_signed(headers, body, former)
    assert is_signed(headers, body, renewed)
    WebhookEndpoint.objects.update(former_secret_until=clock.now())
    tell(cpo, key="2")
    deliver_due()
    headers, body = there.received[1]
    assert is_signed(headers, body, renewed)
    assert not is_signed(headers, body, former)


def test_secret_is_encrypted_at_rest(endpoint):
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM cpo_webhookendpoint")
        (kept,) = cursor.fetchone()
    assert endpoint.secret.startswith("whsec_")
    assert endpoint.secret.removeprefix("whsec_") not in kept


def test_test_event_goes_out_whatever_the_endpoint_hears_of(endpoint, owner, there):
    send_test(endpoint, actor=owner)
    assert deliver_due() == 1
    assert json.loads(there.received[0][1])["type"] == "webhook.test"
    off = change_endpoint(endpoint, actor=owner, is_enabled=False)
    with pytest.raises(ConflictError):
        send_test(off, actor=owner)


def test_outcome_of_a_deleted_endpoint_is_no_ones(endpoint, cpo):
    tell(cpo)
    (parcel,) = claim_due()
    WebhookEndpoint.objects.all().delete()
    store_outcome(Outcome(parcel.delivery_id, parcel.url, 5, 200))
    assert not DeliveryAttempt.objects.exists()


def test_late_success_counts_after_the_delivery_was_given_up(endpoint, cpo, owner):
    tell(cpo)
    (parcel,) = claim_due()
    change_endpoint(endpoint, actor=owner, is_enabled=False)
    store_outcome(Outcome(parcel.delivery_id, parcel.url, 5, 500))
    assert EventDelivery.objects.get().status == DeliveryStatus.FAILED
    store_outcome(Outcome(parcel.delivery_id, parcel.url, 5, 200))
    assert EventDelivery.objects.get().status == DeliveryStatus.DELIVERED


def test_key_hears_of_nothing_that_it_may_not_read(cpo, there):
    create_api_key(name="k", cpo=cpo, scopes=["webhooks:write", "sessions:read"], actor="test")
    key = ApiKey.objects.get()
    create_endpoint(cpo, url=there.url, event_types=["session.ended"], actor=key)
    for types in (["payment.succeeded"], ["session.ended", "payment.*"], ["*"]):
        with pytest.raises(ForbiddenError):
            create_endpoint(cpo, url=there.url, event_types=types, actor=key)


@pytest.mark.parametrize("types", [[], ["session.*", "sessions.*"], ["webhook.test"]])
def test_event_types_have_to_exist(types, cpo, owner, there):
    with pytest.raises(InvalidError) as refusal:
        create_endpoint(cpo, url=there.url, event_types=types, actor=owner)
    assert refusal.value.field == "event_types"


def test_old_events_are_forgotten_with_their_log(endpoint, cpo, settings):
    tell(cpo)
    tell(cpo, key="2")
    deliver_due()
    old = clock.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS, minutes=1)
    WebhookEvent.objects.filter(key="session.ended:1").update(recorded_at=old)
    assert forget_old_events() == 1
    assert EventDelivery.objects.count() == DeliveryAttempt.objects.count() == 1


def test_call_goes_to_the_address_that_was_checked_under_the_receivers_own_name(
    endpoint, cpo, there, monkeypatch
):
    asked = []

    async def resolve_once(host, port, *, allow_loopback):
        asked.append(host)
        # The first address does not answer: the next one is tried.
        return ["127.0.0.9", "127.0.0.1"]

    monkeypatch.setattr("cpo.services.webhooks.sending.resolve", resolve_once)
    port = there.url.rpartition(":")[2].partition("/")[0]
    WebhookEndpoint.objects.update(url=f"http://hook.example.com:{port}/hook")
    tell(cpo)
    deliver_due()
    ((headers, _body),) = there.received
    assert (asked, headers["host"]) == (["hook.example.com"], f"hook.example.com:{port}")


@pytest.mark.django_db(transaction=True)
def test_two_who_find_the_same_events_at_once_queue_them_once(there):
    cpo = make_cpo()
    create_endpoint(cpo, url=there.url, event_types=["*"], actor=make_member(cpo))
    news = [
        News("session.ended", f"race:{number}", cpo.pk, clock.now(), {}) for number in range(50)
    ]
    made = []

    def find(found):
        try:
            made.append(emit_all(found))
        finally:
            connection.close()

    threads = [threading.Thread(target=find, args=(order,)) for order in (news, news[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert EventDelivery.objects.count() == WebhookEvent.objects.count() == 50
