"""Roaming in the portal: partners of one's own, what was said to them, and nobody else's."""

from __future__ import annotations

import pytest

from cpo.models import Role
from ocpi.models import Exchange, Partner, Party, Push
from ocpi.services.partners.inviting import invite_partner
from payments.tests.factories import make_member
from unievp.lib import clock
from unievp.web.tests.cast import company

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return company("Alpha Charge")


@pytest.fixture
def browser(client, alice):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice.owner)
    return client


@pytest.fixture
def partner(alice):
    partner, _token = invite_partner(name="Acme", cpo=alice.cpo, actor="test")
    return partner


def push(partner, **values):
    now = clock.now()
    return Push.objects.create(
        partner=partner,
        module="locations",
        object_id="L1",
        status="dead",
        attempts=5,
        error="HTTP 500",
        marked_at=now,
        next_at=now,
        **values,
    )


def register(partner):
    Partner.objects.filter(pk=partner.pk).update(
        status="registered",
        registered_at=clock.now(),
        versions_url="http://127.0.0.1:9/versions",
        version="2.2.1",
        token="x",
    )


def test_a_partner_is_invited_and_its_token_shown_once(browser, alice):
    page = browser.post("/roaming/invite", {"name": "Acme Mobility"}).content.decode()
    partner = Partner.objects.get()
    assert (partner.name, partner.cpo) == ("Acme Mobility", alice.cpo)
    assert "/ocpi/versions" in page
    assert 'id="made"' in page
    again = browser.get("/roaming").content.decode()
    assert "Acme Mobility" in again
    assert 'id="made"' not in again
    assert 'id="made"' not in browser.post("/roaming/invite", {"name": " "}).content.decode()
    assert 'id="made"' in browser.post("/roaming/invite", {"partner": partner.pk}).content.decode()


def test_what_was_given_up_is_sent_again(browser, partner):
    row = push(partner)
    Exchange.objects.create(
        partner=partner,
        direction="out",
        method="PUT",
        url="https://x/<b>",
        error="HTTP 500",
        http_status=500,
    )
    page = browser.get(f"/roaming/{partner.pk}?only=failed").content.decode()
    assert "HTTP 500" in page
    assert "&lt;b&gt;" in page
    browser.post(f"/roaming/{partner.pk}/resend", {"push": row.pk})
    row.refresh_from_db()
    assert row.status == "waiting"
    assert browser.post(f"/roaming/{partner.pk}/resend", {"push": "9"}).status_code == 404


def test_all_that_was_given_up_is_sent_again_by_one_button(browser, partner):
    row = push(partner)
    address = f"/roaming/{partner.pk}"
    # Not connected: nobody would be sent to, so it is not offered and changes nothing.
    assert 'id="resend-given-up"' not in browser.get(address).content.decode()
    browser.post(f"{address}/resend-given-up")
    row.refresh_from_db()
    assert row.status == "dead"
    register(partner)
    assert 'id="resend-given-up"' in browser.get(address).content.decode()
    page = browser.post(f"{address}/resend-given-up", follow=True).content.decode()
    assert "1 object is sent again." in page
    assert 'id="resend-given-up"' not in page
    row.refresh_from_db()
    assert row.status == "waiting"
    assert "0 objects are sent again." in (
        browser.post(f"{address}/resend-given-up", follow=True).content.decode()
    )


def test_disconnecting_asks_and_a_dead_connection_is_told(browser, partner):
    register(partner)
    address = f"/roaming/{partner.pk}"
    assert browser.get(address).status_code == 200
    browser.post(f"{address}/test")
    assert "alert" in browser.get(address).content.decode()
    browser.post(f"{address}/disconnect")
    assert Partner.objects.get().status == "registered"
    browser.post(f"{address}/disconnect", {"sure": "yes"})
    assert Partner.objects.get().status == "disconnected"
    assert browser.post(f"{address}/explode").status_code == 404


def test_the_owner_opens_the_list_to_everybody(browser, alice):
    browser.post("/roaming/open-data", {"wanted": "yes"})
    party = Party.objects.get(cpo=alice.cpo)
    assert party.open_data
    code = f"{party.country_code}-{party.party_id}"
    assert f"/open-data/{code}/locations" in browser.get("/roaming").content.decode()
    browser.post("/roaming/open-data", {"wanted": "no"})
    party.refresh_from_db()
    assert not party.open_data


@pytest.mark.parametrize(("role", "test", "rest"), [("viewer", 404, 404), ("operator", 302, 404)])
def test_roles_do_what_they_may(client, alice, partner, role, test, rest):
    client.force_login(make_member(alice.cpo, Role(role)))
    assert client.get("/roaming").status_code == 200
    assert client.get(f"/roaming/{partner.pk}").status_code == 200
    for name in ("test", "resend-given-up"):
        assert client.post(f"/roaming/{partner.pk}/{name}").status_code == test
    assert client.post("/roaming/invite", {"name": "x"}).status_code == rest
    assert client.post("/roaming/open-data", {"wanted": "yes"}).status_code == rest
    assert client.post(f"/roaming/{partner.pk}/disconnect", {"sure": "yes"}).status_code == rest


def test_a_rivals_partner_is_not_there(client, partner):
    bob = company("Beta Charge")
    client.force_login(bob.owner)
    row = push(partner)
    assert "Acme" not in client.get("/roaming").content.decode()
    assert client.get(f"/roaming/{partner.pk}").status_code == 404
    register(partner)
    for name in ("test", "resend-given-up", "disconnect"):
        assert client.post(f"/roaming/{partner.pk}/{name}", {"sure": "yes"}).status_code == 404
    row.refresh_from_db()
    assert row.status == "dead"
    assert client.post(f"/roaming/{partner.pk}/resend", {"push": row.pk}).status_code == 404
    assert client.post("/roaming/invite", {"partner": partner.pk}).status_code == 404
