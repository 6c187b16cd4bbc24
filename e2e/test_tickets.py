"""A ticket's whole life in browsers: a driver reports, the company answers, staff close it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.conftest import PHONE, WIDE
from e2e.processes import aside
from tickets.models import Ticket
from unievp.web.tests.cast import company, person

PASSWORD = "a-long-password"
SOON_MS = 20_000
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
pytestmark = pytest.mark.django_db(transaction=True)


def is_no_wider(page):
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def report(driver, charger):
    """From the connector's page, in a few taps; the address of the report."""
    page = driver.page
    page.goto(f"{driver.server}/pay/{charger.identity}/1/report")
    page.get_by_label("The cable is stuck").check()
    page.fill("#text", "I pulled and pulled, and it does not come out.")
    driver.picture("ticket-report-phone", whole=True)
    assert is_no_wider(page)
    page.click("button.main")
    expect(page.locator(".note.good")).to_contain_text("T-", timeout=SOON_MS)
    driver.picture("ticket-reported-phone", whole=True)
    return page.url


def answer(operator):
    """Found in the list, noted, answered with a photo, and waiting for the driver then."""
    page = operator.sign_in("owner@nusantara.example", PASSWORD, to="/tickets")
    expect(page.locator("nav .badge").first).to_contain_text("1", timeout=SOON_MS)
    operator.picture("tickets-desk", whole=True)
    page.get_by_role("link", name="The cable is stuck").click()
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#history")).to_contain_text("With: nobody", timeout=SOON_MS)
    page.get_by_text("Internal note", exact=True).click()
    page.fill("#body", "The lock of this one again.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said-internal")).to_contain_text("again", timeout=SOON_MS)
    page.fill("#body", "We unlocked it from here. Is it free now?")
    page.set_input_files("#file", {"name": "lock.png", "mimeType": "image/png", "buffer": PNG})
    page.select_option("#then", "waiting")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said-company")).to_contain_text("lock.png", timeout=SOON_MS)
    expect(page.locator("#ticket-state")).to_contain_text("Waiting", timeout=SOON_MS)
    operator.picture("ticket-desk", whole=True)
    return page


def reply(driver, address):
    page = driver.page
    page.goto(address)
    expect(page.locator(".talk .theirs")).to_have_count(1, timeout=SOON_MS)
    page.fill("#body", "Yes, thank you!")
    page.click("button.main")
    expect(page.locator(".talk .mine")).to_contain_text("thank you", timeout=SOON_MS)
    driver.picture("ticket-reply-phone", whole=True)
    assert is_no_wider(page)


def close(staff, ticket):
    page = staff.sign_in("desk@staff.example", PASSWORD, to="/admin/tickets/ticket/")
    staff.picture("admin-tickets")
    page.get_by_role("link", name=ticket.number).click()
    expect(page.locator(".uniev-said")).to_contain_text("Yes, thank you!", timeout=SOON_MS)
    staff.picture("admin-ticket", whole=True)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Open it again")).to_be_visible(timeout=SOON_MS)


def test_report_is_answered_replied_to_and_closed(visit, transactional_db):
    nusantara = company("Nusantara Charge")
    person("desk@staff.example", is_staff=True, is_superuser=True)
    driver, operator, staff = visit(size=PHONE), visit(size=WIDE), visit(size=WIDE)
    # A page is left before its font is painted.
    operator.expected.append("was preloaded")
    address = report(driver, nusantara.charger)
    page = answer(operator)
    reply(driver, address)
    # The company's open page learns of it by itself.
    page.evaluate("htmx.trigger('#thread', 'look')")
    expect(page.locator(".said-driver").last).to_contain_text("thank you", timeout=SOON_MS)
    expect(page.locator("#ticket-state")).to_contain_text("In progress", timeout=SOON_MS)
    page.set_viewport_size(PHONE)
    assert is_no_wider(page)
    operator.picture("ticket-phone", whole=True)
    ticket = aside(Ticket.objects.get)
    close(staff, ticket)
    driver.page.reload()
    expect(driver.page.locator("main")).to_contain_text("This report is closed.", timeout=SOON_MS)
