"""An empty company's first day: its data, a charger, a tariff, and the first car charges."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from chargers.models import Charger
from cpo.models import CPOStatus
from cpo.tests.factories import make_cpo
from e2e.days.conftest import PASSWORD, SIDES, SOON_MS
from unievp.lib import clock
from unievp.web.tests.cast import person

pytestmark = pytest.mark.django_db(transaction=True)
CHARGER = "HARBOUR-0007"


@SIDES
def test_new_company_is_led_to_its_first_charge(visit, plug_in, transactional_db, language, size):
    cpo = make_cpo(name="Nusantara Charge", status=CPOStatus.VERIFIED, verified_at=clock.now())
    person("owner@nusantara.example", cpo)
    owner = visit(language=language, size=size)
    owner.expected.append("was preloaded")
    page = owner.sign_in("owner@nusantara.example", PASSWORD, "/overview")
    expect(page.locator("#first-steps li")).to_have_count(5)
    complete_the_company(owner)
    password = add_the_charger(owner)
    make_and_sell_a_tariff(owner)
    issue_a_card(owner)
    charger = Charger.objects.get(identity=CHARGER)
    page.goto(f"{owner.server}/overview")
    expect(page.locator("#first-steps .first-step-done")).to_have_count(3)
    with plug_in(charger, password=password, speed=10):
        page.reload()
        expect(page.locator("#first-steps .first-step-done")).to_have_count(4)
        next_step(owner)
        number = charge_a_car(owner, charger)
    look_at_the_session(owner, number)


def next_step(owner):
    """The first one that is not done leads on."""
    if "/overview" not in owner.page.url:
        owner.page.goto(f"{owner.server}/overview")
    owner.page.locator("#first-steps a").first.click()


def complete_the_company(owner):
    page = owner.page
    next_step(owner)
    page.fill("#contact_phone", "+62 21 5550 1100")
    page.locator("#company-data button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    page.fill("#bank_code", "BCA")
    page.fill("#bank_account_number", "0123456789")
    page.fill("#bank_account_name", "PT Nusantara Daya Kendaraan")
    page.locator("#bank-account button").click()
    expect(page.locator("#bank-account .badge")).to_be_visible()


def add_the_charger(owner):
    page = owner.page
    next_step(owner)
    page.fill("[name=identity]", CHARGER)
    page.fill("[name=location_name]", "Harbour")
    page.click("#add-charger button")
    expect(page.locator("#password")).not_to_be_empty()
    # What to do at the charger of each make.
    recipe = page.locator("details", has_text="Alfen")
    recipe.locator("summary").click()
    expect(recipe.locator("li").first).to_be_visible()
    expect(page.locator("#first-sign")).to_be_visible()
    return page.locator("#password").inner_text()


def make_and_sell_a_tariff(owner):
    page = owner.page
    next_step(owner)
    page.fill("[name=name]", "Harbour AC")
    page.fill("[name=per_kwh]", "2400")
    # The driver's price of an example, while one types.
    expect(page.locator("#trial tr").last).to_contain_text("48")
    page.locator("#prices button").click()
    expect(page.locator("h1")).to_have_text("Harbour AC")
    page.fill("#charger", CHARGER)
    page.locator("#sell button").click()
    expect(page.locator("#sold")).to_contain_text(CHARGER)


def issue_a_card(owner):
    page = owner.page
    page.goto(f"{owner.server}/tokens")
    page.fill("#token", "CARD-1")
    page.click("#new-token button")
    expect(page.locator("#tokens")).to_contain_text("CARD-1")


def charge_a_car(owner, charger):
    """Started and stopped on the charger's page, which shows the car's energy by itself."""
    page = owner.page
    expect(page.locator("h1")).to_have_text(CHARGER)
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    page.fill("#start-tag", "CARD-1")
    page.locator("form[action$='/start'] button").click()
    expect(page.locator("#commands .badge").first).to_have_text("Accepted", timeout=SOON_MS)
    session = page.locator(f"#charger-{charger.pk} a.session")
    expect(session).to_be_visible(timeout=SOON_MS)
    expect(session).not_to_contain_text(re.compile(r"\b0[.,]00 kWh"), timeout=SOON_MS)
    number = session.get_attribute("href").rpartition("/")[2]
    page.reload()
    page.locator("form[action$='/stop'] button").click()
    expect(session).to_be_hidden(timeout=SOON_MS)
    return number


def look_at_the_session(owner, number):
    page, deadline = owner.page, time.monotonic() + SOON_MS / 1000
    page.goto(f"{owner.server}/sessions")
    billed = page.locator("#sessions .badge.bg-green-lt")
    while not billed.is_visible():
        assert time.monotonic() < deadline
        page.wait_for_timeout(250)
        page.reload()
    page.locator(f"#sessions a[href$='/{number}']").click()
    expect(page.locator(".bill")).to_be_visible()
    page.goto(f"{owner.server}/overview")
    expect(page.locator("#curves")).to_be_visible()
    expect(page.locator("#first-steps")).to_have_count(0)
