"""The gateways' own books: read each hour, kept, and followed by the ledger (payments.md §7).

A line that says that the gateway settled a payment moves its money from clearing to the usable
balance, and its fee to costs, once. What does not fit is left as it is: the proof of the books
finds it in the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum

from payments.chart import AccountRef, Booking, Code, clearing_account, gateway_account
from payments.gateways.base import GatewayTransaction
from payments.ledger.legs import Leg, credit, debit
from payments.models import (
    AttemptStatus,
    LedgerEntry,
    PaymentAttempt,
    PaymentIntent,
    ProviderConfig,
    StatementKind,
    StatementLine,
)
from payments.services import ledger
from payments.services.following import each
from payments.services.intents.history import lock_intent, note
from payments.services.providers import gateway_of
from payments.services.reconciliation.transfer_fees import book_transfer_fee, unbooked_transfers
from unievp.lib import clock

# Lines may appear later than their time says.
OVERLAP: Final = timedelta(hours=2)
FIRST: Final = timedelta(days=7)
# A payment of ours that we know nothing of would be known by then.
UNMATCHED_AFTER: Final = timedelta(days=1)
_HUNDRED: Final = Decimal(100)


def follow_statements() -> int:
    """Every provider that tells its books; how many were read, and how many lines booked.

    Also one that was switched off, while it holds money of ours.
    """
    owed = PaymentAttempt.objects.filter(
        config=OuterRef("pk"), status=AttemptStatus.SUCCEEDED, settled_at=None
    )
    configs = ProviderConfig.objects.filter(Q(is_active=True) | Exists(owed)).order_by("pk")
    telling = [config.pk for config in configs if gateway_of(config).tells_transactions]
    return each(telling, read_statement) + book_lines()


def book_lines() -> int:
    """What was settled and is not booked yet; how many lines."""
    return (
        each(_unbooked(), book_line)
        + each(_strangers(), book_stranger)
        + each(unbooked_transfers(), book_transfer_fee)
    )


def read_statement(config_id: UUID) -> int:
    """Keep what changed since the last reading; how many lines. Raises GatewayError.

    The cursor moves last: a reading that was cut off is read again, and keeps each line once.
    """
    config = ProviderConfig.objects.get(pk=config_id)
    until = clock.now()
    since = config.statement_until - OVERLAP if config.statement_until else until - FIRST
    read = 0
    for told in gateway_of(config).transactions(since, until):
        keep_line(config, told)
        read += 1
    ProviderConfig.objects.filter(pk=config_id).update(statement_until=until)
    return read


def book_line(line_id: int) -> StatementLine:
    """The payment's money is usable now, less the fee: booked once, if the line fits."""
    with transaction.atomic():
        attempt = StatementLine.objects.select_related("attempt").get(pk=line_id).attempt
        intent = None if attempt is None else lock_intent(attempt.intent_id)
        line = StatementLine.objects.select_for_update(of=("self",)).get(pk=line_id)
        if intent is None or line.attempt_id is None or line.booked_at is not None:
            return line
        attempt = PaymentAttempt.objects.select_for_update(of=("self",)).get(pk=line.attempt_id)
        if not _fits(line, attempt):
            return line
        legs = _legs(line, attempt, intent)
        if len(legs) > 1:
            line.booking, _created = ledger.post(
                key=f"gset:{line.config_id}:{line.line_id}",
                kind=Booking.GATEWAY_SETTLED,
                legs=legs,
                effective_at=line.at,
                metadata={"intent": str(intent.pk), "attempt": attempt.reference},
            )
        line.booked_at = clock.now()
        line.save(update_fields=["booking", "booked_at"])
        attempt.settled_at = line.at
        attempt.save(update_fields=["settled_at"])
        note(
            intent,
            kind="settled",
            source="statement",
            amount=line.net_amount,
            attempt=attempt,
            booking_id=line.booking_id,
        )
    return line


def book_stranger(line_id: int) -> StatementLine:
    """Money that no payment of ours explains waits in suspense until a person finds its owner."""
    with transaction.atomic():
        line = StatementLine.objects.select_for_update(of=("self",)).get(pk=line_id)
        if line.attempt_id is not None or line.booked_at is not None or not _adds_up(line):
            return line
        config = line.config
        amounts = (
            (gateway_account(Code.GATEWAY_AVAILABLE, config.pk), line.net_amount),
            (AccountRef(Code.GATEWAY_FEE_EXPENSE), line.fee),
            (AccountRef(Code.VAT_IN_FEES), line.tax),
        )
        line.booking, _created = ledger.post(
            key=f"unmatched:{config.pk}:{line.line_id}",
            kind=Booking.UNMATCHED,
            legs=[
                *(debit(account, amount) for account, amount in amounts if amount > 0),
                credit(gateway_account(Code.SUSPENSE, config.pk), line.amount),
            ],
            effective_at=line.at,
            metadata={"line": line.line_id, "reference": line.reference},
        )
        line.booked_at = clock.now()
        line.save(update_fields=["booking", "booked_at"])
    return line


