"""From the code on a charger to the money in the operator's bank, in a browser, every process real.

Scan, pay at the fake gateway, charge at a simulated charger, stop, the rest back, receipt; then the
wallet that a finance person watches, a settlement, its approval by somebody else, the payout that
arrives, and the papers about it.
"""

from __future__ import annotations

import time

import pytest
from django.db import transaction
from playwright.sync_api import expect

from chargers.models import Charger
from cpo.models import Role
from e2e.conftest import PHONE, WIDE
from e2e.days.conftest import PASSWORD, SOON_MS
from e2e.days.desk import confirm, take_action
from e2e.processes import aside
from payments.models import Bill, PaymentIntent, Settlement
from payments.services.check_books import check_books
from payments.services.releases import release_pending
from payments.tests.factories import make_paid_cpo
from payments.tests.payments import make_provider
from payments.tests.prepaid import make_seller
from unievp.web.tests.cast import person

pytestmark = pytest.mark.django_db(transaction=True)

CHARGER = "SIM-0002"
# A charge of seconds is worth little: the session fee makes it worth settling.
SESSION_FEE = 80_000


@pytest.fixture
def place(platform, plug_in, server, transactional_db):
    """An operator with an owner, a charger that is connected, a gateway that tells of payments."""
    gateway, _port = platform
    gateway.reset()
    with transaction.atomic():
        cpo = make_paid_cpo(name="Nusantara Charge")
        charger = make_seller(
            cpo=cpo, identity=CHARGER, connectors=1, per_kwh=2_467, session_fee=SESSION_FEE
        )
        charger.connectors.update(power_type="DC", max_power_w=120_000)
        person("finance@nusantara.example", cpo, Role.FINANCE)
        person("finance@platform.example", is_staff=True, is_superuser=True)
    config = make_provider(gateway, methods=["qris", "dana", "va_bca"])
    notifier = gateway.world.notifier
    notifier.xendit_url = f"{server}/api/payments/webhooks/xendit/{config.webhook_slug}"
    with plug_in(charger):
        yield gateway, charger
    notifier.xendit_url = ""


@pytest.mark.parametrize(
    ("language", "size"), [("id", WIDE), ("en", PHONE)], ids=["indonesian-desk", "english-phone"]
)
def test_money_goes_all_the_way(visit, browser, place, language, size):
    gateway, charger = place
    driver = visit(language=language, size=PHONE)
    intent = scan_and_order(driver, language)
    pay_at_the_gateway(driver, browser, gateway, language)
    charge_and_stop(driver, intent)
    read_the_receipt(driver, intent)
    finance = visit(language=language, size=size)
    settlement = ask_for_the_money(finance, charger)
    approve(visit(language=language, size=size), settlement)
    arrives(finance, gateway, settlement)
    read_the_papers(finance, settlement)
    assert not any(aside(check_books).values())


def scan_and_order(driver, language):
    """From the label: the page, an amount, a way to pay; language follows the phone."""
    page = driver.page
    page.goto(f"{driver.server}/pay/{CHARGER}/1")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".price")).to_contain_text("2.467" if language == "id" else "2,467")
    page.locator(".chip", has=page.locator("input[value='200000']")).click()
    if language == "en":
        page.locator(".way", has=page.locator("input[value=dana]")).click()
    page.locator("button.main").click()
    page.wait_for_url("**/pay/p/*")
    expect(page.locator("#part")).to_have_attribute("data-stage", "paying", timeout=SOON_MS)
    return PaymentIntent.objects.get()


def pay_at_the_gateway(driver, browser, gateway, language):
    """QRIS as another app would, by the code; the e-wallet by the link on the page."""
    context = browser.new_context()
    elsewhere = context.new_page()
    if language == "en":
        elsewhere.goto(driver.page.locator("a.main").get_attribute("href"))
    else:
        expect(driver.page.locator(".qr svg")).to_be_visible()
        elsewhere.goto(gateway.url)
        elsewhere.locator("td a").first.click()
    elsewhere.locator("button.pay").click()
    context.close()


