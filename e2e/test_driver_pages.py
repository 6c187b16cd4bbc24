"""The driver's pages as a phone shows them: every state, both languages, light and dark."""

from __future__ import annotations

import pytest
from django.db import transaction
from playwright.sync_api import expect

from chargers.models import Charger, ChargingSession, Presence
from e2e.conftest import PHONE, SCREENSHOTS, WIDE
from e2e.processes import aside
from e2e.walk.axe import grave_issues
from payments.models import PaymentIntent
from payments.services.billing import bill_session
from payments.services.intents.sending import send_attempt
from payments.services.prepaid.starting import start_paid
from payments.tests.factories import make_paid_cpo
from payments.tests.fake_gateway import running_gateway
from payments.tests.payments import begin, make_provider, pay
from payments.tests.prepaid import answer, make_seller, measure, plug_in, unplug
from unievp.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def gateway():
    with running_gateway() as running:
        yield running


def make_place() -> Charger:
    cpo = make_paid_cpo(
        name="Nusantara Charge", legal_name="PT Nusantara Daya Kendaraan",
        tax_number="01.234.567.8-011.000", address="Jl. Jenderal Sudirman Kav. 52, Jakarta",
        contact_phone="+62 21 5550 1100",
    )  # fmt: skip
    charger = make_seller(cpo=cpo, identity="SIM-0002", per_kwh=2_467, session_fee=25_000)
    charger.name, charger.status = "Fast lane", "Available"
    charger.save()
    charger.location.name, charger.location.city = "Senayan Park", "Jakarta"
    charger.location.save()
    charger.connectors.update(
        standard="IEC_62196_T2_COMBO", power_type="DC", max_power_w=120_000, status="Available"
    )
    Presence.objects.create(charger=charger, online=True, last_seen_at=clock.now())
    return charger


class Tour:
    """Looks at pages one after the other; none may be wider than the phone."""

    def __init__(self, visitor, name):
        self.visitor, self.name = visitor, name

    def amount(self, text):
        return text if self.name == "id" else text.replace(".", ",")

    def look(self, name, address="", *, whole=True):
        page = self.visitor.page
        if address:
            page.goto(f"{self.visitor.server}{address}")
        self.visitor.picture(f"pay-{self.name}-{name}", whole=whole)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert grave_issues(page) == []


@pytest.fixture(params=[("id", True), ("en", False)], ids=["id", "en"])
def tour(request, visit, gateway, transactional_db):
    """Indonesian by night, English by day; a charger that sells, a gateway with empty books."""
    gateway.reset()
    with transaction.atomic():
        charger = make_place()
    make_provider(gateway)
    language, dark = request.param
    tour = Tour(visit(language=language, size=PHONE, dark=dark), language)
    tour.connector = charger.connectors.get(number=1)
    return tour


def sticks_out(page):
    """What is wider than the card around it."""
    return page.evaluate(
        """[...document.querySelectorAll(".card *, main > *")].filter((each) => {
          const around = each.closest(".card") ?? document.body;
          const edge = around.getBoundingClientRect().right + 1;
          const style = getComputedStyle(each);
          return style.position !== "absolute" && each.getBoundingClientRect().right > edge;
        }).map((each) => each.outerHTML.slice(0, 80))"""
    )


def wish_of(tour):
    charger = tour.connector.charger
    return {"cpo": charger.cpo, "charger": charger, "connector": tour.connector}


def test_pages_before_a_payment(tour, gateway):
    page = tour.visitor.page
    tour.look("find", "/pay/")
    page.fill("#charger", "sim-0002")
    page.click("button.main")
    tour.look("charger")
    page.locator("a.pick").first.click()
    tour.look("connector", whole=False)
    expect(page.locator("button.main")).to_contain_text(tour.amount("100.000"))
    for width in (320, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        assert sticks_out(page) == []
    page.set_viewport_size(PHONE)
    page.locator("label[for=mode-kwh]").click()
    tour.look("connector-kwh")
    expect(page.locator("button.main")).to_contain_text(tour.amount("74.500"))
    Presence.objects.update(online=False)
    page.reload()
    tour.look("offline")
    expect(page.locator("button.main")).to_be_disabled()
    page.clock.install()
    page.reload()
    Presence.objects.update(online=True)
    page.clock.fast_forward("00:25")
    expect(page.locator("button.main")).to_be_enabled()
    intent = aside(begin, gateway, amount=100_000, method="va_bca", **wish_of(tour))
    tour.look("va", f"/pay/p/{intent.secret}")


def test_pages_of_a_charge(tour, gateway):
    page = tour.visitor.page
    intent = aside(begin, gateway, amount=100_000, **wish_of(tour))
    here = f"/pay/p/{intent.secret}"
    tour.look("qris", here)
    intent = aside(pay, gateway, intent)
    aside(start_paid, intent.pk)
    tour.look("starting", here)
    aside(answer, intent)
    tour.look("plug-in", here)
    aside(plug_in, intent, since_s=1500)
    aside(measure, intent, 18_430, power_w=54_200)
    ChargingSession.objects.update(soc_percent=64)
    tour.look("charging", here, whole=False)
    page.locator("summary.btn").click()
    tour.look("stop")
    session = aside(unplug, intent, 21_320)
    tour.look("billing", here)
    aside(bill_session, session.pk)
    tour.look("done", here)
    tour.look("receipt", f"{here}/receipt")
    page.locator("a[href*='/pay/b/']").click()
    tour.look("bill")


def test_without_scripts_an_order_leads_to_its_code(browser, server, gateway, transactional_db):
    gateway.reset()
    with transaction.atomic():
        make_place()
    make_provider(gateway)
    context = browser.new_context(viewport=WIDE, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server}/pay/SIM-0002/1")
    page.locator("label[for=mode-kwh]").click()
    expect(page.locator(".panel.rp")).to_be_hidden()
    page.locator(".chip", has=page.locator("input[value='30']")).click()
    page.locator("button.main").click()
    expect(page.locator("h2")).to_contain_text("we prepare your payment")
    intent = PaymentIntent.objects.get()
    assert intent.limit_energy_wh == 30_000
    aside(send_attempt, intent.attempts.get().pk)
    # The page reloads itself.
    expect(page.locator(".qr svg")).to_be_visible(timeout=15_000)
    expect(page.locator("[data-copy]")).to_have_count(0)
    page.screenshot(path=SCREENSHOTS / "pay-no-script.png")
    page.locator("form[action$=cancel] button").click()
    expect(page.locator("h2")).to_contain_text("This payment is cancelled")
    page.goto(f"{server}/pay/SIM-0002/1")
    page.screenshot(path=SCREENSHOTS / "pay-desktop.png", full_page=True)
    context.close()
