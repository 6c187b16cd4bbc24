"""A session becomes a bill, the bill a booking: once, by the price that was frozen at its start."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.selectors.usage import usage_of
from chargers.services.billing import hold_session, mark_session_billed
from payments.chart import (
    AccountRef,
    Booking,
    Code,
    cpo_account,
    deposit_account,
    partner_account,
    receivable_account,
)
from payments.events import BillIssued, SessionHeld
from payments.ledger.legs import Leg, credit, debit
from payments.models import (
    Bill,
    BillLine,
    BillLineKind,
    CommissionRate,
    LedgerTransaction,
    PaymentIntent,
)
from payments.services import ledger
from payments.services.prepaid.binding import lock_payment_of
from payments.services.prepaid.closing import deposit_of, finish_charge
from payments.services.prepaid.waiving import Owed, owed
from tariffs.pricing import (
    PriceResult,
    RoundedLine,
    SnapshotError,
    TaxCode,
    price,
    snapshot_from_json,
    to_decimal,
)
from unievp.lib import clock, money
from unievp.lib.errors import ConflictError, NotFoundError
from unievp.lib.events import publish


class CannotPriceError(Exception):
    """A person has to look; the message is the reason on the session."""


def bill_session(session_id: int) -> Bill | None:
    """The session's one bill, issued now if there is none; again: the same bill, nothing booked.

    None where nothing is to be billed: held, not billable, or held by this very call because no
    price can be told. Raises NotFoundError, ConflictError (the session has not ended).
    """
    with transaction.atomic():
        # A payment's lock comes before its session's.
        payment = lock_payment_of(session_id)
        session = _locked(session_id)
        bill = Bill.objects.filter(session=session).first()
        if bill is not None:
            return bill
        if session.status != SessionStatus.ENDED:
            raise ConflictError(_("This session has not ended."), code="session_open")
        if session.billing_status != BillingStatus.UNBILLED:
            return None
        try:
            result = _priced(session)
        except CannotPriceError as error:
            hold_session(session.pk, reason=str(error))
            publish(SessionHeld(session.pk))
            return None
        bill = _issue(session, result, payment[0] if payment else None)
        if payment is not None:
            finish_charge(*payment, session)
        return bill


def _locked(session_id: int) -> ChargingSession:
    session = (
        ChargingSession.objects.select_for_update(no_key=True, of=("self",))
        .select_related("cpo", "id_token")
        .filter(pk=session_id)
        .first()
    )
    if session is None:
        raise NotFoundError(_("There is no such session."))
    return session


def _priced(session: ChargingSession) -> PriceResult:
    """The same function that quotes the live cost. Raises CannotPriceError."""
    if session.tariff_snapshot is None:
        raise CannotPriceError(_("No tariff was in force when it started."))
    try:
        snapshot = snapshot_from_json(session.tariff_snapshot)
        money.exponent(snapshot.rules.currency)
        return price(snapshot, usage_of(session))
    except (SnapshotError, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        detail = _("Its tariff cannot be read: %(error)s") % {"error": error}
        raise CannotPriceError(detail) from error


def _issue(session: ChargingSession, result: PriceResult, intent: PaymentIntent | None) -> Bill:
    currency = result.currency
    if intent is None:
        debt = owed(result.rounded(money.exponent(currency)))
        payer = _debtor(session, currency)
    else:
        # Never more than was paid; and nothing at all where nothing flowed.
        most = deposit_of(intent) if session.energy_wh else 0
        debt = owed(result.rounded(money.exponent(currency)), most=most)
        payer = deposit_account(intent.pk, intent.currency)
    fee = commission(session, net=debt.net, currency=currency)
    now = clock.now()
    bill = Bill.objects.create(
        session=session,
        cpo=session.cpo,
        driver_id=session.driver_id,
        payer_reference="" if intent else _partner_of(session),
        currency=currency,
        total=debt.total,
        tax=debt.tax,
        platform_fee=fee,
        issued_at=now,
        available_at=now + timedelta(hours=settings.PENDING_HOLD_HOURS),
        booking=_book(session, debt, payer=payer, fee=fee, currency=currency),
    )
    BillLine.objects.bulk_create(_lines(bill, debt))
    mark_session_billed(session.pk, total=debt.total, currency=currency, bill_id=bill.pk)
    publish(BillIssued(bill.pk))
    return bill


def _debtor(session: ChargingSession, currency: str) -> AccountRef:
    """Who charges on account: a roaming partner for its drivers, a driver of ours, else nobody
    that we know, and it is owed through the CPO.
    """
    partner = _partner_of(session)
    if partner:
        return partner_account(Code.ROAMING_RECEIVABLE, partner, currency)
    return receivable_account(session.driver_id, session.cpo_id, currency)


def _partner_of(session: ChargingSession) -> str:
    return session.id_token.payer_reference if session.id_token else ""


def commission(session: ChargingSession, *, net: int, currency: str) -> int:
    """What the platform keeps of `net` (minor units), by the rate in force at the session's end."""
    at = session.ended_at or session.started_at
    rate = CommissionRate.objects.in_force(session.cpo, at)
    percent = rate.percent if rate else Decimal(settings.DEFAULT_COMMISSION_PERCENT)
    fixed = rate.fixed if rate else 0
    digits = money.exponent(currency)
    share = Decimal(net).scaleb(-digits) * percent / 100
    return min(net, money.round_half_up(share, currency) + fixed)


def _book(
    session: ChargingSession, debt: Owed, *, payer: AccountRef, fee: int, currency: str
) -> LedgerTransaction | None:
    """Out of what was prepaid, or owed on account. A bill of 0 is no booking."""
    if not debt.total:
        return None

    def account(code: Code) -> AccountRef:
        return cpo_account(code, session.cpo_id, currency)

    credits = {
        account(Code.CPO_PENDING): debt.net - fee,
        account(Code.PLATFORM_FEE_REVENUE): fee,
        account(Code.PPN_PAYABLE): debt.tax_of(TaxCode.VAT),
        account(Code.PBJT_PAYABLE): debt.tax_of(TaxCode.PBJT),
    }
    booking, _created = ledger.post(
        key=f"bill:{session.pk}",
        kind=Booking.BILL,
        legs=[
            debit(payer, debt.total),
            *(_leg(owner, amount) for owner, amount in credits.items() if amount),
        ],
        metadata={"session": session.pk, "transaction_id": session.transaction_id},
    )
    return booking


def _leg(account: AccountRef, amount: int) -> Leg:
    return credit(account, amount) if amount > 0 else debit(account, -amount)


def _lines(bill: Bill, debt: Owed) -> list[BillLine]:
    lines = [_line(bill, position, line) for position, line in enumerate(debt.rounded.lines, 1)]
    if debt.waived:
        lines.append(
            BillLine(
                bill=bill,
                position=len(lines) + 1,
                kind=BillLineKind.WAIVED,
                quantity=1,
                unit="session",
                unit_price=0,
                exact_amount=Decimal(-debt.waived).scaleb(-money.exponent(bill.currency)),
                amount=-debt.waived,
                tax=-debt.waived_tax,
                why=debt.why,
            )
        )
    return lines


def _line(bill: Bill, position: int, rounded: RoundedLine) -> BillLine:
    line = rounded.line
    return BillLine(
        bill=bill,
        position=position,
        kind=line.kind.value,
        quantity=to_decimal(line.quantity),
        unit=line.unit,
        unit_price=line.unit_price,
        tax_percent=line.tax_percent,
        exact_amount=to_decimal(line.gross),
        amount=rounded.gross,
        tax=rounded.tax,
        why=line.why,
    )
