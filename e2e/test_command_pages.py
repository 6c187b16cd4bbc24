"""Commands in the admin: chosen, typed, doubted, sent all the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chargers.models import Command, ConfigurationKey
from e2e.conftest import PHONE, WIDE
from unievp.lib import clock
from unievp.web.tests.cast import company, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("language", "size"), [("en", WIDE), ("id", PHONE)], ids=["english-desk", "indonesian-phone"]
)
def test_command_is_chosen_doubted_and_sent_all_the_same(language, size, visit):
    alpha = company("Nusantara Charge")
    person("root@staff.example", is_staff=True, is_superuser=True)
    ConfigurationKey.objects.create(
        charger=alpha.charger,
        key="SupportedFeatureProfiles",
        value="Core,FirmwareManagement,SmartCharging,RemoteTrigger",
        read_at=clock.now(),
    )
    desk = visit(language=language, size=size)
    page = desk.sign_in("root@staff.example", "a-long-password", to="/admin/")
    name = f"{language}-{size['width']}"
    base = f"{desk.server}/admin/chargers/charger/{alpha.charger.pk}/command/"
    page.goto(base)
    desk.picture(f"commands-{name}", whole=True)
    for action in ("SetChargingProfile", "SendLocalList", "as-it-is"):
        page.goto(f"{base}{action}/")
        desk.picture(f"command-{action}-{name}", whole=True)
    page.goto(base)
    page.click("a[href$='/command/ChangeConfiguration/']")
    page.fill("input[name=key]", "HeartbeatInterval")
    page.fill("input[name=value]", "abc")
    page.press("input[name=value]", "Enter")
    warning = page.locator("form [role=alert]")
    expect(warning).to_be_visible()
    assert not Command.objects.exists()
    # Seen without scrolling up or down for it.
    expect(warning).to_be_in_viewport()
    desk.picture(f"command-doubted-{name}", whole=True)
    warning.locator("button").click()
    page.wait_for_url("**/change/")
    assert Command.objects.get().payload == {"key": "HeartbeatInterval", "value": "abc"}
    desk.picture(f"command-sent-{name}", whole=True)
