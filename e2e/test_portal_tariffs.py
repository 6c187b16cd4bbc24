"""A tariff in a browser: while it is typed the driver's text appears; then it is sold."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.conftest import PHONE, WIDE
from unievp.web.tests.cast import company

PASSWORD = "a-long-password"
SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_owner_makes_a_tariff_and_sells_it(visit, transactional_db, language, screen):
    alpha = company("Nusantara Charge")
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alpha.owner.email, PASSWORD, to="/tariffs")
    page.locator(".btn-primary").first.click()
    page.fill("[name=name]", "DC Harbour")
    page.fill("[name=per_kwh]", "2400")
    page.fill("[name=idle_per_minute]", "500")
    expect(page.locator("#trial tr").last).to_contain_text("48")
    visitor.picture(f"tariff-new-{language}-{screen}", whole=True)
    page.locator("#prices button").click()
    expect(page.locator("h1")).to_have_text("DC Harbour")
    page.fill("#charger", "NUSANTARA-0001")
    page.locator("#sell button").click()
    expect(page.locator("#sold")).to_contain_text("NUSANTARA-0001")
    visitor.picture(f"tariff-{language}-{screen}", whole=True)
    page.goto(f"{visitor.server}/tariffs")
    expect(page.locator("#tariffs a")).to_have_count(1)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]
