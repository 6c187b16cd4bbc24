"""Bookings by people: one proposes, another decides, and the ledger keeps both names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import CPO, Driver, User
from cpo.services import audit
from payments.chart import (
    AccountRef,
    Booking,
    Code,
    Owner,
    cpo_account,
    gateway_account,
    partner_account,
)
from payments.ledger.legs import Leg, credit, debit
from payments.models import Adjustment, AdjustmentKind, ProviderConfig
from payments.services import ledger
from payments.states import ADJUSTMENT_TRANSITIONS, AdjustmentStatus
from unievp.lib import clock, money
from unievp.lib.errors import ForbiddenError, InvalidError

_K = AdjustmentKind
# What one side of a booking needs to be named.
_OF_CONFIG: Final = frozenset(
    {
        _K.TOP_UP,
        _K.WITHDRAWAL,
        _K.UNMATCHED,
        _K.SUSPENSE_TO_CPO,
        _K.SUSPENSE_RETURNED,
        _K.SUSPENSE_KEPT,
        _K.GATEWAY_MORE,
        _K.GATEWAY_LESS,
    }
)
_OF_CPO: Final = frozenset({_K.SUSPENSE_TO_CPO, _K.CPO_CREDIT, _K.CPO_DEBIT})
_OF_PARTNER: Final = {
    _K.PARTNER_PAID: Code.ROAMING_RECEIVABLE,
    _K.PAID_PARTNER: Code.ROAMING_PAYABLE,
}
# Recorded by `payments.services.transfers`.
OF_TRANSFERS: Final = frozenset({*_OF_PARTNER, _K.DRIVER_PAID, _K.PAID_DRIVER})
# "A little": beyond it somebody has to find out.
MOST_ROUNDING: Final = 1_000
LONGEST_REASON: Final = 300
RIGHT: Final = "payments.add_adjustment"
_RIGHT_TO_DECIDE: Final = "payments.change_adjustment"


def propose_adjustment(
    *,
    kind: str,
    amount: int,
    reason: str,
    actor: User,
    config: ProviderConfig | None = None,
    cpo: CPO | None = None,
) -> Adjustment:
    """Nothing is booked before another person approves it.

    Raises ForbiddenError, InvalidError (which names the field).
    """
    check_right(actor, RIGHT)
    reason = " ".join(reason.split())
    if kind not in AdjustmentKind.values or kind in OF_TRANSFERS:
        raise InvalidError(_("Choose what it is."), field="kind")
    if not 0 < amount < 2**53:
        raise InvalidError(_("An amount above 0, in whole rupiah."), field="amount")
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InvalidError(_("Say why, in at most 300 characters."), field="reason")
    _check_parts(AdjustmentKind(kind), amount, config, cpo)
    with transaction.atomic():
        proposal = Adjustment.objects.create(
            kind=kind,
            amount=amount,
            config=config if kind in _OF_CONFIG else None,
            cpo=cpo if kind in _OF_CPO else None,
            reason=reason,
            proposed_at=clock.now(),
            proposed_by=actor,
        )
        audit.record(
            actor=actor,
            action="adjustment.proposed",
            subject=proposal,
            after={"kind": kind, "amount": amount},
            cpo=proposal.cpo,
            reason=reason,
        )
    return proposal


def approve_adjustment(proposal: Adjustment, *, actor: User) -> Adjustment:
    """Book it. Raises ForbiddenError (also for who proposed it), ConflictError (decided already),
    InsufficientFundsError (an account would be overdrawn).
    """
    with transaction.atomic():
        locked = _lock(proposal, actor, AdjustmentStatus.BOOKED)
        if locked.kind in OF_TRANSFERS:
            check_owed(locked)
        locked.booking, _created = ledger.post(
            key=f"adj:{locked.pk}",
            kind=Booking.ADJUSTMENT,
            legs=_LEGS[AdjustmentKind(locked.kind)](locked),
            metadata={"adjustment": str(locked.pk), "why": locked.reason},
        )
        _decide(locked, AdjustmentStatus.BOOKED, actor)
    return locked


def refuse_adjustment(proposal: Adjustment, *, actor: User) -> Adjustment:
    """Nothing is booked; who proposed it may take it back so. Raises as `approve_adjustment`."""
    with transaction.atomic():
        locked = _lock(proposal, actor, AdjustmentStatus.REFUSED)
        _decide(locked, AdjustmentStatus.REFUSED, actor)
    return locked


def check_owed(row: Adjustment) -> None:
    """A transfer settles what is owed and no more. Raises InvalidError (amount)."""
    if not 0 < row.amount < 2**53:
        raise InvalidError(_("An amount above 0, in whole rupiah."), field="amount")
    owed = _paid_by_driver(row) if row.kind == _K.PAID_DRIVER else ledger.balance_of(_owed(row))
    if row.amount > owed:
        shown = money.format_money(max(owed, 0), row.currency)
        raise InvalidError(_("Only %(owed)s is owed.") % {"owed": shown}, field="amount")


def _paid_by_driver(row: Adjustment) -> int:
    """What the driver has paid by transfer and was not paid back yet."""
    assert row.driver is not None
    # Two approvals at once would both find enough.
    Driver.objects.select_for_update(of=("self",), no_key=True).get(pk=row.driver.pk)
    booked = Adjustment.objects.filter(
        driver=row.driver, currency=row.currency, status=AdjustmentStatus.BOOKED
    )
    sums = dict(booked.order_by().values_list("kind").annotate(Sum("amount")))
    return int(sums.get(_K.DRIVER_PAID, 0)) - int(sums.get(_K.PAID_DRIVER, 0))


def suspense_account(config: ProviderConfig, currency: str = "IDR") -> AccountRef:
    return gateway_account(Code.SUSPENSE, config.pk, currency)


def _lock(proposal: Adjustment, actor: User, status: AdjustmentStatus) -> Adjustment:
    check_right(actor, _RIGHT_TO_DECIDE)
    locked = Adjustment.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    ADJUSTMENT_TRANSITIONS.check(locked.status, status)
    if status == AdjustmentStatus.BOOKED and locked.proposed_by_id == actor.pk:
        detail = _("Who proposed an adjustment may not approve it.")
        raise ForbiddenError(detail, code="four_eyes")
    return locked


def _decide(locked: Adjustment, status: AdjustmentStatus, actor: User) -> None:
    before = locked.status
    locked.status, locked.decided_by, locked.decided_at = status, actor, clock.now()
    locked.save(update_fields=["status", "decided_by", "decided_at", "booking"])
    audit.record(
        actor=actor,
        action=f"adjustment.{status}",
        subject=locked,
        before={"status": before},
        after={"status": status.value},
        cpo=locked.cpo,
    )


def check_right(actor: User, right: str) -> None:
    if not (is_platform_staff(actor) and actor.has_perm(right)):
        raise ForbiddenError(_("Only finance staff adjust the books."))


def _check_parts(
    kind: AdjustmentKind, amount: int, config: ProviderConfig | None, cpo: CPO | None
) -> None:
    if kind in _OF_CONFIG and config is None:
        raise InvalidError(_("Say which provider it is about."), field="config")
    if kind in _OF_CPO and cpo is None:
        raise InvalidError(_("Say which company it is about."), field="cpo")
    if kind in (_K.GATEWAY_MORE, _K.GATEWAY_LESS) and amount > MOST_ROUNDING:
        detail = _("At most %(most)d is called rounding. Find out where the rest comes from.")
        raise InvalidError(detail % {"most": MOST_ROUNDING}, field="amount")


# --- The legs of each kind (docs/payments.md) ---------------------------------------------------


def _available(row: Adjustment) -> AccountRef:
    assert row.config is not None
    return gateway_account(Code.GATEWAY_AVAILABLE, row.config.pk, row.currency)


def _suspense(row: Adjustment) -> AccountRef:
    assert row.config is not None
    return suspense_account(row.config, row.currency)


def _wallet(row: Adjustment) -> AccountRef:
    assert row.cpo is not None
    return cpo_account(Code.CPO_AVAILABLE, row.cpo.pk, row.currency)


def _owed(row: Adjustment) -> AccountRef:
    """The debt that a transfer is about."""
    if row.driver is not None:
        code, owner = Code.DRIVER_RECEIVABLE, str(row.driver.pk)
        return AccountRef(code, Owner.DRIVER, owner, row.currency)
    code = _OF_PARTNER[AdjustmentKind(row.kind)]
    return partner_account(code, row.partner_reference, row.currency)


def _own(code: Code) -> Callable[[Adjustment], AccountRef]:
    return lambda row: AccountRef(code, currency=row.currency)


def _from_to(
    debited: Callable[[Adjustment], AccountRef], credited: Callable[[Adjustment], AccountRef]
) -> Callable[[Adjustment], list[Leg]]:
    return lambda row: [debit(debited(row), row.amount), credit(credited(row), row.amount)]


_bank, _rounding = _own(Code.BANK_OPERATING), _own(Code.ROUNDING)
_kept = _own(Code.PLATFORM_FEE_REVENUE)
_LEGS: Final[dict[AdjustmentKind, Callable[[Adjustment], list[Leg]]]] = {
    _K.TOP_UP: _from_to(_available, _bank),
    _K.WITHDRAWAL: _from_to(_bank, _available),
    _K.UNMATCHED: _from_to(_available, _suspense),
    _K.SUSPENSE_TO_CPO: _from_to(_suspense, _wallet),
    _K.SUSPENSE_RETURNED: _from_to(_suspense, _available),
    _K.SUSPENSE_KEPT: _from_to(_suspense, _kept),
    _K.GATEWAY_MORE: _from_to(_available, _rounding),
    _K.GATEWAY_LESS: _from_to(_rounding, _available),
    _K.CPO_CREDIT: _from_to(_kept, _wallet),
    _K.CPO_DEBIT: _from_to(_wallet, _kept),
    _K.PARTNER_PAID: _from_to(_bank, _owed),
    _K.PAID_PARTNER: _from_to(_owed, _bank),
    _K.DRIVER_PAID: _from_to(_bank, _owed),
    _K.PAID_DRIVER: _from_to(_owed, _bank),
}
