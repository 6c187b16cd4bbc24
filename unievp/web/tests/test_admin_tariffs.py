"""Prices are changed by new versions, through the service."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from cpo.models import CPO, AuditEntry, User
from tariffs.models import PriceComponent, TariffTemplate
from tariffs.pricing.simple import SimpleTariff, simple_rules
from tariffs.services.templates import create_template
from unievp.web.tests.rows import make_row

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
    assert "2450" in client.get(page).content.decode()


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
