"""“Explain this session” and the wire log in a browser: desk and phone, light and dark."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import expect

from chargers.models import MeterReading
from e2e.conftest import PHONE, WIDE
from unievp.web.tests.charged import charge

PASSWORD = "a-long-password"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sold(transactional_db):
    sold = charge("Nusantara Charge")
    sold.owner.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
    sold.owner.save()
    third = MeterReading.objects.filter(session_id=sold.session.pk).order_by("measured_at")[3]
    MeterReading.objects.filter(pk=third.pk).update(adjustments=["no offset: taken as UTC"])
    return sold


@pytest.mark.parametrize(
    ("language", "screen", "dark"),
    [("en", WIDE, False), ("en", PHONE, False), ("id", PHONE, True), ("id", WIDE, True)],
)
def test_session_is_explained_within_the_width_of_the_screen(visit, sold, language, screen, dark):
    visitor = visit(language=language, size=screen, dark=dark)
    page = visitor.sign_in(
        sold.owner.email, PASSWORD, to=f"/sessions/{sold.session.transaction_id}/explain"
    )
    expect(page.locator("#timeline .moment").first).to_be_visible()
    expect(page.locator("#curve")).to_be_visible()
    name = f"{language}-{screen['width']}"
    page.wait_for_timeout(200)
    visitor.picture(f"explain-{name}", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
    page.locator("#timeline summary").first.click()
    expect(page.locator("#timeline pre").first).to_be_visible()
    page.goto(f"{visitor.server}/chargers/{sold.charger.pk}/wire")
    expect(page.locator(".moment").first).to_be_visible()
    assert page.locator("#id_since").input_value() < page.locator("#id_until").input_value()
    visitor.picture(f"wire-{name}", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
