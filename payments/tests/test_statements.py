"""A settlement's statement: by the ledger's own balances, in both languages, in both formats."""

from __future__ import annotations

import csv
import io

import pytest

from payments.documents.statement import statement_csv, statement_pdf
from payments.selectors.statements import statement_of
from payments.services.billing import bill_session
from payments.services.releases import release_pending
from payments.services.settlements import (
    approve_settlement,
    cancel_settlement,
    mark_settlement_paid,
    request_settlement,
)
from payments.tests.factories import give, make_member, make_paid_cpo, make_session, make_staff
from payments.tests.pdf import pages_of, pdf_text
from unievp.lib import clock

pytestmark = pytest.mark.django_db


def earn(cpo, **session):
    bill = bill_session(make_session(cpo=cpo, energy_wh=50_000, **session).pk)
    type(bill).objects.filter(pk=bill.pk).update(available_at=clock.now())
    release_pending(cpo)
    return bill


def pay_out(cpo, amount=None):
    settlement = request_settlement(cpo, actor=make_member(cpo), amount=amount)
    approve_settlement(settlement, actor=make_staff())
    return mark_settlement_paid(settlement, actor=make_staff(), proof="TRX-1")


def test_statement_lists_every_charge_since_the_one_before_and_sums_up():
    cpo = make_paid_cpo(legal_name="PT Contoh <Energi>")
    first_bill = earn(cpo)
    first = pay_out(cpo, 60_000)
    second_bill = earn(cpo)
    give(cpo, 5_000)
    taken_back = request_settlement(cpo, actor=make_member(cpo), amount=50_000)
    cancel_settlement(taken_back, actor=make_member(cpo))
    second = request_settlement(cpo, actor=make_member(cpo), amount=80_000)

    one, two = statement_of(first), statement_of(second)
    assert (one.opening, one.closing) == (0, first_bill.cpo_share - 60_000)
    assert [line.amount for line in one.lines] == [first_bill.cpo_share]
    assert (one.since, two.since) == (None, one.until)
    assert two.opening == one.closing
    assert [(line.kind, line.amount) for line in two.lines] == [
        ("bill", second_bill.cpo_share),
        ("adjustment", 5_000),
        ("settlement_hold", -50_000),
        ("settlement_release", 50_000),
    ]
    assert two.opening + two.earned == two.closing + second.amount
    charge = two.lines[0]
    assert (charge.gross, charge.tax, charge.fee) == (
        second_bill.total,
        second_bill.tax,
        second_bill.platform_fee,
    )
    assert charge.energy_wh == 50_000


def test_statement_of_another_company_s_money_is_never_mixed_in():
    cpo, rival = make_paid_cpo(), make_paid_cpo()
    earn(rival)
    bill = earn(cpo)
    settlement = pay_out(cpo, 60_000)
    assert [line.amount for line in statement_of(settlement).lines] == [bill.cpo_share]


@pytest.mark.parametrize("language", ["id", "en"])
def test_csv_balances_row_by_row_and_runs_no_formula(language):
    cpo = make_paid_cpo()
    bill = earn(cpo)
    settlement = pay_out(cpo, 60_000)
    text = statement_csv(statement_of(settlement), language=language).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if language == "id" else ","))
    assert len(rows) == 4
    assert {len(row) for row in rows} == {10}
    assert [row[-1] for row in rows[1:]] == ["0", str(bill.cpo_share), str(bill.cpo_share - 60_000)]
    assert rows[-1][-2] == "-60000"
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


@pytest.mark.parametrize(("language", "amount"), [("id", "Rp60.000"), ("en", "60,000")])
def test_pdf_shows_the_sums_and_masks_the_account(language, amount):
    cpo = make_paid_cpo(name="Contoh & Co <b>", bank_account_number="998877665544")
    earn(cpo)
    text = pdf_text(statement_pdf(statement_of(pay_out(cpo, 60_000)), language=language))
    assert amount in text
    assert "998877665544" not in text
    assert "5544" in text
    assert "TRX-1" in text


def test_pdf_of_many_charges_has_pages():
    cpo = make_paid_cpo()
    for _n in range(60):
        give(cpo, 1_000)
    pdf = statement_pdf(statement_of(pay_out(cpo, 60_000)), language="en")
    assert pages_of(pdf) >= 2


def test_pdf_tells_the_tax_that_may_be_withheld_of_the_fee(settings):
    cpo = make_paid_cpo()
    bill = earn(cpo)
    statement = statement_of(pay_out(cpo, 60_000))
    assert bill.platform_fee > 0
    assert statement.commission == bill.platform_fee
    assert statement.withholding == bill.platform_fee * 2 // 100
    assert "PPh 23" in pdf_text(statement_pdf(statement, language="en"))
    settings.COMMISSION_WITHHOLDING_PERCENT = 0
    assert "PPh 23" not in pdf_text(statement_pdf(statement, language="en"))
