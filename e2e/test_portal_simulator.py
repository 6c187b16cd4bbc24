"""The simulator's page in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.conftest import PHONE, WIDE
from unievp.web.tests.cast import company

SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_tester_starts_a_virtual_charger(visit, transactional_db, language, screen):
    alpha = company("Nusantara Charge")
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alpha.owner.email, "a-long-password", to="/simulator")
    page.click("#start button")
    runs = page.locator("#runs form")
    expect(runs).to_have_count(1)
    visitor.picture(f"simulator-{language}-{screen}", whole=True)
    runs.locator("button[value=stop]").click()
    expect(runs.locator(".badge")).to_have_count(1)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]
