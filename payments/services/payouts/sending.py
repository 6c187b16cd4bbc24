"""A payout goes to the gateway, once; what nobody answered is asked for, never sent anew blindly.

The reference is the idempotency key and the body is made of the row alone, so that a repetition
after a time-out, a crash or a restart is the same order to the byte.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from payments.gateways.base import (
    GatewayError,
    NotFoundError,
    PayoutRequest,
    RateLimitedError,
    RefusedError,
)
from payments.models import Payout, PayoutStatus
from payments.services.payouts.applying import apply_payout, end_payout
from payments.services.providers import gateway_of
from unievp.lib import clock

MOST_TRIES: Final = 10
# Xendit's words for a reference that it has (payments.md §1.6).
_KNOWN_THERE: Final = frozenset({"DUPLICATE_ERROR", "409"})
NEVER_HEARD: Final = gettext_noop("The gateway never took it")

_S = PayoutStatus


def send_payout(payout_id: UUID) -> Payout:
    """Raises RateLimitedError: the payout is as before, try again later."""
    payout = _claim(payout_id)
    if payout is None:
        return Payout.objects.get(pk=payout_id)
    try:
        snapshot = gateway_of(payout.config).create_payout(request_of(payout))
    except RateLimitedError:
        # It never began: what follows is still the first time.
        Payout.objects.filter(pk=payout_id, status=_S.SENDING).update(
            status=_S.NEW, tries=F("tries") - 1
        )
        raise
    except GatewayError as error:
        if _is_final(error, payout):
            end_payout(payout_id, _S.FAILED, failure=str(error))
        else:
            Payout.objects.filter(pk=payout_id, status=_S.SENDING).update(
                status=_S.UNKNOWN, failure=str(error)[:300]
            )
    else:
        apply_payout(payout_id, snapshot)
    return Payout.objects.get(pk=payout_id)


def check_payout(payout_id: UUID) -> Payout:
    """Ask the gateway what became of it."""
    payout = Payout.objects.select_related("config").get(pk=payout_id)
    try:
        snapshot = gateway_of(payout.config).fetch_payout(request_of(payout), payout.gateway_id)
    except NotFoundError:
        return _never_arrived(payout)
    except GatewayError as error:
        Payout.objects.filter(pk=payout_id).update(checked_at=clock.now(), failure=str(error)[:300])
    else:
        apply_payout(payout_id, snapshot)
    return Payout.objects.get(pk=payout_id)


def request_of(payout: Payout) -> PayoutRequest:
    return PayoutRequest(
        reference=payout.reference,
        amount=payout.amount,
        currency=payout.currency,
        bank_code=payout.bank_code,
        account_number=payout.account_number,
        account_name=payout.account_name,
        description=payout.description,
    )


def _is_final(error: GatewayError, payout: Payout) -> bool:
    """Whether the money stays with us.

    A refusal tells of this call alone: where an earlier one was lost on its way back, or the
    gateway knows the reference already, there may be a payout.
    """
    known = error.code in _KNOWN_THERE
    return isinstance(error, RefusedError) and payout.tries == 1 and not known


def _never_arrived(payout: Payout) -> Payout:
    """Not known there: the same order may be sent again, under the same key."""
    if payout.status not in (_S.UNKNOWN, _S.SENDING):
        Payout.objects.filter(pk=payout.pk).update(checked_at=clock.now())
    elif payout.tries >= MOST_TRIES:
        end_payout(payout.pk, _S.REVIEW, failure=NEVER_HEARD)
    else:
        Payout.objects.filter(pk=payout.pk, status__in=[_S.UNKNOWN, _S.SENDING]).update(
            status=_S.UNKNOWN
        )
        return send_payout(payout.pk)
    return Payout.objects.get(pk=payout.pk)


def _claim(payout_id: UUID) -> Payout | None:
    with transaction.atomic():
        payout = (
            Payout.objects.select_for_update(of=("self",))
            .select_related("config")
            .get(pk=payout_id)
        )
        if payout.status not in (_S.NEW, _S.UNKNOWN):
            return None
        payout.status, payout.sent_at = _S.SENDING, clock.now()
        payout.tries += 1
        payout.save(update_fields=["status", "sent_at", "tries"])
    return payout
