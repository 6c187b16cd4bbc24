"""Prices are changed by new versions, through the service."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from chargers.models import LocationTax, TariffAssignment, TariffDefault
from chargers.services.assignments import assign_tariff
from chargers.services.tariff_defaults import set_default_tariff
from chargers.tests.factories import make_charger, make_location
from chargers.tests.priced_sessions import make_session
from cpo.models import CPO, AuditEntry, User
from tariffs.models import PriceCap, PriceComponent, TariffTemplate
from tariffs.pricing.simple import SimpleTariff, simple_rules
from tariffs.services.templates import create_template
from tariffs.tests.rules_of_law import seed_rules
from unievp.lib import clock
from unievp.web.tests.rows import make_row
from unievp.web.timezones import OFFICE_ZONE

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return user


@pytest.fixture
def tariff(root):
    rules = simple_rules(SimpleTariff(per_kwh=Decimal(2400)))
    return create_template(make_row(CPO), name="AC", rules=rules, actor=root)


def test_new_prices_are_a_new_version(client, root, tariff):
    url = reverse("admin:tariffs_tarifftemplate_new_prices", args=(tariff.pk,))
    form = {
        "per_kwh": "2450",
        "session_fee": "5000",
        "idle_per_minute": "0",
        "idle_grace_minutes": "0",
        "note": "From March",
    }
    assert client.post(url, form).status_code == 302
    newest = tariff.versions.get(number=2)
    prices = PriceComponent.objects.filter(element__version=newest).order_by("kind")
    assert [(part.kind, part.price) for part in prices] == [("ENERGY", 2450), ("FLAT", 5000)]
    assert (newest.note, newest.created_by) == ("From March", root)
    page = reverse("admin:tariffs_tariffversion_change", args=(newest.pk,))
    assert "Rp2.450 per kWh + Rp5.000 per" in client.get(page).content.decode()


def test_price_below_zero_is_refused(client, tariff):
    url = reverse("admin:tariffs_tarifftemplate_new_prices", args=(tariff.pk,))
    form = {"per_kwh": "-1", "session_fee": 0, "idle_per_minute": 0, "idle_grace_minutes": 0}
    response = client.post(url, form)
    assert list(response.context["form"].errors) == ["per_kwh"]
    assert tariff.versions.count() == 1


def test_archived_tariff_leaves_a_reason(client, root, tariff):
    url = reverse("admin:tariffs_tarifftemplate_archive", args=(tariff.pk,))
    client.post(url, {"reason": "Replaced"})
    assert TariffTemplate.objects.get(pk=tariff.pk).is_archived
    assert AuditEntry.objects.filter(action="tariff.archive", reason="Replaced").exists()


# --- New tariffs, previews, comparisons -------------------------------------------------------

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def law():
    seed_rules()


def new_tariff(cpo, **values):
    return {
        "cpo": cpo.pk,
        "name": "DC",
        "per_kwh": "2400",
        "session_fee": "11100",
        "idle_per_minute": "0",
        "idle_grace_minutes": "0",
    } | values


def test_new_tariff_has_its_prices(client, root, law):
    cpo = make_row(CPO)
    url = reverse("admin:tariffs_tarifftemplate_add")
    assert client.post(url, new_tariff(cpo)).status_code == 302
    template = TariffTemplate.objects.get()
    assert (template.cpo, template.name) == (cpo, "DC")
    fee = PriceComponent.objects.get(kind="FLAT")
    assert (fee.price, fee.vat_percent) == (11_100, 11)


def test_tariff_above_the_cap_is_refused_on_the_form(client, root, law):
    url = reverse("admin:tariffs_tarifftemplate_add")
    response = client.post(url, new_tariff(make_row(CPO), per_kwh="2467"), headers=ENGLISH)
    assert "Permen ESDM 1/2023" in response.content.decode()
    taken = create_template(
        make_row(CPO), name="Taken", rules=simple_rules(SimpleTariff(Decimal(1))), actor=root
    )
    response = client.post(url, new_tariff(taken.cpo, name="taken"))
    assert list(response.context["form"].errors) == ["name"]
    assert TariffTemplate.objects.count() == 1


def test_session_is_priced_on_a_page(client, tariff):
    url = reverse("admin:tariffs_tarifftemplate_preview", args=(tariff.pk,))
    assert "Rp2.400 per kWh" in client.get(url).content.decode()
    asked = {
        "energy_kwh": "20", "day": "2026-03-09", "at": "19:00", "time_zone": "Asia/Jakarta",
        "power_kw": "7", "idle_minutes": "0", "pbjt_percent": "10",
    }  # fmt: skip
    response = client.get(url, asked)
    assert response.context["total"] == "Rp48.000"
    assert response.context["tax"] == "Rp4.364"
    broken = client.get(url, asked | {"energy_kwh": "-1", "at": "25:00"})
    assert set(broken.context["form"].errors) == {"energy_kwh", "at"}
    assert "total" not in broken.context


def test_past_sessions_are_compared_on_a_page(client, tariff):
    charger = make_charger(cpo=tariff.cpo, tariff=False)
    session = make_session(charger, tariff, energy_wh=10_000)
    day = timezone.localtime(session.started_at, OFFICE_ZONE).date().isoformat()
    jump = client.get(reverse("admin:tariffs_tarifftemplate_compare", args=(tariff.pk,)))
    assert client.get(jump.url).status_code == 200
    asked = {"since": day, "until": day}
    same = client.get(jump.url, asked)
    assert (same.context["found"]["old"], same.context["found"]["new"]) == ("Rp24.000",) * 2
    dearer = client.get(jump.url, asked | {"per_kwh": "2450"})
    assert dearer.context["found"]["difference"] == "Rp500"
    assert "2,1 %" in dearer.content.decode()
    backwards = client.get(jump.url, {"since": day, "until": "2020-01-01"})
    assert list(backwards.context["form"].errors) == ["until"]


def test_pages_of_prices_are_closed_to_others(client, tariff):
    urls = [
        reverse("admin:tariffs_tarifftemplate_preview", args=(tariff.pk,)),
        reverse("admin:tariff_comparison", args=(tariff.pk,)),
    ]
    client.force_login(User.objects.create_user("owner@rival.example"))
    assert [client.get(url).status_code for url in urls] == [302, 302]
    staff = User.objects.create_user("desk@staff.example", is_staff=True)
    client.force_login(staff)
    assert [client.get(url).status_code for url in urls] == [403, 403]


def test_no_such_tariff_is_compared(client, root):
    assert client.get(reverse("admin:tariff_comparison", args=(2**40,))).status_code == 404


# --- Where it is sold -------------------------------------------------------------------------


def test_tariff_is_assigned_through_the_service(client, root, tariff, law):
    charger = make_charger(cpo=tariff.cpo, tariff=False)
    url = reverse("admin:chargers_tariffassignment_add")
    form = {
        "template": tariff.pk, "charger": charger.pk, "connector": "",
        "valid_from_0": "2026-01-01", "valid_from_1": "00:00:00",
        "valid_to_0": "", "valid_to_1": "",
    }  # fmt: skip
    assert client.post(url, form).status_code == 302
    made = TariffAssignment.objects.get()
    assert (made.template, made.charger, made.valid_to) == (tariff, charger, None)
    assert AuditEntry.objects.get(action="tariff.assign").actor == root
    page = client.get(reverse("admin:chargers_charger_change", args=(charger.pk,)))
    assert f"1: {tariff.name}" in strip_tags(page.content.decode())
    end = reverse("admin:chargers_tariffassignment_end", args=(made.pk,))
    assert client.get(end).status_code == 200
    client.post(end, {})
    made.refresh_from_db()
    assert made.valid_to is not None


def test_assignment_above_a_cap_is_a_message(client, root, tariff, law):
    rules = simple_rules(SimpleTariff(Decimal(2400), Decimal(33_300)))
    dear = create_template(tariff.cpo, name="Dear", rules=rules, actor=root)
    charger = make_charger(cpo=tariff.cpo, tariff=False)
    charger.connectors.update(max_power_w=50_000)
    form = {
        "template": dear.pk, "charger": charger.pk, "connector": "",
        "valid_from_0": "2027-01-01", "valid_from_1": "00:00:00",
        "valid_to_0": "", "valid_to_1": "",
    }  # fmt: skip
    url = reverse("admin:chargers_tariffassignment_add")
    response = client.post(url, form, follow=True, headers=ENGLISH)
    assert "Kepmen ESDM 182.K" in response.content.decode()
    assert not TariffAssignment.objects.exists()


def test_default_is_set_and_one_to_come_withdrawn(client, root, tariff):
    url = reverse("admin:chargers_tariffdefault_add")
    form = {
        "cpo": tariff.cpo.pk, "location": "", "template": tariff.pk,
        "valid_from_0": "2099-01-01", "valid_from_1": "00:00:00",
    }  # fmt: skip
    assert client.post(url, form).status_code == 302
    made = TariffDefault.objects.get()
    client.post(reverse("admin:chargers_tariffdefault_withdraw", args=(made.pk,)), {})
    assert not TariffDefault.objects.exists()
    rival = form | {"cpo": make_row(CPO).pk}
    assert client.post(url, rival).status_code == 302
    assert not TariffDefault.objects.exists()


def test_rule_is_added_with_its_author_and_is_final_once_in_force(client, root, law):
    url = reverse("admin:tariffs_pricecap_add")
    form = {
        "kind": "energy_price", "charging_class": "", "amount": "2600",
        "valid_from": "2099-01-01", "rule": "New decree", "source": "",
    }  # fmt: skip
    assert client.post(url, form).status_code == 302
    cap = PriceCap.objects.get(rule="New decree")
    assert cap.created_by == root
    assert AuditEntry.objects.filter(action="pricecap.added", actor=root).exists()
    change = reverse("admin:tariffs_pricecap_change", args=(cap.pk,))
    assert client.post(change, form | {"amount": "2700"}).status_code == 302
    seeded = PriceCap.objects.get(charging_class="fast")
    for page in ("change", "delete"):
        path = reverse(f"admin:tariffs_pricecap_{page}", args=(seeded.pk,))
        assert client.post(path, form | {"post": "yes"}).status_code == 403
    assert PriceCap.objects.get(pk=cap.pk).amount == 2_700
    again = client.post(url, form)
    assert again.status_code == 200


def test_tax_of_a_location_is_added_and_never_edited(client, root):
    location = make_location()
    url = reverse("admin:chargers_locationtax_add")
    form = {
        "location": location.pk, "percent": "3", "rule": "Perda 1/2024",
        "valid_from_0": "2026-01-01", "valid_from_1": "00:00:00",
    }  # fmt: skip
    assert client.post(url, form | {"percent": "11"}).status_code == 200
    assert client.post(url, form).status_code == 302
    tax = LocationTax.objects.get()
    assert (tax.percent, tax.created_by) == (3, root)
    path = reverse("admin:chargers_locationtax_change", args=(tax.pk,))
    assert client.post(path, form | {"percent": "4"}).status_code == 403


def test_who_may_only_look_ends_nothing(client, tariff):
    made = assign_tariff(make_charger(cpo=tariff.cpo, tariff=False), template=tariff, actor="test")
    default = set_default_tariff(
        tariff.cpo, template=tariff, actor="test", valid_from=clock.now() + timedelta(days=1)
    )
    looker = User.objects.create_user("looker@staff.example", is_staff=True)
    names = ("view_tariffassignment", "view_tariffdefault")
    looker.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(looker)
    end = reverse("admin:chargers_tariffassignment_end", args=(made.pk,))
    withdraw = reverse("admin:chargers_tariffdefault_withdraw", args=(default.pk,))
    assert [client.post(url, {}).status_code for url in (end, withdraw)] == [403, 403]
    made.refresh_from_db()
    assert (made.valid_to, TariffDefault.objects.count()) == (None, 1)
