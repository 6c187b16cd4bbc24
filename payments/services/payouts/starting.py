"""A payout begins: its row is the order, and there is never a second one that may arrive."""

from __future__ import annotations

from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import may_trade
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
from unievp.lib.errors import ConflictError, InvalidError
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
    """Send a refund to the account that the driver named; None where no gateway pays out.

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
    config = payout_config()
    with transaction.atomic():
        locked = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
        if locked.status != RefundStatus.NEEDS_ACCOUNT:
            raise ConflictError(_("This refund does not wait for an account."))
        check_four_eyes(locked, actor)
        locked.bank_code, locked.account_name = bank_code.strip().upper(), account_name.strip()
        locked.account_number, locked.route = account_number.strip(), RefundRoute.PAYOUT
        locked.save(update_fields=["bank_code", "account_name", "account_number", "route"])
        audit.record(
            actor=actor,
            action="refund.account",
            subject=locked,
            after={"bank_code": locked.bank_code, "account_number": account_number},
            cpo=locked.intent.cpo,
        )
        if config is None:
            return None
        REFUND_TRANSITIONS.check(locked.status, RefundStatus.SENDING)
        locked.status = RefundStatus.SENDING
        locked.save(update_fields=["status"])
        return _order(
            config,
            refund=locked,
            reference=f"rfp-{uuid4().hex}",
            amount=locked.amount,
            bank_code=locked.bank_code,
            account_name=locked.account_name,
            account_number=locked.account_number,
            description="Refund",
        )


def _order(config: ProviderConfig, **values: object) -> Payout:
    payout: Payout = Payout.objects.create(
        config=config, status=PayoutStatus.NEW, created_at=clock.now(), **values
    )
    publish(PayoutQueued(payout.pk))
    return payout
