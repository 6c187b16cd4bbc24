"""The API in a browser: its documentation, and REST framework's pages with working forms."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from chargers.models import Charger
from unievp.web.tests.cast import company

PASSWORD = "a-long-password"
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_documentation_opens_without_a_foreign_request(visit, transactional_db):
    visitor = visit()
    page = visitor.page
    page.set_default_timeout(30_000)
    page.goto(f"{visitor.server}/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    assert page.locator(".opblock").count() > 60
    visitor.picture("api-docs")
    page.click("#operations-chargers-charger_register .opblock-summary-control")
    body = page.locator("#operations-chargers-charger_register .opblock-section-request-body")
    expect(body).to_contain_text("JKT-0042")
    body.scroll_into_view_if_needed()
    visitor.picture("api-docs-operation")


def test_people_change_a_charger_by_the_form(visit, transactional_db):
    alpha = company("Nusantara Charge")
    visitor = visit()
    page = visitor.sign_in(alpha.owner.email, PASSWORD)
    page.goto(f"{visitor.server}/api/chargers")
    expect(page.locator(".response-info")).to_contain_text(alpha.charger.identity)
    visitor.picture("api-list")
    page.goto(f"{visitor.server}/api/chargers/{alpha.charger.identity}")
    page.fill("[name=_content]", json.dumps({"name": "Basement"}))
    visitor.picture("api-detail", whole=True)
    page.click("button:has-text('PATCH')")
    expect(page.locator(".response-info")).to_contain_text("Basement")
    assert Charger.objects.get(pk=alpha.charger.pk).name == "Basement"
