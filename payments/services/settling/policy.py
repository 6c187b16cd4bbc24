"""Whether, where and for what fee a company is paid now (payments.md §3.3, §10)."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, may_trade
from cpo.models import CPO
from cpo.services.api_keys import person_behind
from cpo.services.bank_accounts import latest_change
from payments.models import Settlement, TransferFee
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError, InvalidError, RefusedError


def check_may_be_paid(cpo: CPO) -> None:
    """Raises RefusedError for a company that is not verified, or was suspended."""
    if not may_trade(cpo):
        raise RefusedError(_("Only a verified company is paid."), code="cpo_not_verified")


def check_bank_account(cpo: CPO) -> None:
    """Raises InvalidError without one; RefusedError while a new one cools off, is unverified, or
    after it was refused.
    """
    if not (cpo.bank_code and cpo.bank_account_number and cpo.bank_account_name):
        raise InvalidError(_("Add a bank account first."), code="no_bank_account")
    change = latest_change(cpo)
    if change is None:
        return
    if change.refused_at is not None:
        detail = _("The platform refused the bank account: %(why)s Name another one.")
        raise RefusedError(detail % {"why": change.refusal}, code="bank_refused")
    if clock.now() < change.usable_from:
        ends = timezone.localtime(change.usable_from)
        detail = _("The bank account is new: nothing is paid to it before %(time)s.")
        raise RefusedError(detail % {"time": f"{ends:%Y-%m-%d %H:%M %Z}"}, code="bank_cooloff")
    if change.verified_at is None:
        detail = _("The new bank account is not verified by the platform yet.")
        raise RefusedError(detail, code="bank_not_verified")


def check_four_eyes(settlement: Settlement, actor: Actor) -> None:
    """Neither who asked nor who entered the bank account lets the money go. Raises ForbiddenError.

    (payments.md §3.3)
    """
    asked = {settlement.requested_by_id, person_behind(settlement.requested_key)} - {None}
    if actor in (settlement.requested_by, settlement.requested_key) or (
        person_behind(actor) in asked
    ):
        detail = _("Who asked for a settlement may not approve it.")
        raise ForbiddenError(detail, code="four_eyes")
    change = (
        settlement.cpo.bank_changes.filter(changed_at__lte=settlement.requested_at)
        .order_by("-changed_at", "-pk")
        .first()
    )
    person = person_behind(actor)
    if change is not None and person is not None and change.changed_by_id == person:
        detail = _("Who entered the bank account may not approve a settlement to it.")
        raise ForbiddenError(detail, code="four_eyes")


def fee_kept_back(cpo: CPO, amount: int) -> int:
    """What the company bears of a transfer of `amount` now.

    Raises RefusedError where nothing would be left.
    """
    rate = TransferFee.objects.in_force(cpo, clock.now())
    usual = settings.SETTLEMENT_TRANSFER_FEE if settings.SETTLEMENT_FEE_BEARER == "cpo" else 0
    fee = usual if rate is None else rate.fee
    if fee and fee >= amount:
        detail = _("The transfer's fee of %(fee)d would leave nothing.")
        raise RefusedError(detail % {"fee": fee}, field="amount", code="below_fee")
    return fee
