"""The overview in a browser: curves and map are drawn, and no foreign host is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from e2e.conftest import PHONE, WIDE
from unievp.web.tests.cast import company

SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_owner_begins_the_day(visit, transactional_db, language, screen):
    alpha = company("Nusantara Charge")
    alpha.location.latitude, alpha.location.longitude = Decimal("-6.2"), Decimal("106.8")
    alpha.location.save()
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alpha.owner.email, "a-long-password", to="/overview")
    page.locator("#map").scroll_into_view_if_needed()
    expect(page.locator("#map path.site")).to_have_count(1)
    expect(page.locator("#attention a")).to_have_count(1)
    visitor.picture(f"overview-{language}-{screen}", whole=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]


def test_open_overview_follows_what_happens(visit, transactional_db):
    alpha = company("Nusantara Charge")
    alpha.location.latitude, alpha.location.longitude = Decimal("-6.2"), Decimal("106.8")
    alpha.location.save()
    visitor = visit()
    visitor.page.clock.install()
    page = visitor.sign_in(alpha.owner.email, "a-long-password", to="/overview")
    page.locator("#map").scroll_into_view_if_needed()
    expect(page.locator("#map path.site-online")).to_have_count(1)
    page.evaluate("window.sameDocument = true")
    alpha.connectors[1].status = "Faulted"
    alpha.connectors[1].save()
    page.clock.fast_forward("01:05")
    expect(page.locator("#kpis .kpi-red .kpi-value")).to_have_text("1")
    expect(page.locator("#map path.site-faulted")).to_have_count(1)
    assert page.evaluate("window.sameDocument") is True
