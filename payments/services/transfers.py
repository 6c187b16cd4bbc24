"""Transfers at the bank that settle debts: of roaming partners, of us to them, and of drivers.

One person records a transfer, another one approves it among the adjustments; only then it is
booked. The bank's reference is recorded once, by the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from cpo.models import Driver, User
from cpo.services import audit
from payments.models import Adjustment, AdjustmentKind
from payments.services.adjustments import LONGEST_REASON, RIGHT, check_owed, check_right
from unievp.lib import clock, money
from unievp.lib.errors import ConflictError, InvalidError

_LONGEST_TRANSFER: Final = 80
PARTNERS: Final = (AdjustmentKind.PARTNER_PAID, AdjustmentKind.PAID_PARTNER)
DRIVERS: Final = (AdjustmentKind.DRIVER_PAID, AdjustmentKind.PAID_DRIVER)


@dataclass(frozen=True, slots=True)
class PartnerPayment:
    """A transfer between a roaming partner and us; `transfer` is its reference at the bank."""

    kind: str
    partner_reference: str
    partner_name: str
    amount: int
    transfer: str
    currency: str = "IDR"


@dataclass(frozen=True, slots=True)
class DriverPayment:
    """A transfer between a driver and us; `amount` in minor units of `currency`."""

    kind: str
    driver: Driver
    amount: int
    transfer: str
    currency: str = "IDR"


def propose_partner_payment(paid: PartnerPayment, *, reason: str, actor: User) -> Adjustment:
    """Nothing is booked before another person approves it.

    Raises ForbiddenError, InvalidError (which names the field; also for more than is owed),
    ConflictError (this transfer was recorded).
    """
    row = Adjustment(
        kind=paid.kind,
        amount=paid.amount,
        currency=paid.currency,
        partner_reference=paid.partner_reference,
        partner_name=paid.partner_name[:120],
        transfer=paid.transfer,
    )
    return _propose(row, PARTNERS, reason=reason, actor=actor)


def propose_driver_payment(paid: DriverPayment, *, reason: str, actor: User) -> Adjustment:
    """What a driver owes and has paid, or is paid back of it. Raises as the partners' do."""
    if paid.currency not in money.EXPONENTS:
        raise InvalidError(_("We keep no books in this currency."), field="currency")
    row = Adjustment(
        kind=paid.kind,
        amount=paid.amount,
        currency=paid.currency,
        driver=paid.driver,
        transfer=paid.transfer,
    )
    return _propose(row, DRIVERS, reason=reason, actor=actor)


def _propose(
    row: Adjustment, kinds: tuple[AdjustmentKind, ...], *, reason: str, actor: User
) -> Adjustment:
    check_right(actor, RIGHT)
    row.transfer, row.reason = " ".join(row.transfer.split()), " ".join(reason.split())
    if row.kind not in kinds:
        raise InvalidError(_("Choose who paid whom."), field="kind")
    if not 0 < len(row.transfer) <= _LONGEST_TRANSFER:
        raise InvalidError(_("Name the transfer: its reference at the bank."), field="transfer")
    if not 0 < len(row.reason) <= LONGEST_REASON:
        raise InvalidError(_("Say why, in at most 300 characters."), field="reason")
    row.proposed_at, row.proposed_by = clock.now(), actor
    try:
        with transaction.atomic():
            check_owed(row)
            row.save(force_insert=True)
            audit.record(
                actor=actor,
                action="adjustment.proposed",
                subject=row,
                after={"kind": row.kind, "amount": row.amount, "transfer": row.transfer},
                reason=row.reason,
            )
    except IntegrityError:
        detail = _("The transfer “%(transfer)s” was recorded already.") % {"transfer": row.transfer}
        raise ConflictError(detail, field="transfer", code="transfer_recorded") from None
    return row
