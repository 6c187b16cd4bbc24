"""A payout begins: its row is the order, and there is never a second one that may arrive."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff, may_trade
from cpo.models import User
from cpo.services import audit
from payments.events import PayoutQueued
from payments.models import Payout, PayoutStatus, Refund, RefundRoute, RefundStatus, Settlement
from payments.models.provider import ProviderConfig
from payments.services.providers import payout_config
from payments.services.refunds.repairing import check_four_eyes
from payments.services.settlements import move_settlement
from payments.states import REFUND_TRANSITIONS, SettlementStatus
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError
from unievp.lib.events import publish


def pay_settlement(settlement: Settlement) -> Payout | None:
    """Order the transfer of an approved settlement; None where no gateway pays out (by hand then),
    and for a company that was suspended since: the money stays on hold.

    Again: the order that is under way.
    """
    config = payout_config()
    if config is None:
        return None
    with transaction.atomic():
        locked = (
            Settlement.objects.select_for_update(of=("self",))
            .select_related("cpo")
            .get(pk=settlement.pk)
        )
        if not may_trade(locked.cpo):
            return None
        if locked.status != SettlementStatus.APPROVED:
            return locked.payouts.order_by("-created_at").first()
        payout = _order(
            config,
            settlement=locked,
            reference=f"stl-{locked.pk}-{locked.payouts.count() + 1}",
            amount=locked.transfer_amount,
            bank_code=locked.bank_code,
            account_name=locked.bank_account_name,
            account_number=locked.bank_account_number,
            description=str(locked),
        )
        move_settlement(locked, SettlementStatus.SUBMITTING)
    return payout


def pay_refund(
    refund: Refund,
    *,
    bank_code: str,
    account_name: str,
    account_number: str,
    actor: User | str,
) -> Payout | None:
    """Send a refund to the account that the driver named; None where no gateway pays out, and
    where another person has to agree (`agree_to_account`): nobody of the staff alone chooses where
    money goes that the platform itself gave back.

    Raises InvalidError (account), ConflictError (it does not wait for one), ForbiddenError (by the
    person who asked for the refund).
    """
    for field, value in (
        ("bank_code", bank_code),
        ("account_name", account_name),
        ("account_number", account_number),
    ):
        if not value.strip():
            raise InvalidError(_("This is needed."), field=field)
    with transaction.atomic():
        locked = _waiting_for_account(refund)
        check_four_eyes(locked, actor)
        locked.bank_code, locked.account_name = bank_code.strip().upper(), account_name.strip()
        locked.account_number, locked.route = account_number.strip(), RefundRoute.PAYOUT
        alone = isinstance(actor, User) and locked.requested_by_id is None
        locked.account_by = actor if alone and isinstance(actor, User) else None
        locked.save(
            update_fields=["bank_code", "account_name", "account_number", "route", "account_by"]
        )
        _audit_account(locked, "refund.account", actor)
        return None if alone else _order_refund(locked)


def agree_to_account(refund: Refund, *, actor: User) -> Payout | None:
    """Another person has checked the account that one of the staff entered; None: by hand then.

    Raises ForbiddenError (no staff; who entered it), ConflictError (none waits to be agreed to).
    """
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff decide where a refund is paid to."))
    with transaction.atomic():
        locked = _waiting_for_account(refund)
        if locked.account_by_id is None:
            detail = _("Nobody has entered an account that waits for you.")
            raise ConflictError(detail, code="no_account_waits")
        if locked.account_by_id == actor.pk:
            detail = _("Who entered the account may not agree to it.")
            raise ForbiddenError(detail, code="four_eyes")
        locked.account_by = None
        locked.save(update_fields=["account_by"])
        _audit_account(locked, "refund.account_agreed", actor)
        return _order_refund(locked)


def _waiting_for_account(refund: Refund) -> Refund:
    locked = (
        Refund.objects.select_for_update(of=("self",))
        .select_related("intent__cpo")
        .get(pk=refund.pk)
    )
    if locked.status != RefundStatus.NEEDS_ACCOUNT:
        raise ConflictError(_("This refund does not wait for an account."))
    return locked


def _audit_account(refund: Refund, action: str, actor: User | str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=refund,
        after={"bank_code": refund.bank_code, "account_number": refund.account_number},
        cpo=refund.intent.cpo,
    )


def _order_refund(refund: Refund) -> Payout | None:
    config = payout_config()
    if config is None:
        return None
    REFUND_TRANSITIONS.check(refund.status, RefundStatus.SENDING)
    refund.status = RefundStatus.SENDING
    refund.save(update_fields=["status"])
    return _order(
        config,
        refund=refund,
        reference=f"rfp-{uuid4().hex}",
        amount=refund.amount,
        bank_code=refund.bank_code,
        account_name=refund.account_name,
        account_number=refund.account_number,
        description="Refund",
    )


def _order(config: ProviderConfig, **values: object) -> Payout:
    payout: Payout = Payout.objects.create(
        config=config, status=PayoutStatus.NEW, created_at=clock.now(), **values
    )
    publish(PayoutQueued(payout.pk))
    return payout
