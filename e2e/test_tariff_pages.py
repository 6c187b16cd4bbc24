"""Prices in the admin: what a session costs, and what past ones would have cost."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from chargers.services.assignments import assign_tariff
from chargers.tests.priced_sessions import make_session
from e2e.conftest import PHONE, WIDE
from tariffs.pricing import SimpleTariff, simple_rules
from tariffs.services.templates import create_template
from tariffs.tests.rules_of_law import seed_rules
from unievp.lib import clock
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("language", "size"), [("en", WIDE), ("id", PHONE)], ids=["english-desk", "indonesian-phone"]
)
def test_session_is_described_and_past_ones_compared(language, size, visit):
    seed_rules()
    alpha = company("Nusantara Charge")
    root = person("root@staff.example", is_staff=True, is_superuser=True)
    rules = simple_rules(
        SimpleTariff(Decimal(2440), Decimal(11100), Decimal(500), 15, Decimal(2097))
    )
    template = create_template(alpha.cpo, name="AC Jakarta", rules=rules, actor=root)
    assign_tariff(alpha.charger, template=template, actor=root)
    for hours in range(1, 13):
        make_session(alpha.charger, template, energy_wh=4_000 * hours, hours_ago=30 * hours)
    desk = visit(language=language, size=size)
    page = desk.sign_in("root@staff.example", "a-long-password", to="/admin/")
    name = f"{language}-{size['width']}"
    base = f"{desk.server}/admin/tariffs/tarifftemplate/{template.pk}"
    page.goto(f"{base}/preview")
    page.fill("input[name=idle_minutes]", "30")
    page.locator("main form button[type=submit], form[method=get] button[type=submit]").last.click()
    expect(page.locator("table")).to_contain_text("48.800" if language == "id" else "48,800")
    desk.picture(f"tariff-preview-{name}", whole=True)
    page.goto(f"{desk.server}/admin/chargers/tariffassignment/of/{template.pk}/compare")
    page.fill("input[name=since]", "2026-01-01")
    page.fill("input[name=until]", (clock.now() + timedelta(days=1)).date().isoformat())
    page.fill("input[name=per_kwh]", "2466")
    page.locator("form[method=get] button[type=submit]").last.click()
    expect(page.get_by_text(re.compile("12 (sessions|sesi)")).first).to_be_visible()
    desk.picture(f"tariff-comparison-{name}", whole=True)
    for path in (
        f"tariffs/tarifftemplate/{template.pk}/change/",
        "tariffs/tarifftemplate/add/",
        f"chargers/charger/{alpha.charger.pk}/change/",
        "tariffs/pricecap/",
        "chargers/tariffassignment/add/",
    ):
        page.goto(f"{desk.server}/admin/{path}")
        desk.picture(f"tariff-{path.strip('/').replace('/', '-')[:40]}-{name}", whole=True)
