"""The pictures of README and docs (`make screenshots`): always the same pages, sizes and names."""

from __future__ import annotations

import pytest
from django.db import transaction
from PIL import Image
from playwright.sync_api import expect

from chargers.models import Charger, ChargingSession
from e2e.conftest import PHONE
from e2e.pictures.scene import OWNER, SOLD, make_scene
from e2e.processes import ROOT, aside
from payments.models import ProviderConfig
from payments.services.prepaid.starting import start_paid
from payments.tests.fake_gateway import running_gateway
from payments.tests.payments import begin, make_provider, pay
from payments.tests.prepaid import answer, measure, plug_in
from unievp.web.demo.logins import SAME_FOR_ALL

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
FOLDER = ROOT / "docs" / "images"
DESK = {"width": 1280, "height": 800}
COLOURS, MOST_BYTES = 256, 150_000


def test_take_the_pictures(visit, transactional_db):
    session = aside(make_scene)
    owner = visit(size=DESK)
    owner.expected.append("was preloaded")
    owner.sign_in(OWNER, SAME_FOR_ALL, "/overview")
    charger = Charger.objects.get(identity=SOLD)
    for name, address, wait_for in (
        ("portal-overview", "/overview", "#curves"),
        ("portal-board", "/", "#live[data-state=on]"),
        ("portal-charger", f"/chargers/{charger.pk}", "#live[data-state=on]"),
        ("portal-explain", f"/sessions/{session.transaction_id}/explain", "#curve"),
        ("portal-wallet", "/wallet", "#settlements"),
        ("portal-tickets", "/tickets", ".ticket-table"),
        ("portal-reports", "/reports", "main"),
    ):
        owner.page.goto(f"{owner.server}{address}")
        expect(owner.page.locator(wait_for).first).to_be_visible()
        keep(owner, name)
    desk = visit(size=DESK)
    desk.expected.append("was preloaded")
    desk.sign_in("admin", SAME_FOR_ALL, "/admin/")
    keep(desk, "admin-home")


def test_take_the_drivers_pictures(visit, transactional_db):
    aside(make_scene)
    with running_gateway() as gateway:
        intent = aside(order, gateway)
        driver = visit(language="id", size=PHONE)
        driver.page.goto(f"{driver.server}/pay/{SOLD}/2")
        keep(driver, "driver-connector")
        driver.page.goto(f"{driver.server}/pay/p/{intent.secret}")
        expect(driver.page.locator("[data-stage=charging]")).to_be_visible()
        keep(driver, "driver-charging")


def order(gateway):
    """A driver's payment at the free plug, and the car that charges for it."""
    with transaction.atomic():
        ProviderConfig.objects.all().delete()
        make_provider(gateway)
        charger = Charger.objects.get(identity=SOLD)
        ChargingSession.objects.filter(charger=charger, status="active").delete()
    intent = begin(
        gateway, amount=150_000, cpo=charger.cpo, charger=charger,
        connector=charger.connectors.get(number=1),
    )  # fmt: skip
    intent = pay(gateway, intent)
    start_paid(intent.pk)
    answer(intent)
    plug_in(intent, since_s=1500)
    measure(intent, 24_430, power_w=54_200)
    ChargingSession.objects.filter(payment_intent=intent).update(soc_percent=64)
    return intent


def keep(visitor, name: str) -> None:
    """As a picture of few colours: a page has few, and readers load the whole README."""
    visitor.page.wait_for_function("document.fonts.status === 'loaded'")
    # Charts and the live dot come to rest.
    visitor.page.wait_for_timeout(500)
    path = FOLDER / f"{name}.png"
    visitor.page.screenshot(path=path, animations="disabled")
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    assert path.stat().st_size <= MOST_BYTES, f"{name} is too heavy for a README"
