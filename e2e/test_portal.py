"""A CPO's owner at the portal: both languages, desk and phone, live changes, a lost line."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from chargers import live
from chargers.models import ChargingSession, Connector, Presence
from e2e.conftest import PHONE, WIDE
from e2e.telling import tell
from unievp.lib import clock
from unievp.web.tests.cast import add_charger, company, start_session

PASSWORD = "a-long-password"
SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(transactional_db):
    """A company with something to look at."""
    alpha = company("Nusantara Charge")
    names = ["Lobby A", "Fast lane", "Beach side", "Car park", "Harbour", "Plaza"]
    chargers = [alpha.charger]
    chargers += [add_charger(alpha.location, f"NUSANTARA-{n:04d}") for n in range(2, 7)]
    for charger, name in zip(chargers, names, strict=True):
        charger.name = name
        charger.save()
        charger.connectors.update(
            standard="IEC_62196_T2_COMBO", max_power_w=120_000, power_type="DC"
        )
    start_session(
        chargers[1].connectors.first(), energy_wh=31_420, power_w=96_300, soc_percent=41,
        cost=90_300, started_at=clock.now() - timedelta(minutes=22),
    )  # fmt: skip
    start_session(chargers[2].connectors.last(), energy_wh=3_100, power_w=7_400, soc_percent=None)
    chargers[3].connectors.filter(number=1).update(
        status="Faulted", error_code="GroundFailure", vendor_error_code="E-1042"
    )
    chargers[3].connectors.filter(number=2).update(status="SuspendedEV")
    chargers[4].connectors.filter(number=1).update(status="Preparing")
    Presence.objects.filter(charger=chargers[5]).update(
        online=False, last_seen_at=clock.now() - timedelta(hours=3)
    )
    for hours in range(1, 9):
        start_session(
            chargers[0].connectors.last(), status="ended", billing_status="billed",
            started_at=clock.now() - timedelta(minutes=3, seconds=hours), ended_at=clock.now(),
            energy_wh=21_000 + hours * 700, cost=51_800 + hours * 1_700, power_w=None,
            soc_percent=None,
        )  # fmt: skip
    Connector.objects.filter(charger=chargers[0], number=2).update(status="Available")
    return alpha


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_owner_signs_in_and_sees_the_board(visit, alice, language, screen):
    visitor = visit(language=language, size=SCREENS[screen])
    visitor.page.goto(f"{visitor.server}/")
    visitor.picture(f"login-{language}-{screen}")
    page = visitor.sign_in(alice.owner.email, PASSWORD)
    expect(page.locator("article.charger")).to_have_count(6)
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    title = {"en": "Chargers", "id": "Pengisi daya"}[language]
    expect(page.locator("h1")).to_have_text(title)
    page.wait_for_timeout(300)
    visitor.picture(f"board-{language}-{screen}", whole=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]


def test_board_in_the_dark(visit, alice):
    visitor = visit(dark=True)
    page = visitor.sign_in(alice.owner.email, PASSWORD)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    visitor.picture("board-dark")
    page.locator("[data-theme-toggle]:visible").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_change_shows_without_a_reload(visit, alice):
    page = visit().sign_in(alice.owner.email, PASSWORD)
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    page.evaluate("window.sameDocument = true")
    card = page.locator(f"#charger-{alice.charger.pk}")
    expect(card).to_contain_text("48.5 kW")
    ChargingSession.objects.filter(pk=alice.session.pk).update(power_w=51_200, energy_wh=14_000)
    alice.connectors[1].status, alice.connectors[1].error_code = "Faulted", "OverVoltage"
    alice.connectors[1].save()
    tell(alice)
    expect(card).to_contain_text("51.2 kW")
    expect(card).to_contain_text("14.00 kWh")
    expect(card).to_contain_text("OverVoltage")
    expect(card).to_have_class(re.compile("charger-faulted"))
    expect(page.locator("#kpis .kpi-red .kpi-value")).to_have_text("2")
    assert page.evaluate("window.sameDocument") is True


def test_missed_message_makes_the_page_fetch_everything(visit, alice):
    page = visit().sign_in(alice.owner.email, PASSWORD)
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    other = page.locator("article.charger").nth(1)
    expect(other).to_contain_text("96.3 kW")
    ChargingSession.objects.filter(power_w=96_300).update(power_w=12_000)
    # A message that never arrived: the version moved on without one.
    live._client().incr(live._key(str(alice.cpo.pk)))
    tell(alice)
    expect(other).to_contain_text("12.0 kW")


def test_lost_line_says_so_and_comes_back(visit, alice):
    visitor = visit()
    visitor.expected.append("WebSocket")
    visitor.expected.append("ERR_INTERNET_DISCONNECTED")
    page = visitor.sign_in(alice.owner.email, PASSWORD)
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    visitor.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#live")).to_have_attribute("data-state", "off")
    visitor.picture("board-lost")
    ChargingSession.objects.filter(pk=alice.session.pk).update(power_w=33_300)
    tell(alice)
    visitor.context.set_offline(False)
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator(f"#charger-{alice.charger.pk}")).to_contain_text("33.3 kW")


def test_filter_and_search_change_the_list_and_the_address(visit, alice):
    page = visit().sign_in(alice.owner.email, PASSWORD)
    page.select_option("select[name=state]", "faulted")
    expect(page.locator("article.charger")).to_have_count(1)
    expect(page).to_have_url(re.compile("state=faulted"))
    page.select_option("select[name=state]", "")
    expect(page.locator("article.charger")).to_have_count(6)
    page.fill("#q", "harbour")
    expect(page.locator("article.charger")).to_have_count(1)
    expect(page.locator("article.charger")).to_contain_text("NUSANTARA-0005")
    expect(page.locator("#q")).to_be_focused()
    page.fill("#q", "nothing like this")
    expect(page.locator("#chargers")).to_contain_text("No charger matches")
    page.reload()
    expect(page.locator("#q")).to_have_value("nothing like this")


def test_language_is_switched_in_place(visit, alice):
    page = visit(language="en").sign_in(alice.owner.email, PASSWORD)
    page.locator(".topbar [title=Language]").click()
    page.locator(".topbar button[name=language][value=id]").click()
    expect(page.locator("html")).to_have_attribute("lang", "id")


@pytest.mark.parametrize("screen", SCREENS)
def test_sessions_and_one_of_them(visit, alice, screen):
    visitor = visit(size=SCREENS[screen])
    add_readings(alice.session)
    page = visitor.sign_in(alice.owner.email, PASSWORD, "/sessions")
    expect(page.locator("#sessions tbody tr")).to_have_count(11)
    visitor.picture(f"sessions-{screen}")
    page.goto(f"{visitor.server}/sessions/{alice.session.transaction_id}")
    expect(page.locator("#curve")).to_be_visible()
    visitor.picture(f"session-{screen}", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen]["width"]


def test_keyboard_reaches_the_content_first(visit, alice):
    page = visit().sign_in(alice.owner.email, PASSWORD)
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def add_readings(session):
    from chargers.models import MeterReading

    now = clock.now()
    for minute in range(40):
        MeterReading.objects.create(
            charger_id=session.charger_id, connector_number=1, session_id=session.pk,
            measured_at=session.started_at + timedelta(minutes=minute), received_at=now,
            power_w=96_000 - max(0, minute - 18) * 3_100, soc_percent=20 + minute * 3 // 2,
            energy_wh=1_000 + minute * 1_500, samples=[], content_hash=bytes([minute]) * 32,
        )  # fmt: skip
