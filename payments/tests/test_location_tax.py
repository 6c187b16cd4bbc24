"""The electricity tax of a location, from its rate to the books."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from chargers.models import ChargingSession, LocationTax
from chargers.services.assignments import assign_tariff
from chargers.tests.factories import T0, make_charger, make_token, send_one, start, stop
from cpo.tests.factories import make_user
from payments.models import LedgerEntry
from payments.selectors.taxes import BillTaxes, taxes_of_bill
from payments.services.billing import bill_session
from payments.tests.factories import make_session, snapshot_json
from tariffs.pricing import Component, Element, Kind, Rules
from tariffs.services.templates import create_template
from unievp.lib import clock

pytestmark = pytest.mark.django_db

D = Decimal
LONG_AGO = T0 - timedelta(days=10)


@pytest.fixture
def charger():
    """500 Wh at it cost 1,000 rupiah, and the tax."""
    charger = make_charger(tariff=False)
    make_token("CAFE")
    rules = Rules((Element((Component(Kind.ENERGY, D(2_000)),)),))
    template = create_template(
        charger.cpo, name="AC", rules=rules, actor=make_user(), valid_from=LONG_AGO
    )
    assign_tariff(charger, template=template, actor="test", valid_from=LONG_AGO)
    return charger


def taxed(charger, percent, valid_from=LONG_AGO, **values):
    LocationTax.objects.create(
        location=charger.location, percent=D(percent), valid_from=valid_from, **values
    )


def begin(charger):
    return send_one(charger, start("CAFE", meter=0)).transaction_id


def bill_of(charger, transaction_id):
    send_one(charger, stop(transaction_id, meter=500))
    return bill_session(ChargingSession.objects.get().pk)


def booked(bill, code):
    entries = LedgerEntry.objects.filter(transaction=bill.booking, account__code=code)
    return sum(abs(entry.amount) for entry in entries)


def test_tax_of_the_location_is_frozen_billed_and_booked(charger):
    taxed(charger, 3)
    taxed(charger, 9, T0 + timedelta(days=1))
    bill = bill_of(charger, begin(charger))
    assert D(bill.session.tariff_snapshot["pbjt_percent"]) == 3
    assert (bill.total, bill.tax) == (1_030, 30)
    assert booked(bill, "pbjt_payable") == 30
    assert bill.lines.get().tax_percent == 3


def test_tax_in_the_suppliers_bill_is_not_asked_again(charger):
    taxed(charger, 3)
    taxed(charger, 3, T0 - timedelta(days=1), paid_by_supplier=True)
    bill = bill_of(charger, begin(charger))
    assert (bill.total, bill.tax, booked(bill, "pbjt_payable")) == (1_000, 0, 0)


def test_changed_tax_changes_no_session_that_has_begun(charger):
    taxed(charger, 3)
    transaction_id = begin(charger)
    taxed(charger, 10, clock.now() - timedelta(seconds=1))
    assert bill_of(charger, transaction_id).tax == 30


def test_taxes_of_a_bill_are_told_apart(charger):
    taxed(charger, 3)
    bill = bill_of(charger, begin(charger))
    assert taxes_of_bill(bill) == BillTaxes(vat=0, pbjt=30)
    bill.booking = None
    assert taxes_of_bill(bill) == BillTaxes(0, 0)


def test_bill_with_both_taxes():
    session = make_session(snapshot=snapshot_json("2000", "11100", pbjt="3"))
    bill = bill_session(session.pk)
    assert taxes_of_bill(bill) == BillTaxes(vat=1_100, pbjt=583)
    assert bill.tax == 1_683
