"""The webhooks of a company in its portal."""

from __future__ import annotations

import re

import pytest

from cpo.models import DeliveryAttempt, DeliveryStatus, EventDelivery, Role, WebhookEndpoint
from cpo.services.webhooks.outbox import emit
from unievp.lib import clock
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db
WANTED = {"url": "https://hooks.example.com/", "event_types": ["session.*"], "name": "Shop"}


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


@pytest.fixture
def webhook(browser):
    browser.post("/company/webhooks", WANTED)
    return WebhookEndpoint.objects.get()


def path(webhook, name=""):
    return f"/company/webhooks/{webhook.pk}{name}"


def test_secret_is_shown_once(browser, alice):
    page = browser.post("/company/webhooks", WANTED).content.decode()
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.cpo, endpoint.url, endpoint.created_by) == (
        alice.cpo,
        WANTED["url"],
        alice.owner,
    )
    assert endpoint.secret in page
    for address in ("/company/webhooks", path(endpoint)):
        answer = browser.get(address)
        assert "Shop" in answer.content.decode()
        assert endpoint.secret not in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]


def test_refused_webhook_says_why_and_keeps_what_was_typed(browser):
    page = browser.post("/company/webhooks", WANTED | {"url": "http://10.0.0.1/"}).content.decode()
    assert "https://." in page
    assert 'value="http://10.0.0.1/"' in page
    assert re.search(r'value="session\.\*" checked', page)
    assert not WebhookEndpoint.objects.exists()


def test_pages_are_for_those_who_manage_the_company(browser, alice, webhook):
    rival = company("Bravo Charge")
    addresses = ["/company/webhooks", path(webhook)]
    posts = [path(webhook, f"/{name}") for name in ("change", "secret", "test", "resend")]
    for role in (Role.OPERATOR, Role.FINANCE, Role.VIEWER):
        browser.force_login(person(f"{role}@alpha.example", alice.cpo, role))
        assert {browser.get(each).status_code for each in addresses} == {404}
        assert {browser.post(each).status_code for each in posts} == {404}
    browser.force_login(rival.owner)
    assert "Shop" not in browser.get("/company/webhooks").content.decode()
    assert {browser.post(each).status_code for each in posts} == {404}
    assert browser.get(path(webhook)).status_code == 404
    assert browser.get(path(webhook), {"cpo": alice.cpo.pk}).status_code == 404


def test_log_shows_what_the_receiver_said_and_failed_ones_are_sent_again(
    browser, alice, webhook, django_assert_max_num_queries
):
    for number in range(30):
        emit("session.ended", key=str(number), cpo_id=alice.cpo.pk, data={})
    EventDelivery.objects.update(
        status=DeliveryStatus.FAILED, next_try_at=None, last_status=503, tries=11
    )
    for delivery in EventDelivery.objects.all():
        DeliveryAttempt.objects.create(
            delivery=delivery,
            at=clock.now(),
            url=webhook.url,
            status=503,
            excerpt="<b>busy</b>",
            latency_ms=21,
        )
    with django_assert_max_num_queries(15):
        page = browser.get(path(webhook)).content.decode()
    assert page.count("HTTP 503") == 50
    assert "&lt;b&gt;busy" in page
    assert "1 to 25 of 30" in page
    assert "26 to 30 of 30" in browser.get(path(webhook), {"page": 2}).content.decode()
    assert "Nothing here" in browser.get(path(webhook), {"status": "pending"}).content.decode()
    newest = EventDelivery.objects.latest("pk")
    browser.post(path(webhook, "/resend"), {"delivery": newest.pk})
    assert EventDelivery.objects.get(status="pending") == newest
    page = browser.post(path(webhook, "/resend"), {"days": "5"}, follow=True).content.decode()
    assert "29 are sent again." in page
    assert EventDelivery.objects.filter(status="pending").count() == 30


@pytest.mark.parametrize("text", ["0", "x", "9" * 30, "-1"])
def test_delivery_that_is_not_there_is_not_found(browser, webhook, text):
    assert browser.post(path(webhook, "/resend"), {"delivery": text}).status_code == 404


def test_delivery_of_a_rival_is_not_found(browser, webhook):
    rival = company("Bravo Charge")
    emit("session.ended", key="1", cpo_id=webhook.cpo_id, data={})
    browser.force_login(rival.owner)
    browser.post("/company/webhooks", WANTED)
    own = WebhookEndpoint.objects.get(cpo=rival.cpo)
    answer = browser.post(path(own, "/resend"), {"delivery": EventDelivery.objects.get().pk})
    assert answer.status_code == 404


def test_webhook_is_tested_changed_switched_and_taken_away(browser, webhook):
    browser.post(path(webhook, "/test"))
    assert 'hx-trigger="every 2s"' in browser.get(path(webhook)).content.decode()
    assert EventDelivery.objects.get().event.type == "webhook.test"
    EventDelivery.objects.update(status=DeliveryStatus.DELIVERED, next_try_at=None)
    assert "every 2s" not in browser.get(path(webhook)).content.decode()
    browser.post(path(webhook, "/change"), WANTED | {"name": "Till", "event_types": ["*"]})
    webhook.refresh_from_db()
    assert (webhook.name, webhook.event_types) == ("Till", ["*"])
    browser.post(path(webhook, "/change"), {"switch": "1"})
    webhook.refresh_from_db()
    assert not webhook.is_enabled
    assert "This webhook is off" in browser.get(path(webhook)).content.decode()
    browser.post(path(webhook, "/change"), {"delete": "1"})
    assert not WebhookEndpoint.objects.exists()


def test_new_secret_is_shown_once(browser, webhook):
    page = browser.post(path(webhook, "/secret")).content.decode()
    renewed = WebhookEndpoint.objects.get().secret
    assert renewed != webhook.secret
    assert renewed in page
    assert renewed not in browser.get(path(webhook)).content.decode()
