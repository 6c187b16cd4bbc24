"""A gateway's balance beside the ledger's: read each hour, never corrected (payments.md §7.4)."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Sum

from payments.chart import Code, gateway_account
from payments.models import (
    GatewayBalance,
    Payout,
    PayoutStatus,
    ProviderConfig,
    Refund,
    RefundStatus,
)
from payments.services.following import each
from payments.services.ledger import balance_of
from payments.services.providers import gateway_of
from unievp.lib import clock

_PAYOUTS_IN_FLIGHT = (
    PayoutStatus.SENDING,
    PayoutStatus.SUBMITTED,
    PayoutStatus.PROCESSING,
    PayoutStatus.UNKNOWN,
    PayoutStatus.REVIEW,
)
_REFUNDS_IN_FLIGHT = (
    RefundStatus.SENDING,
    RefundStatus.PENDING,
    RefundStatus.UNKNOWN,
    RefundStatus.REVIEW,
)


def read_balances() -> int:
    """Every active provider whose balance is all of our money there; how many were read."""
    configs = ProviderConfig.objects.filter(is_active=True).order_by("pk")
    telling = [config.pk for config in configs if gateway_of(config).balance_is_whole]
    return each(telling, read_balance)


def read_balance(config_id: UUID) -> GatewayBalance:
    """Ask now, after its statement was read. Raises GatewayError."""
    config = ProviderConfig.objects.get(pk=config_id)
    told = gateway_of(config).balance()
    return GatewayBalance.objects.create(
        config=config,
        at=clock.now(),
        told=told,
        booked=balance_of(gateway_account(Code.GATEWAY_AVAILABLE, config.pk)),
        in_flight=_in_flight(config),
    )


def _in_flight(config: ProviderConfig) -> int:
    payouts = Payout.objects.filter(config=config, status__in=_PAYOUTS_IN_FLIGHT)
    refunds = Refund.objects.filter(attempt__config=config, status__in=_REFUNDS_IN_FLIGHT)
    sums = (rows.aggregate(total=Sum("amount"))["total"] or 0 for rows in (payouts, refunds))
    return sum(sums)
