"""What was delivered beyond the payment is waived, and its taxes with it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from payments.services.prepaid.waiving import BEYOND_PAID, NOTHING_FLOWED, owed
from tariffs.pricing import Kind, Line, Rounded, RoundedLine, TaxCode

_LINE = Line(Kind.ENERGY, Fraction(1), Fraction(1), "kWh", Decimal(1), Fraction(1))


def rounded(gross, vat=0, pbjt=0):
    taxes = ((TaxCode.VAT, vat), (TaxCode.PBJT, pbjt))
    return Rounded((RoundedLine(_LINE, gross, vat + pbjt, taxes),))


def test_all_is_owed_where_it_was_paid():
    debt = owed(rounded(20_000, 1_000), most=20_000)
    assert (debt.total, debt.tax, debt.waived, debt.why) == (20_000, 1_000, 0, "")


def test_on_account_there_is_no_bound():
    assert owed(rounded(20_000)).total == 20_000


def test_taxes_fall_by_the_share_that_is_waived():
    debt = owed(rounded(11_100, 1_100, 300), most=5_550)
    assert (debt.total, debt.waived, debt.why) == (5_550, 5_550, BEYOND_PAID)
    assert (debt.tax_of(TaxCode.VAT), debt.tax_of(TaxCode.PBJT)) == (550, 150)
    assert (debt.net, debt.waived_tax) == (4_850, 700)


def test_nothing_is_owed_where_nothing_flowed():
    debt = owed(rounded(25_000, 2_477), most=0)
    assert (debt.total, debt.tax, debt.waived, debt.why) == (0, 0, 25_000, NOTHING_FLOWED)


@given(
    vat=st.integers(0, 5_000),
    pbjt=st.integers(0, 5_000),
    net=st.integers(0, 50_000),
    most=st.integers(0, 60_000),
)
def test_taxes_are_always_part_of_what_is_owed(vat, pbjt, net, most):
    lines = rounded(net + vat + pbjt, vat, pbjt)
    debt = owed(lines, most=most)
    assert 0 <= debt.tax <= debt.total <= max(most, 0)
    assert debt.total + debt.waived == lines.total
    assert debt.tax + debt.waived_tax == lines.tax
