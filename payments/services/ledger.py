"""Booking: the one way money moves (payments.md §6.4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from payments.chart import AccountRef, Booking, Code
from payments.ledger import store
from payments.ledger.legs import Leg, body_hash, net_legs
from payments.models import LedgerAccount, LedgerTransaction, Side
from unievp.lib import clock
from unievp.lib.errors import ConflictError, DomainError, InvalidError, RefusedError


class InsufficientFundsError(RefusedError):
    """An account would fall below zero."""


class IdempotencyConflictError(ConflictError):
    """The key was used for something else."""


def post(
    *,
    key: str,
    kind: str,
    legs: Sequence[Leg],
    reverses: LedgerTransaction | None = None,
    effective_at: datetime | None = None,
    metadata: dict[str, Any] | None = None,
) -> tuple[LedgerTransaction, bool]:
    """Book `legs` once per `key`; again with the same body: the first booking and False.

    Raises InvalidError (unbalanced, no amount), IdempotencyConflictError (key known with another
    body), InsufficientFundsError (overdraft), ConflictError (reversed already). Nothing is booked
    then. Never call a gateway inside the same transaction.
    """
    reverses_id = None if reverses is None else reverses.pk
    request_hash = body_hash(kind, legs, reverses_id)
    netted = net_legs(legs)
    try:
        with transaction.atomic():
            transaction_id = store.insert_transaction(
                key=key,
                kind=kind,
                request_hash=request_hash,
                reverses_id=reverses_id,
                effective_at=effective_at or clock.now(),
                metadata=metadata or {},
            )
            if transaction_id is None:
                return _known(key, request_hash), False
            ids = store.account_ids([leg.account for leg in netted])
            store.insert_entries(transaction_id, netted, ids)
    except IntegrityError as error:
        _refuse(error)
    return LedgerTransaction.objects.get(pk=transaction_id), True


def reverse(
    booking: LedgerTransaction, *, key: str, metadata: dict[str, Any] | None = None
) -> tuple[LedgerTransaction, bool]:
    """Undo a booking by its opposite; once only. Raises as `post` does."""
    legs = [
        Leg(
            AccountRef(
                Code(entry.account.code),
                entry.account.owner_type,
                entry.account.owner_id,
                entry.account.currency,
            ),
            Side(entry.side).opposite.value,
            entry.amount,
        )
        for entry in booking.entries.select_related("account")
    ]
    return post(key=key, kind=Booking.REVERSAL, legs=legs, reverses=booking, metadata=metadata)


def balance_of(account: AccountRef) -> int:
    """Minor units, positive on the account's normal side; 0 where nothing was booked yet."""
    row = LedgerAccount.objects.filter(
        code=account.code,
        owner_type=account.owner_type,
        owner_id=account.owner_id,
        currency=account.currency,
    ).first()
    return row.balance if row else 0


def _known(key: str, request_hash: bytes) -> LedgerTransaction:
    booking = LedgerTransaction.objects.get(idempotency_key=key)
    if bytes(booking.request_hash) != request_hash:
        detail = _("The key “%(key)s” was used for another booking.") % {"key": key}
        raise IdempotencyConflictError(detail, code="ledger_key_reused")
    return booking


def _refuse(error: IntegrityError) -> NoReturn:
    """The database's refusal in words; its constraint names are sentences."""
    diagnosis = getattr(error.__cause__, "diag", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    refusals: dict[str | None, DomainError] = {
        "ledger_account_is_not_overdrawn": InsufficientFundsError(
            _("There is not enough money for this."), code="insufficient_funds"
        ),
        "ledger_transaction_is_reversed_once": ConflictError(
            _("This booking was reversed already."), code="ledger_reversed"
        ),
    }
    raise refusals.get(constraint) or InvalidError(str(error), code="ledger") from error
