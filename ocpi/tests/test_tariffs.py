"""Our tariffs as OCPI objects: nothing lost, and what OCPI cannot say is told in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from ocpi.objects.tariffs import tariff_id, tariff_object
from ocpi.tests.objects import Tariff, check
from ocpi.wire import json
from tariffs.pricing import (
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    Snapshot,
    Tax,
    TaxCode,
)
from tariffs.tests.pricing.ocpi import read_tariff

NOW = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
VAT = (Tax(TaxCode.VAT, Decimal(11)),)


def make(*elements, pbjt=Decimal(0), **values):
    snapshot = Snapshot(Rules(elements=elements, **values), "Asia/Jakarta", pbjt)
    body = tariff_object(snapshot, owner=("ID", "NUS"), ocpi_id="T1", last_updated=NOW)
    return snapshot, check(Tariff, json.loads(json.dumps(body)))


def test_every_rule_survives():
    rule = Restrictions(
        start_time=time(17),
        end_time=time(22, 30),
        start_date=date(2026, 1, 1),
        end_date=date(2027, 1, 1),
        days=frozenset({1, 7}),
        min_energy_wh=500,
        max_energy_wh=20_000,
        min_power_w=7_400,
        max_power_w=22_000,
        min_current_ma=6_000,
        max_current_ma=32_000,
        min_duration_s=60,
        max_duration_s=3_600,
    )
    reserved = Restrictions(reservation=Reservation.RESERVATION_EXPIRES)
    snapshot, body = make(
        Element((Component(Kind.ENERGY, Decimal("2466.5"), 100, VAT),), rule),
        Element((Component(Kind.FLAT, Decimal(5000)), Component(Kind.TIME, Decimal(600), 60))),
        Element((Component(Kind.FLAT, Decimal(10_000), 1),), reserved),
        min_price=Bound(Decimal(1000), Decimal(1110)),
        max_price=Bound(Decimal(500_000)),
    )
    again = read_tariff(body, "Asia/Jakarta")
    assert again.rules.min_price == snapshot.rules.min_price
    assert again.rules.max_price == snapshot.rules.max_price
    assert [one.restrictions for one in again.rules.elements] == [
        one.restrictions for one in snapshot.rules.elements
    ]
    prices = [
        [(part.kind, part.price, part.taxes) for part in one.components]
        for one in again.rules.elements
    ]
    assert prices == [
        [(part.kind, part.price, part.taxes) for part in one.components]
        for one in snapshot.rules.elements
    ]
    assert "restrictions" not in body["elements"][1]


def test_prices_that_hold_tax_are_told_without_it():
    _snapshot, body = make(
        Element((Component(Kind.ENERGY, Decimal(2466), 0, VAT),)), tax_included=True
    )
    (part,) = body["elements"][0]["price_components"]
    assert part["price"] == Decimal("2221.621622")
    assert part["vat"] == 11
    assert part["step_size"] == 1


def test_no_tax_is_no_vat_which_is_not_zero():
    _snapshot, body = make(Element((Component(Kind.ENERGY, Decimal(2466)),)))
    assert "vat" not in body["elements"][0]["price_components"][0]


def test_tax_of_the_place_is_added_to_energy_and_has_its_own_id():
    _snapshot, body = make(
        Element((Component(Kind.ENERGY, Decimal(2466), 0, VAT), Component(Kind.FLAT, Decimal(1)))),
        pbjt=Decimal(3),
    )
    energy, flat = body["elements"][0]["price_components"]
    assert energy["vat"] == 14
    assert "vat" not in flat
    assert tariff_id(12, Decimal("3.0000")) == "T12-3"
    assert tariff_id(12, Decimal("0.0000")) == "T12"


def test_bound_with_tax_alone_gets_the_net_side_that_ocpi_requires():
    _snapshot, body = make(
        Element((Component(Kind.ENERGY, Decimal(2466), 0, VAT),)),
        max_price=Bound(incl=Decimal(111)),
    )
    assert body["max_price"] == {"excl_vat": 100, "incl_vat": 111}


def test_free_tariff_is_a_tariff():
    _snapshot, body = make(Element((Component(Kind.FLAT, Decimal(0)),)))
    assert body["elements"] == [
        {"price_components": [{"type": "FLAT", "price": 0, "step_size": 1}]}
    ]
    assert body["tariff_alt_text"][1] == {"language": "en", "text": "Free of charge."}


@pytest.mark.parametrize("language", ["id", "en"])
def test_price_is_told_in_words(language):
    _snapshot, body = make(
        Element((Component(Kind.PARKING_TIME, Decimal(6000)),), Restrictions(min_idle_s=600)),
        Element((Component(Kind.ENERGY, Decimal(2466)),)),
    )
    told = {one["language"]: one["text"] for one in body["tariff_alt_text"]}
    assert "10" in told[language]
    assert len(told[language]) <= 512