def _strangers() -> list[int]:
    lines = StatementLine.objects.filter(
        kind=StatementKind.PAYMENT,
        is_settled=True,
        booked_at=None,
        attempt=None,
        at__lt=clock.now() - UNMATCHED_AFTER,
    )
    return list(lines.order_by("at").values_list("pk", flat=True))


def _unbooked() -> list[int]:
    lines = StatementLine.objects.filter(
        kind=StatementKind.PAYMENT, is_settled=True, booked_at=None, attempt__isnull=False
    )
    # Oldest first; those that do not fit are few, and wait for a person.
    return list(lines.order_by("at").values_list("pk", flat=True))


def keep_line(config: ProviderConfig, told: GatewayTransaction) -> None:
    """Once per line; told again, what is not booked yet follows it."""
    kind = StatementKind(told.kind if told.kind in StatementKind.values else StatementKind.OTHER)
    attempt = _attempt_of(config, told) if kind == StatementKind.PAYMENT else None
    values = {
        "kind": kind,
        "reference": told.reference[:80],
        "product_id": told.product_id[:80],
        "amount": told.amount,
        "net_amount": told.net_amount,
        "fee": told.fee,
        "tax": told.tax_on_fee,
        "expected_fee": expected_fee(
            config.fees, attempt.method if attempt else kind.value, told.amount
        ),
        "is_settled": told.settled,
        "at": told.at,
        "attempt": attempt,
    }
    row, created = StatementLine.objects.get_or_create(
        config=config, line_id=told.id[:80], defaults=values
    )
    if not created:
        # What was booked keeps its account of why; a fee that changes then is a difference.
        changes = {"fee": told.fee, "tax": told.tax_on_fee} if row.booked_at else values
        StatementLine.objects.filter(pk=row.pk).update(**changes)


def _attempt_of(config: ProviderConfig, told: GatewayTransaction) -> PaymentAttempt | None:
    named = Q(reference=told.reference)
    if told.product_id:
        named |= Q(payment_id=told.product_id)
    return PaymentAttempt.objects.filter(named, config=config).first()


def expected_fee(fees: Mapping[str, object], method: str, amount: int) -> int | None:
    """By the table of the provider (`ProviderConfig.fees`), of a method or of `payout`; None: it
    says nothing.
    """
    entry = fees.get(method)
    if not isinstance(entry, dict):
        return None
    try:
        share = Decimal(str(entry.get("percent") or 0)) * amount / _HUNDRED
        fee = share + Decimal(str(entry.get("fixed") or 0))
    except InvalidOperation:
        return None
    return int(fee.quantize(Decimal(1), ROUND_HALF_UP))


def _fits(line: StatementLine, attempt: PaymentAttempt) -> bool:
    is_first = attempt.settled_at is None and attempt.status == AttemptStatus.SUCCEEDED
    return _adds_up(line) and is_first and line.is_settled and line.amount == _captured(attempt)


def _adds_up(line: StatementLine) -> bool:
    return line.amount == line.net_amount + line.fee + line.tax and line.amount > 0


def _captured(attempt: PaymentAttempt) -> int:
    key = f"pay:{attempt.config_id}:{attempt.payment_id or attempt.reference}"
    return _sum(transaction__idempotency_key=key, side="D")


def _legs(line: StatementLine, attempt: PaymentAttempt, intent: PaymentIntent) -> list[Leg]:
    """Everything of the payment leaves clearing; refunds made from there left it before."""
    keys = [f"refund:{pk}:ok" for pk in attempt.refunds.values_list("pk", flat=True)]
    refunded = _sum(
        transaction__idempotency_key__in=keys, account__code=Code.GATEWAY_CLEARING, side="C"
    )
    currency = intent.currency
    clearing = clearing_account(attempt.config_id, intent.pk, currency)
    usable = gateway_account(Code.GATEWAY_AVAILABLE, attempt.config_id, currency)
    amounts = (
        (usable, line.net_amount - refunded),
        (AccountRef(Code.GATEWAY_FEE_EXPENSE, currency=currency), line.fee),
        (AccountRef(Code.VAT_IN_FEES, currency=currency), line.tax),
        (clearing, refunded - line.amount),
    )
    return [
        debit(account, amount) if amount > 0 else credit(account, -amount)
        for account, amount in amounts
        if amount
    ]


def _sum(**entries: object) -> int:
    found = LedgerEntry.objects.filter(**entries).aggregate(total=Sum("amount"))
    return found["total"] or 0
