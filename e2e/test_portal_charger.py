"""One charger's page in a browser: it lives, and shows the answer to what is asked of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chargers.models import Command, CommandStatus, ConfigurationKey, Connector
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


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("language", ["en", "id"])
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
