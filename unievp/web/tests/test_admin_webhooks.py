"""Staff see which webhooks fail, and send again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from cpo.models import ApiKey, DeliveryStatus, EventDelivery, Notification, User, WebhookEndpoint
from unievp.lib import clock
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client):
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    return client


@pytest.fixture
def delivery():
    return make_row(EventDelivery, status=DeliveryStatus.FAILED, next_try_at=None)


def act(client, row, name):
    model = row._meta.model_name
    return client.post(reverse(f"admin:cpo_{model}_{name}", args=(row.pk,)))


def test_failing_webhooks_are_counted_on_the_home_page(root, delivery):
    WebhookEndpoint.objects.update(failing_since=clock.now())
    cards = root.get(reverse("admin:index")).context["cards"]
    (card,) = (card for card in cards if "webhookendpoint" in card["url"])
    assert (card["value"], card["alarm"]) == (1, "warning")
    assert delivery.endpoint.url in root.get(card["url"]).content.decode()


def test_failed_deliveries_are_sent_again(root, delivery):
    assert act(root, delivery.endpoint, "send_again").status_code == 302
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.PENDING
    EventDelivery.objects.update(status=DeliveryStatus.DELIVERED, next_try_at=None)
    act(root, delivery, "send_again")
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.PENDING


def test_endpoint_is_tested_and_switched(root, delivery):
    endpoint = delivery.endpoint
    act(root, endpoint, "test")
    assert EventDelivery.objects.filter(event__type="webhook.test", endpoint=endpoint).exists()
    for is_on in (False, True):
        act(root, endpoint, "switch")
        endpoint.refresh_from_db()
        assert endpoint.is_enabled is is_on
    act(root, endpoint, "switch")
    page = act(root, endpoint, "test")
    assert page.status_code == 200
    assert page.context["form"].non_field_errors()


def test_who_may_only_look_changes_nothing(client, delivery):
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(reader)
    for row, name in (
        (delivery.endpoint, "test"),
        (delivery.endpoint, "send_again"),
        (delivery.endpoint, "switch"),
        (delivery, "send_again"),
    ):
        assert act(client, row, name).status_code == 403
    assert EventDelivery.objects.get().status == DeliveryStatus.FAILED


def test_pages_show_no_secret(root, delivery):
    endpoint = delivery.endpoint
    for row in (endpoint, delivery):
        address = reverse(f"admin:cpo_{row._meta.model_name}_change", args=(row.pk,))
        assert endpoint.secret not in root.get(address).content.decode()


def test_api_key_is_revoked(root):
    key = make_row(ApiKey)
    assert act(root, key, "revoke").status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_metrics_tell_what_nobody_sends(root, delivery):
    late = clock.now() - timedelta(minutes=6)

    def gauges():
        lines = root.get("/metrics").content.decode().splitlines()
        names = ("uniev_events_overdue", "uniev_webhooks_failing", "uniev_mails_overdue")
        pairs = (each.split(" ", 1) for each in lines)
        return {name: value for name, value in pairs if name in names}

    assert set(gauges().values()) == {"0"}
    EventDelivery.objects.update(status=DeliveryStatus.PENDING, next_try_at=late)
    make_row(Notification, mail_due_at=late)
    assert gauges() == {
        "uniev_events_overdue": "1",
        "uniev_webhooks_failing": "0",
        "uniev_mails_overdue": "1",
    }
    # Where a receiver fails, waiting is the plan.
    WebhookEndpoint.objects.update(failing_since=late)
    assert gauges()["uniev_events_overdue"] == "0"
    assert gauges()["uniev_webhooks_failing"] == "1"
