"""The bell, the list of what a person was told, and what they choose."""

from __future__ import annotations

import pytest

from cpo.models import Notification, NotificationChoice, NotificationSettings
from cpo.services.notifications.telling import notify
from unievp.lib import clock
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


def tell(who, key="1", **values):
    values = {"event": "charger.offline", "link": "/wallet"} | values
    args = {"charger": "<CP-1>", "location": "Kuta", "since_at": clock.now()}
    notify([who], key=key, args=args, **values)
    return Notification.objects.get(user=who, key=key)


def count(browser):
    return browser.get("/notifications/bell").content.decode()


def test_bell_counts_what_is_unread_of_ones_own(browser, alice):
    tell(person("other@alpha.example", alice.cpo))
    assert "badge" not in count(browser)
    for number in range(100):
        tell(alice.owner, key=str(number))
    assert count(browser).count("99+") == 2
    Notification.objects.filter(key__gte="2").update(read_at=clock.now())
    unread = Notification.objects.filter(user=alice.owner, read_at=None).count()
    assert f">{unread}<span" in count(browser)


def test_bell_of_somebody_who_signed_out_stops_asking(client):
    assert client.get("/notifications/bell").status_code == 286


def test_list_says_what_happened_and_escapes_it(browser, alice, django_assert_max_num_queries):
    for number in range(30):
        tell(alice.owner, key=str(number))
    with django_assert_max_num_queries(12):
        page = browser.get("/notifications").content.decode()
    assert page.count("&lt;CP-1&gt; is offline") == 25
    assert "Kuta, since" in page
    assert "WIB" in page
    assert "26 to 30 of 30" in browser.get("/notifications", {"page": 2}).content.decode()


def test_list_is_in_the_readers_language(browser, alice):
    tell(alice.owner)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "id"
    answer = browser.get("/notifications")
    assert answer["Content-Language"] == "id"
    assert answer.status_code == 200


def test_opening_one_reads_it_and_leads_to_what_it_is_about(browser, alice):
    row = tell(alice.owner)
    assert browser.get(f"/notifications/{row.pk}").url == "/wallet"
    row.refresh_from_db()
    assert row.read_at is not None
    outside = tell(alice.owner, key="2", link="https://evil.example/")
    assert browser.get(f"/notifications/{outside.pk}").url == "/notifications"
    assert browser.get(f"/notifications/{2**63}").status_code == 404


def test_other_peoples_are_not_there(browser, alice):
    rival = company("Bravo Charge")
    for other in (rival.owner, person("other@alpha.example", alice.cpo)):
        row = tell(other)
        assert browser.get(f"/notifications/{row.pk}").status_code == 404
        assert "CP-1" not in browser.get("/notifications").content.decode()
    browser.post("/notifications/read", {"seen": clock.now().isoformat()})
    assert not Notification.objects.filter(read_at__isnull=False).exists()


def test_all_that_was_seen_is_read_and_what_came_after_is_not(browser, alice):
    first = tell(alice.owner)
    seen = clock.now().isoformat()
    second = tell(alice.owner, key="2")
    browser.post("/notifications/read", {"seen": seen})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.read_at is not None, second.read_at) == (True, None)
    for junk in ("", "today", "2026-01-01"):
        browser.post("/notifications/read", {"seen": junk})
    assert Notification.objects.filter(read_at=None).count() == 0


def test_choices_are_kept(browser, alice):
    page = browser.get("/notifications/choices").content.decode()
    assert "A charger is offline" in page
    assert "waits for approval" not in page  # for the platform's people
    browser.post(
        "/notifications/choices/save",
        {
            "bell": ["charger.offline"],
            "mail.charger.offline": "digest",
            "mail.member.joined": "now",
        },
    )
    rows = NotificationChoice.objects.order_by("event").values_list("event", "in_bell", "mail")
    assert list(rows) == [("charger.offline", True, "digest"), ("member.joined", False, "now")]
    browser.post("/notifications/choices/save", {"mail.charger.offline": "hourly"})
    assert NotificationChoice.objects.filter(event="charger.offline", mail="digest").exists()
    assert 'value="digest" selected' in browser.get("/notifications/choices").content.decode()


def test_times_are_kept_and_refused_with_a_message(browser, alice):
    times = {"time_zone": "Asia/Makassar", "quiet_from": "22:00", "quiet_until": "06:30"}
    path = "/notifications/times/save"
    browser.post(path, times | {"digest_at": "08:15"})
    own = NotificationSettings.objects.get(user=alice.owner)
    assert (own.time_zone, f"{own.quiet_until:%H:%M}", f"{own.digest_at:%H:%M}") == (
        "Asia/Makassar",
        "06:30",
        "08:15",
    )
    answer = browser.post(path, times | {"quiet_from": "", "digest_at": "08:15"}, follow=True)
    assert "Quiet hours need both times" in answer.content.decode()
    page = browser.get("/notifications/choices").content.decode()
    assert 'value="22:00"' in page
    assert "<option selected>Asia/Makassar" in page


def test_every_page_of_the_portal_has_the_bell(browser):
    page = browser.get("/wallet").content.decode()
    assert 'href="/notifications"' in page
    assert 'hx-get="/notifications/bell"' in page
