"""Reports in a browser: chosen, begun on the page, and fetched as a file."""

from __future__ import annotations

import pytest

from chargers.tests.factories import make_token, send_one, start, stop
from e2e.conftest import PHONE, WIDE
from unievp.web.tests.cast import company

PASSWORD = "a-long-password"
SCREENS = {"desk": ("en", WIDE), "phone": ("id", PHONE)}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("screen", SCREENS)
def test_owner_takes_a_report(visit, transactional_db, screen):
    language, size = SCREENS[screen]
    alpha = company("Nusantara Charge")
    make_token("REPORT")
    number = send_one(alpha.charger, start("REPORT", connector=2)).transaction_id
    send_one(alpha.charger, stop(number, meter=9_500, seconds=1800))
    visitor = visit(language=language, size=size)
    page = visitor.sign_in(alpha.owner.email, PASSWORD, to="/reports?name=energy&period=year")
    visitor.picture(f"reports-energy-{screen}", whole=True)
    page.goto(f"{visitor.server}/reports?period=year")
    page.select_option("#period", "today")
    page.wait_for_url("**period=today**")
    page.fill("#from", "2026-01-01")
    assert page.input_value("#period") == "dates"
    page.goto(f"{visitor.server}/reports?period=year")
    with page.expect_download() as download:
        page.click("[data-file=csv]")
    text = download.value.path().read_text("utf-8-sig")
    assert text.startswith("transaction_id,")
    assert str(number) in text
    visitor.picture(f"reports-{screen}", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
