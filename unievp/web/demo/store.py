"""One function per kind of demo row; each answers whether it added anything."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

from chargers.models import Charger, IdToken, Location, TariffAssignment
from chargers.services.assignments import assign_tariff as assign
from chargers.services.chargers import ConnectorSpec, register_charger
from cpo.models import CPO, Driver, User
from cpo.services import audit
from payments.chart import AccountRef, Booking, Code, gateway_account
from payments.gateways.base import Method
from payments.ledger.legs import credit, debit
from payments.models import CommissionRate, Environment, ProviderConfig
from payments.services import ledger
from tariffs.models import TariffTemplate
from tariffs.pricing.simple import SimpleTariff, simple_rules
from tariffs.services.templates import create_template
from unievp.web.demo.field import DemoCharger, DemoLocation, DemoTariff
from unievp.web.demo.gateway import DemoProvider
from unievp.web.demo.people import DemoDriver

# Long before anything that the demo may bill.
SINCE = datetime(2025, 1, 1, tzinfo=ZoneInfo("Asia/Jakarta"))


def add_location(location: DemoLocation) -> bool:
    _row, created = Location.objects.get_or_create(
        cpo=CPO.objects.get(name=location.company),
        name=location.name,
        defaults={
            "address": location.address,
            "city": location.city,
            "province": location.province,
            "postal_code": location.postal_code,
            "latitude": Decimal(location.latitude),
            "longitude": Decimal(location.longitude),
            "time_zone": location.time_zone,
        },
    )
    return created


def add_tariff(tariff: DemoTariff, *, actor: User) -> bool:
    cpo = CPO.objects.get(name=tariff.company)
    if TariffTemplate.objects.filter(cpo=cpo, name__iexact=tariff.name).exists():
        return False
    rules = simple_rules(
        SimpleTariff(
            per_kwh=Decimal(tariff.per_kwh),
            session_fee=Decimal(tariff.session_fee),
            idle_per_minute=Decimal(tariff.idle_per_minute),
            idle_grace_minutes=tariff.idle_grace_minutes,
            night_per_kwh=Decimal(tariff.night_per_kwh) if tariff.night_per_kwh else None,
        )
    )
    create_template(cpo, name=tariff.name, rules=rules, actor=actor, valid_from=SINCE)
    return True


def add_charger(charger: DemoCharger, *, actor: User) -> bool:
    """Registered as an open charger (security profile 0): the simulator brings no password."""
    if Charger.objects.filter(identity__iexact=charger.identity).exists():
        return False
    row, _password = register_charger(
        Location.objects.get(name=charger.location),
        identity=charger.identity,
        actor=actor,
        name=charger.name,
        connectors=[
            ConnectorSpec(number, *outlet) for number, outlet in enumerate(charger.outlets, 1)
        ],
        max_power_w=max(outlet.max_power_w for outlet in charger.outlets),
    )
    row.security_profile = 0
    row.password_digest = None
    row.save(update_fields=["security_profile", "password_digest"])
    return True


def assign_tariff(charger: DemoCharger, *, actor: User) -> bool:
    row = Charger.objects.get(identity__iexact=charger.identity)
    if TariffAssignment.objects.filter(charger=row).exists():
        return False
    template = TariffTemplate.objects.get(cpo=row.cpo, name=charger.tariff)
    assign(row, template=template, actor=actor, valid_from=SINCE)
    return True


def add_provider(provider: DemoProvider) -> bool:
    row, created = ProviderConfig.objects.get_or_create(
        webhook_slug=provider.slug,
        defaults={
            "provider": provider.provider,
            "environment": Environment.SANDBOX,
            "name": provider.name,
            "priority": provider.priority,
            "methods": [method.value for method in Method],
            "for_payouts": provider.for_payouts,
            "base_url": f"http://127.0.0.1:{settings.GATEWAY_PORT}",
            **provider.secrets,
        },
    )
    if created and provider.opening_balance:
        _open_books(row, provider.opening_balance)
    return created


def _open_books(config: ProviderConfig, amount: int) -> None:
    """What the fake gateway begins with, so that its balance and ours are the same."""
    ledger.post(
        key=f"demo:opening:{config.pk}",
        kind=Booking.ADJUSTMENT,
        legs=[
            debit(gateway_account(Code.GATEWAY_AVAILABLE, config.pk), amount),
            credit(AccountRef(Code.BANK_OPERATING), amount),
        ],
        metadata={"why": "demo"},
    )


def add_token(driver: DemoDriver, row: Driver) -> bool:
    _token, created = IdToken.objects.get_or_create(
        cpo=None, token=driver.token, defaults={"label": driver.label, "driver": row}
    )
    return created


def add_commission_rate(cpo: CPO, *, percent: str, actor: User) -> bool:
    rate, created = CommissionRate.objects.get_or_create(
        cpo=cpo, valid_from=SINCE, defaults={"percent": Decimal(percent)}
    )
    if created:
        after = {"percent": rate.percent, "valid_from": rate.valid_from}
        audit.record(
            actor=actor, action="commission_rate.added", subject=rate, after=after, cpo=cpo
        )
    return created
