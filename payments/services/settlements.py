"""Settlements: a CPO asks for its money, another person approves, the bank is told, it arrives.

The amount stands on hold from the request to the end. Each change is a row in
`SettlementStatusChange` and in the audit log.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from cpo.access import Actor, Right, audit_name, is_platform_staff, require_right
from cpo.models import CPO, ApiKey, User
from cpo.services import audit
from payments.chart import AccountRef, Code
from payments.events import SettlementRequested, SettlementStatusChanged
from payments.models import Settlement, SettlementStatusChange
from payments.selectors.wallet import available_balance
from payments.services.settling import booking, policy
from payments.services.settling.proofs import ProofPaper, keep_proof
from payments.states import SETTLEMENT_TRANSITIONS, SettlementStatus
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError, RefusedError
from unievp.lib.events import publish

# Of a settlement whose money was given back before it arrived all the same.
LATE: Final = gettext_noop("It arrived after it had failed")

_S = SettlementStatus


def request_settlement(cpo: CPO, *, actor: Actor, amount: int | None = None) -> Settlement:
    """Ask for `amount` minor units, or for all that is available, and put it on hold.

    Raises ForbiddenError, InvalidError (amount, no bank account), RefusedError (not verified, below
    the minimum, more than available), ConflictError (one is open already).
    """
    require_right(actor, cpo, Right.MONEY)
    return open_settlement(cpo, actor=actor, amount=amount)


def open_settlement(cpo: CPO, *, actor: Actor | str, amount: int | None = None) -> Settlement:
    """The same for a process of ours, by its name: a schedule has no role."""
    policy.check_may_be_paid(cpo)
    policy.check_bank_account(cpo)
    who = actor if isinstance(actor, str) else audit_name(actor)
    with transaction.atomic():
        # One request at a time: amount and account are read and held under this lock. Not the
        # key's: a decision that is being written names the company, and we may wait for it.
        locked = CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
        policy.check_may_be_paid(locked)
        policy.check_bank_account(locked)
        amount = _checked_amount(locked, amount)
        settlement = _create(locked, actor, amount)
        booking.hold(settlement)
        _note(settlement, actor=who, before={}, reason="")
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
        if locked.status not in (_S.REQUESTED, _S.APPROVED):
            # The table allows it for a payout that the gateway itself cancelled.
            detail = _("The bank knows of it already, or it is over.")
            raise ConflictError(detail, code="settlement_under_way")
        _move(locked, _S.CANCELLED, actor=audit_name(actor), reason=reason)
        booking.give_back(locked)
    return locked


def mark_settlement_paid(
    settlement: Settlement,
    *,
    actor: User,
    proof: str,
    fee: int = 0,
    paid_at: datetime | None = None,
    document: ProofPaper | None = None,
) -> Settlement:
    """A transfer made by hand arrived: `proof` names it, `fee` is what the bank took of us.

    `document` is the bank's paper. Raises ForbiddenError (also for who asked), InvalidError (no
    proof, fee, document), ConflictError (not approved; a payout may arrive), RefusedError.
    """
    _require_staff(actor)
    if not proof.strip():
        raise InvalidError(_("Name the transfer: its reference at the bank."), field="proof")
    if fee < 0 or fee >= settlement.amount:
        raise InvalidError(_("This is no fee for this amount."), field="fee")
    with transaction.atomic():
        locked = _locked(settlement)
        _check_by_hand(locked, actor)
        if document is not None:
            keep_proof(locked, document, actor=actor)
        locked.proof, locked.fee, locked.paid_at = proof, fee, paid_at or clock.now()
        _move(locked, _S.PAID, actor=actor, reason="", fields=("proof", "fee", "paid_at"))
        booking.book_paid(locked, AccountRef(Code.BANK_OPERATING, currency=locked.currency), fee)
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
            booking.book_paid(locked, paid_from or AccountRef(Code.BANK_OPERATING), fee)
        elif status in (_S.FAILED, _S.CANCELLED):
            booking.give_back(locked)
        elif status == _S.REVERSED:
            booking.book_reversed(locked, paid_from or AccountRef(Code.BANK_OPERATING))
    return locked


def book_late_arrival(settlement: Settlement, *, paid_from: AccountRef, fee: int) -> Settlement:
    """The bank paid what had failed and was given back: the company owes it out of its wallet."""
    with transaction.atomic():
        locked = _locked(settlement)
        if locked.status == _S.PAID:
            return locked
        locked.fee, locked.paid_at = fee, clock.now()
        _move(locked, _S.PAID, actor="payouts", reason=LATE, fields=("fee", "paid_at"))
        booking.book_paid(locked, paid_from, fee, out_of=Code.CPO_RECEIVABLE)
    return locked


def fail_settlement(settlement: Settlement, *, reason: str, actor: User | str) -> Settlement:
    """The transfer will not arrive; the money is available again."""
    with transaction.atomic():
        locked = _locked(settlement)
        if locked.status in (_S.SUBMITTING, _S.SUBMITTED, _S.PROCESSING, _S.REVIEW):
            detail = _("The gateway was told to pay it: ask what became of the payout.")
            raise ConflictError(detail, code="payout_may_arrive")
        _move(locked, _S.FAILED, actor=actor, reason=reason)
        booking.give_back(locked)
    return locked


def _check_by_hand(settlement: Settlement, actor: User) -> None:
    """Once, by another person, and to nobody who may not be paid."""
    policy.check_four_eyes(settlement, actor)
    policy.check_may_be_paid(settlement.cpo)
    if settlement.status != _S.APPROVED:
        SETTLEMENT_TRANSITIONS.check(settlement.status, _S.PAID)
        detail = _("The gateway was told to pay it: ask what became of the payout.")
        raise ConflictError(detail, code="payout_may_arrive")


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


def _create(cpo: CPO, actor: Actor | str, amount: int) -> Settlement:
    try:
        with transaction.atomic():
            return Settlement.objects.create(
                cpo=cpo,
                currency=settings.CURRENCY,
                amount=amount,
                charged_fee=policy.fee_kept_back(cpo, amount),
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
        if status == _S.APPROVED:
            policy.check_four_eyes(locked, actor)
            policy.check_may_be_paid(locked.cpo)
        locked.decided_by = actor if isinstance(actor, User) else None
        locked.decided_key = actor if isinstance(actor, ApiKey) else None
        locked.decided_at = clock.now()
        fields = ("decided_by", "decided_key", "decided_at")
        _move(locked, status, actor=audit_name(actor), reason=reason, fields=fields)
        if status == _S.REJECTED:
            booking.give_back(locked)
    return locked


def _require_staff(actor: Actor) -> None:
    """Finance staff, or a key of the platform (whose scope the API has checked)."""
    may = isinstance(actor, ApiKey) or (
        isinstance(actor, User) and actor.has_perm("payments.change_settlement")
    )
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
