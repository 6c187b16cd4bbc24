"""Settlements: a CPO asks for its money, another person approves, the bank is told, it arrives.

The amount stands on hold from the request to the end. Each change is a row in
`SettlementStatusChange` and in the audit log.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, Right, audit_name, is_platform_staff, may_trade, require_right
from cpo.models import CPO, ApiKey, User
from cpo.services import audit
from payments.chart import AccountRef, Booking, Code, cpo_account
from payments.events import SettlementRequested, SettlementStatusChanged
from payments.ledger.legs import credit, debit
from payments.models import Settlement, SettlementStatusChange
from payments.selectors.wallet import available_balance
from payments.services import ledger
from payments.states import SETTLEMENT_TRANSITIONS, SettlementStatus
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError, RefusedError
from unievp.lib.events import publish

_S = SettlementStatus


def request_settlement(cpo: CPO, *, actor: Actor, amount: int | None = None) -> Settlement:
    """Ask for `amount` minor units, or for all that is available, and put it on hold.

    Raises ForbiddenError, InvalidError (amount, no bank account), RefusedError (not verified, below
    the minimum, more than available), ConflictError (one is open already).
    """
    require_right(actor, cpo, Right.MONEY)
    if not may_trade(cpo):
        raise RefusedError(_("Only a verified company is paid."), code="cpo_not_verified")
    if not (cpo.bank_code and cpo.bank_account_number and cpo.bank_account_name):
        raise InvalidError(_("Add a bank account first."), code="no_bank_account")
    with transaction.atomic():
        # One request at a time: the amount is read and held under this lock.
        CPO.objects.select_for_update().get(pk=cpo.pk)
        amount = _checked_amount(cpo, amount)
        settlement = _create(cpo, actor, amount)
        _post(settlement, Booking.SETTLEMENT_HOLD, Code.CPO_AVAILABLE, Code.CPO_SETTLEMENT_HOLD)
        _note(settlement, actor=audit_name(actor), before={}, reason="")
        publish(SettlementRequested(settlement.pk))
    return settlement


def approve_settlement(settlement: Settlement, *, actor: Actor) -> Settlement:
    """Platform staff, and never the person, or the API key, that asked."""
    return _decide(settlement, actor=actor, status=_S.APPROVED, reason="")


def reject_settlement(settlement: Settlement, *, actor: Actor, reason: str) -> Settlement:
    """Platform staff say no, and why; the money is available again."""
    if not reason.strip():
        raise InvalidError(_("Say why."), field="reason")
    return _decide(settlement, actor=actor, status=_S.REJECTED, reason=reason)


def cancel_settlement(settlement: Settlement, *, actor: Actor, reason: str = "") -> Settlement:
    """Taken back before the bank knows of it, by the company or by staff."""
    require_right(actor, settlement.cpo, Right.MONEY)
    with transaction.atomic():
        locked = _locked(settlement)
        _move(locked, _S.CANCELLED, actor=audit_name(actor), reason=reason)
        _give_back(locked)
    return locked


def mark_settlement_paid(
    settlement: Settlement,
    *,
    actor: User,
    proof: str,
    fee: int = 0,
    paid_at: datetime | None = None,
) -> Settlement:
    """A transfer made by hand arrived: `proof` names it, `fee` is what the bank took of us.

    Raises ForbiddenError, InvalidError (no proof, fee), ConflictError (not approved).
    """
    _require_staff(actor)
    if not proof.strip():
        raise InvalidError(_("Name the transfer: its reference at the bank."), field="proof")
    if fee < 0 or fee >= settlement.amount:
        raise InvalidError(_("This is no fee for this amount."), field="fee")
    with transaction.atomic():
        locked = _locked(settlement)
        locked.proof, locked.fee, locked.paid_at = proof, fee, paid_at or clock.now()
        _move(locked, _S.PAID, actor=actor, reason="", fields=("proof", "fee", "paid_at"))
        _book_paid(locked, AccountRef(Code.BANK_OPERATING, currency=locked.currency), fee)
    return locked


def move_settlement(
    settlement: Settlement,
    status: SettlementStatus,
    *,
    reason: str = "",
    actor: User | str = "payouts",
    paid_from: AccountRef | None = None,
    fee: int = 0,
) -> Settlement:
    """Follow a payout's progress; the same status again changes nothing.

    PAID books the hold against `paid_from`, FAILED and CANCELLED give it back, REVERSED brings the
    money back into the wallet. Raises ConflictError for a step that the table does not know.
    """
    with transaction.atomic():
        locked = _locked(settlement)
        if locked.status == status:
            return locked
        if status == _S.PAID:
            locked.fee, locked.paid_at = fee, clock.now()
        _move(locked, status, actor=actor, reason=reason, fields=("fee", "paid_at"))
        if status == _S.PAID:
            _book_paid(locked, paid_from or AccountRef(Code.BANK_OPERATING), fee)
        elif status in (_S.FAILED, _S.CANCELLED):
            _give_back(locked)
        elif status == _S.REVERSED:
            _book_reversed(locked, paid_from or AccountRef(Code.BANK_OPERATING))
    return locked


def fail_settlement(settlement: Settlement, *, reason: str, actor: User | str) -> Settlement:
    """The transfer will not arrive; the money is available again."""
    with transaction.atomic():
        locked = _locked(settlement)
        _move(locked, _S.FAILED, actor=actor, reason=reason)
        _give_back(locked)
    return locked


def _checked_amount(cpo: CPO, amount: int | None) -> int:
    available = available_balance(cpo, currency=settings.CURRENCY)
    if amount is None:
        amount = available
    if amount <= 0 and available > 0:
        raise InvalidError(_("An amount above 0 is needed."), field="amount")
    if amount > available:
        detail = _("More than what is available.")
        raise RefusedError(detail, field="amount", code="insufficient_funds")
    if amount < settings.SETTLEMENT_MINIMUM:
        detail = _("The least amount of a settlement is %(minimum)s.")
        raise RefusedError(
            detail % {"minimum": settings.SETTLEMENT_MINIMUM}, field="amount", code="below_minimum"
        )
    return amount


def _create(cpo: CPO, actor: Actor, amount: int) -> Settlement:
    try:
        with transaction.atomic():
            return Settlement.objects.create(
                cpo=cpo,
                currency=settings.CURRENCY,
                amount=amount,
                requested_by=actor if isinstance(actor, User) else None,
                requested_key=actor if isinstance(actor, ApiKey) else None,
                requested_at=clock.now(),
                bank_code=cpo.bank_code,
                bank_account_name=cpo.bank_account_name,
                bank_account_number=cpo.bank_account_number,
            )
    except IntegrityError as error:
        if "settlement_one_open_per_cpo" not in str(error):
            raise
        detail = _("A settlement is open already; wait for its end.")
        raise ConflictError(detail, code="settlement_open") from error


def _decide(
    settlement: Settlement, *, actor: Actor, status: SettlementStatus, reason: str
) -> Settlement:
    _require_staff(actor)
    with transaction.atomic():
        locked = _locked(settlement)
        if status == _S.APPROVED and actor in (locked.requested_by, locked.requested_key):
            detail = _("Who asked for a settlement may not approve it.")
            raise ForbiddenError(detail, code="four_eyes")
        locked.decided_by = actor if isinstance(actor, User) else None
        locked.decided_key = actor if isinstance(actor, ApiKey) else None
        locked.decided_at = clock.now()
        fields = ("decided_by", "decided_key", "decided_at")
        _move(locked, status, actor=audit_name(actor), reason=reason, fields=fields)
        if status == _S.REJECTED:
            _give_back(locked)
    return locked


def _require_staff(actor: Actor) -> None:
    """Finance staff, or a key of the platform (whose scope the API has checked)."""
    may = isinstance(actor, ApiKey) or actor.has_perm("payments.change_settlement")
    if not (is_platform_staff(actor) and may):
        raise ForbiddenError(_("Only finance staff decide about settlements."))


def _locked(settlement: Settlement) -> Settlement:
    return (
        Settlement.objects.select_for_update(of=("self",))
        .select_related("cpo")
        .get(pk=settlement.pk)
    )


def _move(
    settlement: Settlement,
    status: SettlementStatus,
    *,
    actor: User | str,
    reason: str,
    fields: tuple[str, ...] = (),
) -> None:
    before = {"status": settlement.status}
    SETTLEMENT_TRANSITIONS.check(settlement.status, status)
    settlement.status, settlement.reason = status, reason[:200]
    settlement.save(update_fields=["status", "reason", *fields])
    _note(settlement, actor=actor, before=before, reason=reason)
    publish(SettlementStatusChanged(settlement.pk, status.value))


def _note(
    settlement: Settlement, *, actor: User | str, before: dict[str, Any], reason: str
) -> None:
    SettlementStatusChange.objects.create(
        settlement=settlement,
        at=clock.now(),
        status=settlement.status,
        actor=actor if isinstance(actor, User) else None,
        reason=reason[:200],
    )
    audit.record(
        actor=actor,
        action=f"settlement.{settlement.status}",
        subject=settlement,
        before=before,
        after={"status": settlement.status, "amount": settlement.amount},
        cpo=settlement.cpo,
        reason=reason,
    )


def _book_paid(settlement: Settlement, source: AccountRef, fee: int) -> None:
    currency = settlement.currency
    hold = cpo_account(Code.CPO_SETTLEMENT_HOLD, settlement.cpo_id, currency)
    legs = [debit(hold, settlement.amount), credit(source, settlement.amount + fee)]
    if fee:
        legs.append(debit(AccountRef(Code.PAYOUT_FEE_EXPENSE, currency=currency), fee))
    ledger.post(
        key=f"settlement:{settlement.pk}:paid",
        kind=Booking.SETTLEMENT_PAID,
        legs=legs,
        metadata={"settlement": settlement.pk},
    )


def _book_reversed(settlement: Settlement, target: AccountRef) -> None:
    """The bank sent it back: it is the CPO's again."""
    wallet = cpo_account(Code.CPO_AVAILABLE, settlement.cpo_id, settlement.currency)
    ledger.post(
        key=f"settlement:{settlement.pk}:reversed",
        kind=Booking.SETTLEMENT_REVERSED,
        legs=[debit(target, settlement.amount), credit(wallet, settlement.amount)],
        metadata={"settlement": settlement.pk},
    )


def _give_back(settlement: Settlement) -> None:
    _post(settlement, Booking.SETTLEMENT_RELEASE, Code.CPO_SETTLEMENT_HOLD, Code.CPO_AVAILABLE)


def _post(settlement: Settlement, kind: Booking, source: Code, target: Code) -> None:
    cpo_id, currency = settlement.cpo_id, settlement.currency
    ledger.post(
        key=f"settlement:{settlement.pk}:{kind.value.removeprefix('settlement_')}",
        kind=kind,
        legs=[
            debit(cpo_account(source, cpo_id, currency), settlement.amount),
            credit(cpo_account(target, cpo_id, currency), settlement.amount),
        ],
        metadata={"settlement": settlement.pk},
    )
