"""One charger's page in a browser: it lives, and shows the answer to what is asked of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chargers.models import (
    Charger,
    Command,
    CommandStatus,
    ConfigurationKey,
    Connector,
    Presence,
)
from e2e.conftest import PHONE, WIDE
from e2e.telling import tell
from unievp.lib import clock
from unievp.web.tests.cast import company

PASSWORD = "a-long-password"
SCREENS = {"desk": WIDE, "phone": PHONE}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(transactional_db):
    alpha = company("Nusantara Charge")
    for key, value in (("HeartbeatInterval", "300"), ("ConnectionTimeOut", "60")):
        ConfigurationKey.objects.create(
            charger=alpha.charger, key=key, value=value, read_at=clock.now()
        )
    return alpha


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_operator_restarts_a_charger_and_reads_its_answer(visit, alice, language, screen):
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alice.owner.email, PASSWORD, to=f"/chargers/{alice.charger.pk}")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    page.evaluate("window.sameDocument = true")
    page.locator("button[name=kind][value=Soft]").click()
    commands = page.locator("#commands tbody tr")
    expect(commands).to_have_count(1)
    Command.objects.update(
        status=CommandStatus.ANSWERED, response_status="Accepted", answered_at=clock.now()
    )
    expect(commands.first).to_contain_text("Accepted")
    assert page.evaluate("window.sameDocument") is True
    visitor.picture(f"charger-{language}-{screen}", whole=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["width"]


def test_card_of_the_charger_changes_by_itself(visit, alice):
    page = visit().sign_in(alice.owner.email, PASSWORD, to=f"/chargers/{alice.charger.pk}")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    Connector.objects.filter(charger=alice.charger, number=2).update(
        status="Faulted", error_code="OverVoltage"
    )
    tell(alice)
    expect(page.locator(f"#charger-{alice.charger.pk}")).to_contain_text("OverVoltage")


@pytest.mark.parametrize(("language", "screen"), [("en", "desk"), ("id", "phone")])
def test_first_charger_is_added_and_seen_when_it_connects(visit, alice, language, screen):
    visitor = visit(language=language, size=SCREENS[screen])
    page = visitor.sign_in(alice.owner.email, PASSWORD, to="/chargers/new")
    page.fill("[name=identity]", "NUSANTARA-0042")
    page.fill("[name=location_name]", "Harbour")
    visitor.picture(f"add-charger-{language}-{screen}", whole=True)
    page.click("#add-charger button")
    expect(page.locator("#password")).not_to_be_empty()
    visitor.picture(f"charger-added-{language}-{screen}", whole=True)
    charger = Charger.objects.get(identity="NUSANTARA-0042")
    Presence.objects.update_or_create(
        charger=charger, defaults={"online": True, "last_seen_at": clock.now()}
    )
    page.locator("#first-sign .btn-primary").click()
    expect(page.locator("h1")).to_have_text("NUSANTARA-0042")
