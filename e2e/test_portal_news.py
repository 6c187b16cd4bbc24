"""Webhooks and notifications in a browser: an owner makes a webhook, reads its log and the bell."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from playwright.sync_api import expect

from cpo.events import NotificationsMade
from cpo.live import on_notifications_made
from cpo.models import (
    DeliveryAttempt,
    DeliveryStatus,
    EventDelivery,
    Notification,
    WebhookEndpoint,
)
from cpo.services.notifications.telling import notify
from cpo.services.webhooks.outbox import emit
from e2e.conftest import PHONE, WIDE
from unievp.lib import clock
from unievp.web.tests.cast import company, person

PASSWORD = "a-long-password"
SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_owner_makes_a_webhook_and_sends_again_what_failed(
    visit, transactional_db, language, screen
):
    alpha = company("Nusantara Charge")
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alpha.owner.email, PASSWORD, to="/company/webhooks")
    page.fill("#url", "https://hooks.nusantara.example/uniev")
    page.fill("#name", "ERP")
    page.click("text=payment.*")
    page.check("[value='session.*']")
    page.locator(".event-group summary").nth(1).click()
    visitor.picture(f"webhook-new-{language}-{screen}", whole=True)
    page.click("#new-webhook button")
    expect(page.locator(".whole-key")).to_contain_text("whsec_")
    visitor.picture(f"webhooks-{language}-{screen}", whole=True)
    endpoint = WebhookEndpoint.objects.get()
    fill_log(endpoint)
    page.goto(f"{visitor.server}/company/webhooks/{endpoint.pk}")
    page.locator("#deliveries details").first.locator("summary").click()
    visitor.picture(f"webhook-{language}-{screen}", whole=True)
    page.locator("#deliveries form button").nth(1).click()
    expect(page.locator(".alert-success")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]


def fill_log(endpoint):
    now = clock.now()
    for number, status in enumerate(("delivered", "failed", "failed", "pending")):
        emit("session.ended", key=f"e2e:{number}", cpo_id=endpoint.cpo_id, data={"id": number})
        delivery = EventDelivery.objects.latest("pk")
        good = status == DeliveryStatus.DELIVERED
        DeliveryAttempt.objects.create(
            delivery=delivery,
            at=now,
            url=endpoint.url,
            status=200 if good else 503,
            excerpt="ok" if good else "<html><body>Service Unavailable</body></html>",
            latency_ms=48,
        )
        EventDelivery.objects.filter(pk=delivery.pk).update(
            status=status,
            next_try_at=now + timedelta(minutes=5) if status == "pending" else None,
            last_status=200 if good else 503,
        )
    WebhookEndpoint.objects.update(failing_since=now - timedelta(hours=3), last_success_at=now)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_bell_rings_and_is_read(visit, transactional_db, language, screen):
    alpha = company("Nusantara Charge")
    args = {
        "charger": "NUSA-0007",
        "location": "Denpasar, Teuku Umar",
        "since_at": clock.now() - timedelta(minutes=16),
        "amount_idr": 12_500_000,
        "company": alpha.cpo.name,
        "connector": 2,
        "error": "GroundFailure",
        "reason": "The name at the bank is another one.",
    }
    for event in ("charger.offline", "charger.faulted", "settlement.paid", "settlement.rejected"):
        notify([alpha.owner], event=event, key=event, args=args, link="/wallet")
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alpha.owner.email, PASSWORD, to="/notifications")
    bell = page.locator("#bell-side" if screen == "desk" else "#bell-top")
    expect(bell).to_contain_text("4")
    visitor.picture(f"notifications-{language}-{screen}", whole=True)
    page.locator("#notifications a").first.click()
    page.wait_for_url(f"{visitor.server}/wallet")
    expect(bell).to_contain_text("3")
    page.goto(f"{visitor.server}/notifications")
    page.click("#read-all button")
    expect(page.locator("#read-all")).to_have_count(0)
    assert not Notification.objects.filter(read_at=None).exists()
    page.goto(f"{visitor.server}/notifications/choices")
    visitor.picture(f"notification-choices-{language}-{screen}", whole=True)
    page.fill("#quiet_from", "22:00")
    page.fill("#quiet_until", "06:00")
    page.click("#times button")
    expect(page.locator("#quiet_from")).to_have_value("22:00")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]


def test_staff_see_failing_webhooks(visit, transactional_db):
    alpha = company("Nusantara Charge")
    person("root@x.example", is_staff=True, is_superuser=True)
    visitor = visit()
    page = visitor.sign_in(alpha.owner.email, PASSWORD, to="/company/webhooks")
    page.fill("#url", "https://hooks.nusantara.example/uniev")
    page.check("[value='*']")
    page.click("#new-webhook button")
    endpoint = WebhookEndpoint.objects.get()
    fill_log(endpoint)
    visitor.page.goto("about:blank")
    desk = visit()
    # The admin has a font of its own.
    desk.expected.append("was preloaded using link preload")
    page = desk.sign_in("root@x.example", PASSWORD, to="/admin/cpo/webhookendpoint/")
    desk.picture("admin-webhooks", whole=True)
    page.goto(f"{desk.server}/admin/cpo/webhookendpoint/{endpoint.pk}/change/")
    desk.picture("admin-webhook", whole=True)
    delivery = EventDelivery.objects.filter(status="failed").latest("pk")
    page.goto(f"{desk.server}/admin/cpo/eventdelivery/{delivery.pk}/change/")
    desk.picture("admin-delivery", whole=True)


def test_bell_of_an_open_board_rings_at_once(visit, transactional_db):
    alpha = company("Nusantara Charge")
    visitor = visit()
    page = visitor.sign_in(alpha.owner.email, PASSWORD)
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    notify([alpha.owner], event="charger.offline", key="1", args={"charger": "NUSA-0001"})
    # In a thread of its own, as in a worker: the browser's loop runs in this one.
    thread = Thread(target=ring, args=(alpha.owner.pk,))
    thread.start()
    thread.join()
    expect(page.locator("#bell-side")).to_contain_text("1")


def ring(user_id):
    try:
        on_notifications_made(NotificationsMade((user_id,)))
    finally:
        connection.close()
