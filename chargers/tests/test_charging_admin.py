"""The admin pages of charging profiles and of a site's power budget."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from chargers.models import ChargingProfile, Command, ConfigurationKey, SiteBudget
from chargers.services import outcomes
from chargers.services.commands import claim_next, queue_command
from chargers.services.smart_charging.installing import install_profile
from chargers.smart_charging.profiles import Period, Profile
from chargers.tests.factories import make_charger, make_location
from chargers.tests.sites import make_site
from cpo.models import AuditEntry, User
from unievp.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, settings):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return client


@pytest.fixture
def charger():
    return make_charger(identity="CP-A")


def page(charger, query=""):
    return reverse("admin:chargers_charger_charging", args=(charger.pk,)) + query


def text_of(response):
    return " ".join(response.content.decode().split())


FORM = {
    "connectorId": "1",
    "chargingProfilePurpose": "TxDefaultProfile",
    "stackLevel": "0",
    "chargingProfileKind": "Relative",
    "chargingRateUnit": "A",
    "periods": "00:00 16\n08:00 10.5 3",
}


def answer(command, response):
    claim_next(command.charger_id)
    outcomes.mark_answered(command.pk, response=response)


@pytest.mark.proves("SetChargingProfile", "pain 56")
def test_form_sends_a_profile(staff, charger):
    response = staff.post(page(charger), FORM, follow=True)
    assert response.status_code == 200
    command = Command.objects.get()
    schedule = command.payload["csChargingProfiles"]["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 16},
        {"startPeriod": 28_800, "limit": 10.5, "numberPhases": 3},
    ]
    answer(command, {"status": "Rejected"})
    assert "Refused: Rejected" in text_of(staff.get(page(charger)))


@pytest.mark.proves("pain 56")
def test_refusal_stands_at_its_field_and_insisting_sends_all_the_same(staff, charger):
    ConfigurationKey.objects.create(
        charger=charger, key="ChargeProfileMaxStackLevel", value="2", read_at=clock.now()
    )
    response = staff.post(page(charger), FORM | {"stackLevel": "3"})
    assert "levels 0 to 2" in str(response.context["form"].errors["stackLevel"])
    assert not Command.objects.exists()
    staff.post(page(charger), FORM | {"stackLevel": "3", "insist": "on"})
    assert Command.objects.get().payload["csChargingProfiles"]["stackLevel"] == 3


@pytest.mark.parametrize(
    "periods", ["", "16", "00:00 many", "00:00 NaN", "x:y 5", "00:00 1e99", "99999999:00 5"]
)
def test_nonsense_in_the_periods_is_told_and_sends_nothing(staff, charger, periods):
    response = staff.post(page(charger), FORM | {"periods": periods})
    assert response.status_code == 200
    assert "periods" in response.context["form"].errors
    assert not Command.objects.exists()


@pytest.mark.proves("GetCompositeSchedule")
def test_page_explains_the_limit_beside_the_chargers_own_answer(staff, charger):
    row = install_profile(
        charger,
        profile=Profile(
            profile_id=7,
            stack_level=2,
            purpose="TxDefaultProfile",
            kind="Relative",
            unit="A",
            periods=(Period(0, Decimal(16)),),
        ),
        actor="test",
    )
    answer(row.command, {"status": "Accepted"})
    Command.objects.filter(action="GetCompositeSchedule").delete()
    staff.post(page(charger, "?connector=2"), {"do": "ask"})
    asked = Command.objects.get(action="GetCompositeSchedule")
    assert asked.payload == {"connectorId": 2, "duration": 86_400, "chargingRateUnit": "A"}
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9}]}
    answer(asked, {"status": "Accepted", "connectorId": 2, "chargingSchedule": schedule})
    response = staff.get(page(charger, "?connector=2"))
    rows = response.context["rows"]
    assert any(row["differs"] and row["theirs"].startswith("9") for row in rows)
    assert "TxDefaultProfile 7 at level 2 limits to 16" in rows[0]["reason"]
    assert "differs" in text_of(response)
    assert "&quot;connectorId&quot;: 2" in response.content.decode()
    assert staff.get(page(charger, "?connector=0&unit=W")).status_code == 200
    assert staff.get(page(charger, "?connector=%F0&unit=%00")).status_code == 200


@pytest.mark.proves("ClearChargingProfile")
def test_profile_is_cleared_by_its_button(staff, charger):
    staff.post(page(charger), {"do": "clear", "profile_id": "7"})
    assert Command.objects.get().payload == {"id": 7}
    staff.post(page(charger), {"do": "clear", "profile_id": "7; drop"})
    assert Command.objects.count() == 1


def test_page_is_closed_to_people_who_are_not_staff(client, charger):
    client.force_login(User.objects.create_user("owner@rival.example"))
    assert client.get(page(charger)).status_code == 302
    assert client.post(page(charger), FORM).status_code == 302
    assert not Command.objects.exists()


def budget_form(location, **values):
    data = {
        "location": location.pk,
        "enabled": "on",
        "power_w": 22_000,
        "reserve_w": 0,
        "phases": 3,
        "voltage_v": 230,
        "minimum_ma": 6_000,
        "fallback_ma": "",
        "threshold_ma": 1_000,
        "debounce_s": 5,
        "lease_s": 900,
        "turn_s": 900,
    }
    for prefix in ("windows", "connectors"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return data | values


def test_location_leads_to_its_budget_or_to_a_new_one(staff):
    location = make_location()
    url = reverse("admin:chargers_location_power_budget", args=(location.pk,))
    add = reverse("admin:chargers_sitebudget_add")
    assert staff.get(url).url == f"{add}?location={location.pk}"
    assert staff.get(f"{add}?location={location.pk}").status_code == 200
    staff.post(add, budget_form(location))
    budget = SiteBudget.objects.get(location=location)
    change = reverse("admin:chargers_sitebudget_change", args=(budget.pk,))
    assert staff.get(url).url == change
    assert AuditEntry.objects.filter(action="sitebudget.added").exists()


def test_budget_that_cannot_hold_is_refused_with_words(staff):
    location = make_location()
    make_charger(location=location, connectors=4)
    add = reverse("admin:chargers_sitebudget_add")
    response = staff.post(add, budget_form(location, fallback_ma=16_000), follow=True)
    assert "use at most 7900 mA" in text_of(response)
    response = staff.post(add, budget_form(location, reserve_w=22_000))
    assert "The reserve must be less than the power." in text_of(response)
    assert not SiteBudget.objects.exists()


def test_budget_page_shows_who_has_what_and_why(staff):
    site = make_site()
    one, two = site.chargers
    site.answers[two.pk] = "Rejected"
    site.plug_in(one)
    site.settle(within=False)
    url = reverse("admin:chargers_sitebudget_change", args=(site.budget.pk,))
    shown = text_of(staff.get(url))
    assert "S1/1" in shown
    assert "All it can take" in shown
    assert "refused a limit (Rejected)" in shown


def test_budget_switched_off_clears_its_profiles(staff):
    site = make_site(chargers=1)
    site.settle()
    assert ChargingProfile.objects.filter(state="installed").count() == 2
    url = reverse("admin:chargers_sitebudget_change", args=(site.budget.pk,))
    data = budget_form(site.budget.location)
    del data["enabled"], data["location"]
    response = staff.post(url, data)
    assert response.status_code == 302
    site.answer()
    assert not ChargingProfile.objects.filter(state="installed").exists()


def test_deleted_budget_clears_its_profiles_too(staff):
    site = make_site(chargers=1)
    site.settle()
    url = reverse("admin:chargers_sitebudget_delete", args=(site.budget.pk,))
    staff.post(url, {"post": "yes"})
    assert not SiteBudget.objects.exists()
    site.answer()
    assert not ChargingProfile.objects.filter(state="installed").exists()


def test_plain_command_for_the_composite_is_shown_too(staff, charger):
    command = queue_command(
        charger,
        action="GetCompositeSchedule",
        payload={"connectorId": 1, "duration": int(timedelta(hours=1).total_seconds())},
        actor="test",
    )
    answer(command, {"status": "Rejected"})
    shown = text_of(staff.get(page(charger)))
    assert "It cannot be compared" in shown
