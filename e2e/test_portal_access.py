"""Id tokens, reservations and site power in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chargers.models import TokenSighting
from e2e.conftest import PHONE, WIDE
from unievp.lib import clock
from unievp.web.tests.cast import company

PASSWORD = "a-long-password"
SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_operator_issues_reserves_and_shares(visit, transactional_db, language, screen):
    alpha = company("Nusantara Charge")
    now = clock.now()
    TokenSighting.objects.create(
        tag="04A2B3C4D5",
        cpo=alpha.cpo,
        charger=alpha.charger,
        status="Invalid",
        first_seen_at=now,
        last_seen_at=now,
    )
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alpha.owner.email, PASSWORD, to="/tokens")
    page.fill("#token", "CARD-7")
    page.fill("#label", "Budi")
    page.click("#new-token button")
    expect(page.locator("#tokens form")).to_have_count(1)
    visitor.picture(f"tokens-{language}-{screen}", whole=True)
    page.goto(f"{visitor.server}/reservations")
    page.fill("#charger", "NUSANTARA-0001")
    page.fill("#connector", "2")
    page.fill("#id_tag", "CARD-7")
    page.click("#reserve button")
    expect(page.locator("#open form")).to_have_count(1)
    visitor.picture(f"reservations-{language}-{screen}", whole=True)
    page.goto(f"{visitor.server}/power/{alpha.location.pk}")
    page.fill("[name=power_kw]", "100")
    page.check("[name=enabled]")
    with page.expect_navigation():
        page.click("#budget button")
    visitor.picture(f"power-{language}-{screen}", whole=True)
    page.goto(f"{visitor.server}/power")
    expect(page.locator("#sites a")).to_contain_text("100 kW")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]