def charge_and_stop(driver, intent):
    """The page goes on by itself: nobody reloads it."""
    page, part = driver.page, driver.page.locator("#part")
    page.evaluate("window.sameDocument = true")
    expect(part).to_have_attribute("data-stage", "charging", timeout=SOON_MS)
    expect(page.locator(".big")).not_to_contain_text("0.00", timeout=SOON_MS)
    expect(page.locator(".big")).not_to_have_text("0,00 kWh", timeout=SOON_MS)
    assert page.evaluate("window.sameDocument") is True
    page.locator("summary.btn").click()
    page.locator("button.stop").click()
    expect(part).to_have_attribute("data-stage", "done", timeout=SOON_MS)
    expect(page.locator("[data-part=refunds] .pill.good")).to_be_visible(timeout=SOON_MS)
    intent.refresh_from_db()
    bill = Bill.objects.get()
    assert SESSION_FEE < bill.total < 200_000
    assert (intent.paid, intent.refunded) == (200_000, 200_000 - bill.total)


def read_the_receipt(driver, intent):
    page = driver.page
    page.locator("a[href$='/receipt']").click()
    expect(page.locator("main")).to_contain_text(str(intent))
    link = page.locator("a[href$='receipt.pdf']").get_attribute("href")
    paper = page.request.get(f"{driver.server}{link}")
    assert paper.body().startswith(b"%PDF-")
    page.locator("a[href*='/pay/b/']").click()
    expect(page.locator("table")).to_be_visible()


def ask_for_the_money(finance, charger):
    """Pending first; after the hold it is available, and asked for."""
    # The pages are reloaded faster than a busy machine paints their font.
    finance.expected.append("was preloaded")
    page = finance.sign_in("finance@nusantara.example", PASSWORD, "/wallet")
    bill = Bill.objects.get()
    expect(page.locator("[data-balance=pending]")).to_contain_text(f"{bill.cpo_share:,}"[-3:])
    assert aside(release_pending, charger.cpo) == bill.cpo_share
    page.reload()
    expect(page.locator("[data-balance=available]")).to_contain_text(f"{bill.cpo_share:,}"[-3:])
    page.locator("form[action$=settlements] button").click()
    expect(page.locator("#settlements .badge.bg-yellow-lt")).to_be_visible()
    settlement = Settlement.objects.get()
    assert settlement.amount == bill.cpo_share
    return settlement


def approve(staff, settlement):
    """Somebody of the platform who did not ask."""
    path = f"/admin/payments/settlement/{settlement.pk}/change/"
    page = staff.sign_in("finance@platform.example", PASSWORD, path)
    take_action(page, "approve")
    confirm(page)
    page.wait_for_url(f"**{path}")


def arrives(finance, gateway, settlement):
    """The worker has ordered the transfer; the gateway's own books have it once."""
    page, deadline = finance.page, time.monotonic() + SOON_MS / 1000
    paid = page.locator("#settlements .badge.bg-green-lt")
    page.reload()
    while not paid.is_visible():
        assert time.monotonic() < deadline, Settlement.objects.get().status
        page.wait_for_timeout(250)
        page.reload()
    assert [payout.amount for payout in gateway.world.books.payouts.values()] == [settlement.amount]
    assert Charger.objects.get().connectors.get().status != "Charging"


def read_the_papers(finance, settlement):
    """The statement for the file, and the sale in the report."""
    page = finance.page
    for kind, begins in (("pdf", b"%PDF-"), ("csv", b"")):
        link = page.locator(f"#settlements a[href$='.{kind}']").get_attribute("href")
        paper = page.request.get(f"{finance.server}{link}")
        assert paper.status == 200
        assert paper.body().startswith(begins)
    assert str(settlement.amount) in paper.text()
    report = page.request.get(f"{finance.server}/api/reports/transactions.csv")
    assert CHARGER in report.text()
