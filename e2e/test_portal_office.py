"""The office in a browser: an owner invites somebody, makes a key, and finds both in the log."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.conftest import PHONE, WIDE
from unievp.web.tests.cast import company

PASSWORD = "a-long-password"
SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_owner_runs_the_office(visit, transactional_db, language, screen):
    alpha = company("Nusantara Charge")
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alpha.owner.email, PASSWORD, to="/company")
    visitor.picture(f"company-{language}-{screen}", whole=True)
    page.goto(f"{visitor.server}/company/team")
    page.fill("#email", "finance@nusantara.example")
    page.select_option("#role", "finance")
    page.click("#invite button")
    expect(page.locator("#invitations form")).to_have_count(1)
    visitor.picture(f"team-{language}-{screen}", whole=True)
    page.goto(f"{visitor.server}/company/keys")
    page.fill("#name", "ERP")
    page.check("[value='chargers:read']")
    page.click("#new-key button")
    expect(page.locator(".whole-key")).to_contain_text("uniev_")
    visitor.picture(f"keys-{language}-{screen}", whole=True)
    page.goto(f"{visitor.server}/company/log")
    expect(page.locator("#log tbody tr")).to_have_count(2)
    visitor.picture(f"log-{language}-{screen}", whole=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]
