"""Caps and VAT of Indonesia: what is refused names the rule, the limit and the fix."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from cpo.tests.factories import make_cpo, make_user
from tariffs.models import CapKind, ChargingClass, PriceCap, TariffVersion, VatRate
from tariffs.pricing import (
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    Tax,
    TaxCode,
)
from tariffs.services.regulation import breaches_of, check_regulation, vat_percent
from tariffs.services.snapshots import rules_of
from tariffs.services.templates import create_template, publish_version
from tariffs.tests.rules_of_law import seed_rules
from unievp.lib.errors import RefusedError

pytestmark = pytest.mark.django_db

D = Decimal
NBSP = "\N{NO-BREAK SPACE}"
NOW = datetime(2026, 3, 9, 5, tzinfo=UTC)
VAT = (Tax(TaxCode.VAT, D(11)),)


@pytest.fixture(autouse=True)
def _law():
    seed_rules()
    with translation.override("en"):
        yield


def selling(*parts, restrictions=None, **values):
    return Rules((Element(parts, restrictions or Restrictions()),), **values)


def energy(price, *taxes):
    return Component(Kind.ENERGY, D(price), 0, taxes)


def fee(price, taxes=()):
    return Component(Kind.FLAT, D(price), 0, taxes)


@pytest.mark.parametrize(
    ("power_w", "expected"),
    [
        (3_700, "slow"), (7_000, "slow"), (7_001, "medium"), (22_000, "medium"),
        (22_001, "fast"), (50_000, "fast"), (50_001, "ultrafast"), (350_000, "ultrafast"),
    ],
)  # fmt: skip
def test_charging_class_follows_from_the_power(power_w, expected):
    assert ChargingClass.of(power_w) == expected


def test_energy_at_the_cap_is_sold_and_above_it_refused():
    check_regulation(selling(energy("2466.78")), at=NOW)
    with pytest.raises(RefusedError) as refused:
        check_regulation(selling(energy("2466.79")), at=NOW)
    assert (refused.value.field, refused.value.code) == (
        "elements.1.components",
        "above_energy_price_cap",
    )
    assert str(refused.value) == (
        f"IDR{NBSP}2,466.79 per kWh without VAT is above what Permen ESDM 1/2023: tariff L x 1.5 "
        f"allows: at most IDR{NBSP}2,466.78. Lower the price per kWh to that."
    )


def test_cap_is_of_the_price_without_vat():
    check_regulation(selling(fee("63270", VAT), tax_included=True), at=NOW)
    with pytest.raises(RefusedError):
        check_regulation(selling(fee("63271", VAT), tax_included=True), at=NOW)
    with pytest.raises(RefusedError):
        check_regulation(selling(fee("57001", VAT)), at=NOW)


@pytest.mark.parametrize(("charging_class", "highest"), [("fast", 25_000), ("ultrafast", 57_000)])
def test_session_fee_is_limited_by_class(charging_class, highest):
    classes = [ChargingClass(charging_class)]
    check_regulation(selling(fee(highest)), at=NOW, classes=classes)
    with pytest.raises(RefusedError) as refused:
        check_regulation(selling(fee(highest + 1)), at=NOW, classes=classes)
    assert refused.value.code == "above_session_fee_cap"
    assert "Kepmen ESDM 182.K/TL.04/MEM.S/2023" in str(refused.value)


def test_fee_that_no_class_may_ask_is_refused_before_anyone_sells_it():
    check_regulation(selling(fee(57_000)), at=NOW)
    with pytest.raises(RefusedError):
        check_regulation(selling(fee(57_001)), at=NOW)


def test_strictest_class_decides():
    classes = [ChargingClass.FAST, ChargingClass.ULTRAFAST]
    with pytest.raises(RefusedError):
        check_regulation(selling(fee(30_000)), at=NOW, classes=classes)


def test_reservation_fee_and_foreign_money_are_not_limited():
    held = Restrictions(reservation=Reservation.RESERVATION)
    check_regulation(selling(fee(90_000), restrictions=held), at=NOW)
    check_regulation(selling(energy(9_000), currency="EUR"), at=NOW)


def test_idle_fee_is_not_limited():
    check_regulation(selling(Component(Kind.PARKING_TIME, D(600_000))), at=NOW)


def test_rule_holds_from_its_day_on_in_jakarta():
    before = datetime(2023, 7, 16, 16, 59, tzinfo=UTC)
    after = datetime(2023, 7, 16, 17, 0, tzinfo=UTC)
    rules, fast = selling(fee(26_000)), [ChargingClass.FAST]
    assert not list(breaches_of(rules, at=before, classes=fast))
    assert list(breaches_of(rules, at=after, classes=fast))


def test_newer_rule_replaces_the_older_and_an_empty_one_lifts_it():
    rules = selling(energy(2_500))
    PriceCap.objects.create(
        kind=CapKind.ENERGY_PRICE, amount=D(2_600), valid_from=date(2026, 1, 1), rule="New"
    )
    check_regulation(rules, at=NOW)
    PriceCap.objects.create(
        kind=CapKind.ENERGY_PRICE, amount=D(2_400), valid_from=date(2026, 2, 1), rule="Newer"
    )
    with pytest.raises(RefusedError, match="Newer"):
        check_regulation(rules, at=NOW)
    PriceCap.objects.create(
        kind=CapKind.ENERGY_PRICE, amount=None, valid_from=date(2026, 3, 1), rule="Free"
    )
    check_regulation(rules, at=NOW)


def test_vat_is_that_of_the_law_or_none():
    check_regulation(selling(fee(1, VAT)), at=NOW)
    check_regulation(selling(fee(1, (Tax(TaxCode.VAT, D(0)),))), at=NOW)
    check_regulation(selling(fee(1)), at=NOW)
    with pytest.raises(RefusedError) as refused:
        check_regulation(selling(fee(1, (Tax(TaxCode.VAT, D(12)),))), at=NOW)
    assert refused.value.code == "wrong_vat"
    assert str(refused.value) == (
        "VAT of 12 % is not what PMK 131/2024 says: 11 %. "
        "Use that rate, or none where no VAT applies."
    )


def test_twelve_percent_of_eleven_twelfths_is_eleven():
    assert vat_percent(NOW) == D("11.0000")
    assert vat_percent(datetime(2024, 12, 31, 16, tzinfo=UTC)) is None


def test_refused_template_is_not_stored():
    with pytest.raises(RefusedError):
        create_template(make_cpo(), name="Dear", rules=selling(energy(2_500)), actor=make_user())
    assert not TariffVersion.objects.exists()


def test_prices_from_long_ago_keep_to_the_law_of_today():
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(RefusedError):
        create_template(
            make_cpo(),
            name="Old",
            rules=selling(energy(2_500)),
            actor=make_user(),
            valid_from=long_ago,
        )


def test_changed_rule_changes_no_version():
    actor = make_user()
    rules = selling(energy("2466.7800"), fee("100.0000", (Tax(TaxCode.VAT, D("11.0000")),)))
    template = create_template(make_cpo(), name="AC", rules=rules, actor=actor, valid_from=NOW)
    day = date(2026, 4, 1)
    PriceCap.objects.create(kind="energy_price", amount=D(2_000), valid_from=day, rule="New")
    VatRate.objects.create(percent=D(12), valid_from=day, rule="New VAT")
    assert rules_of(template.versions.get()) == rules
    later = datetime(2026, 4, 1, tzinfo=UTC)
    with pytest.raises(RefusedError):
        publish_version(template, rules=rules, actor=actor, valid_from=later)


def test_seeding_again_changes_nothing():
    before = (PriceCap.objects.count(), VatRate.objects.count())
    seed_rules()
    assert (PriceCap.objects.count(), VatRate.objects.count()) == before == (3, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"amount": D(-1), "kind": "energy_price", "rule": "R"},
        {"amount": D(1), "kind": "weather", "rule": "R"},
        {"amount": D(1), "kind": "energy_price", "charging_class": "warp", "rule": "R"},
        {"amount": D(1), "kind": "energy_price", "rule": ""},
        {"amount": D(1), "kind": "energy_price", "rule": "R", "valid_from": date(2023, 1, 13)},
    ],
)
def test_cap_that_makes_no_sense_is_refused_by_the_database(values):
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceCap.objects.create(**({"valid_from": date(2026, 1, 1)} | values))
