"""The portal's wire log page: whose it is, what may be asked, and what nonsense does."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from chargers.tests.factories import make_charger
from unievp.lib import clock
from unievp.web.tests.cast import company
from unievp.web.tests.charged import charge, play, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold():
    return charge("Alpha Charge")


@pytest.fixture
def page(client):
    def get(user, url):
        client.force_login(user)
        return client.get(url, headers={"Accept-Language": "en"})

    return get


def url(charger, **query):
    return f"/chargers/{charger.pk}/wire" + (f"?{urlencode(query)}" if query else "")


def test_wire_log_of_a_rival_is_not_there(page, sold):
    rival = company("Bravo Charge")
    assert page(sold.owner, url(sold.charger)).status_code == 200
    assert page(rival.owner, url(sold.charger)).status_code == 404
    assert page(rival.owner, f"/chargers/{sold.charger.pk}/wire.jsonl").status_code == 404
    assert page(rival.owner, f"/chargers/{2**70}/wire").status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 15),
        ({"action": "MeterValues"}, 9),
        ({"action": "starttransaction"}, 1),
        ({"direction": "out"}, 0),
        ({"outcome": "failed"}, 0),
        ({"message_id": "nothing"}, 0),
        ({"since": "2020-01-01T00:00", "until": "2020-01-02T00:00"}, 0),
        # Nonsense asks for nothing special.
        ({"since": "soon"}, 15),
        ({"before": "x-y"}, 15),
        ({"before": f"{'9' * 16}-1"}, 15),
        ({"direction": "sideways"}, 15),
        ({"message_id": "\x00"}, 15),
    ],
)
def test_page_shows_what_was_asked_for(page, sold, query, count):
    response = page(sold.owner, url(sold.charger, **query))
    assert response.status_code == 200
    assert response.content.decode().count('class="moment moment-') == count


def test_range_that_is_upside_down_or_too_long_is_named(page, sold):
    upside_down = url(sold.charger, since="2026-02-02T00:00", until="2026-02-01T00:00")
    too_long = url(sold.charger, since="2026-01-01T00:00", until="2026-12-01T00:00")
    for wrong in (upside_down, too_long):
        assert "at most 31 days" in page(sold.owner, wrong).content.decode()


def test_times_are_those_of_the_place(page):
    bob = company("Bravo Charge", zone="Asia/Jayapura")
    charger = make_charger(location=bob.location)
    at = clock.now().replace(second=7, microsecond=0) - timedelta(minutes=3)
    play(charger, [(at, "StatusNotification", status("Available", at))])
    local = at + timedelta(hours=9)
    query = {
        "since": f"{local:%Y-%m-%dT%H:%M}",
        "until": f"{local + timedelta(minutes=1):%Y-%m-%dT%H:%M}",
    }
    text = page(bob.owner, url(charger, **query)).content.decode()
    assert f">{local:%H:%M:07}<" in text
    assert "WIT" in text


def test_older_page_follows_by_its_key(page, sold):
    now = clock.now()
    play(
        sold.charger,
        [(now - timedelta(milliseconds=n), "Heartbeat", {}) for n in range(120)],
    )
    text = page(sold.owner, url(sold.charger)).content.decode()
    assert text.count('class="moment moment-') == 100
    link = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    older = page(sold.owner, f"/chargers/{sold.charger.pk}/wire{link}").content.decode()
    assert older.count('class="moment moment-') == 35
    assert 'rel="next"' not in older
