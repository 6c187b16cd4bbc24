"""A refund goes to the gateway and is followed until the money has arrived.

As with payments, the row says `sending` before the call, and no transaction is open during it. The
reference makes a repetition harmless. What the gateway cannot refund waits for an account.
"""

from __future__ import annotations

import logging
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from payments.events import RefundStatusChanged
from payments.gateways.base import (
    GatewayError,
    NotFoundError,
    RateLimitedError,
    RefundRequest,
    RefundSnapshot,
    RefundState,
    UnreachableError,
    UnsupportedError,
)
from payments.models import Refund, RefundRoute, RefundStatus
from payments.services.intents.history import lock_intent
from payments.services.intents.sending import handle_of
from payments.services.providers import gateway_of
from payments.services.refunds.finishing import finish_refund
from payments.states import REFUND_TRANSITIONS
from unievp.lib import clock
from unievp.lib.events import publish

logger = logging.getLogger(__name__)

# Asked so often without success, a person looks.
MOST_TRIES: Final = 8
TOO_MANY_TRIES: Final = gettext_noop("The gateway did not take it")

_S = RefundStatus


def send_refund(refund_id: UUID) -> Refund:
    """Raises RateLimitedError: the refund is as before, try again later."""
    refund = _claim(refund_id)
    if refund is None:
        return Refund.objects.get(pk=refund_id)
    try:
        snapshot = gateway_of(refund.attempt.config).refund(_request(refund))
    except RateLimitedError:
        # It never began: what follows is still the first time.
        Refund.objects.filter(pk=refund_id, status=_S.SENDING).update(
            status=_S.REQUESTED, sent_at=refund.sent_at
        )
        raise
    except UnsupportedError as error:
        if refund.sent_at is None or _never_arrived(refund):
            _move(refund_id, _S.NEEDS_ACCOUNT, error=str(error), route=RefundRoute.PAYOUT)
        else:
            # "Not any more" may mean that the first try, whose answer was lost, did it.
            _move(refund_id, _S.REVIEW, error=str(error))
    except UnreachableError as error:
        _move(refund_id, _S.UNKNOWN, error=str(error))
    except GatewayError as error:
        _move(refund_id, _S.REVIEW, error=str(error))
    else:
        apply_refund(refund_id, snapshot)
    return Refund.objects.get(pk=refund_id)


def check_refund(refund_id: UUID) -> Refund:
    """Ask the gateway; one that never heard of it is told again, under the same reference."""
    refund = _loaded(refund_id)
    if refund.route != RefundRoute.GATEWAY or refund.status == _S.SUCCEEDED:
        return refund
    try:
        gateway = gateway_of(refund.attempt.config)
        snapshot = gateway.fetch_refund(_request(refund), refund.gateway_id)
    except NotFoundError:
        return _again(refund)
    except GatewayError as error:
        Refund.objects.filter(pk=refund_id).update(checked_at=clock.now(), error=str(error)[:300])
    else:
        apply_refund(refund_id, snapshot)
    return Refund.objects.get(pk=refund_id)


def apply_refund(refund_id: UUID, snapshot: RefundSnapshot) -> None:
    """What the gateway says of it, in any order, any number of times."""
    Refund.objects.filter(pk=refund_id, gateway_id="").update(gateway_id=snapshot.gateway_id)
    if snapshot.state == RefundState.SUCCEEDED:
        finish_refund(refund_id)
    elif snapshot.state == RefundState.PENDING:
        _move(refund_id, _S.PENDING)
    elif snapshot.state == RefundState.FAILED:
        if Refund.objects.filter(pk=refund_id, status=_S.SUCCEEDED).exists():
            logger.error("Refund %s failed after it had arrived: nothing is paid again", refund_id)
            return
        # The money is still with us: it goes to an account instead.
        _move(refund_id, _S.NEEDS_ACCOUNT, error=snapshot.failure, route=RefundRoute.PAYOUT)
    else:
        _move(refund_id, _S.REVIEW, error="unknown state")


def _never_arrived(refund: Refund) -> bool:
    try:
        gateway_of(refund.attempt.config).fetch_refund(_request(refund), refund.gateway_id)
    except NotFoundError:
        return True
    except GatewayError:
        return False
    return False


def _again(refund: Refund) -> Refund:
    if refund.attempts >= MOST_TRIES:
        _move(refund.pk, _S.REVIEW, error=TOO_MANY_TRIES)
    elif refund.status == _S.UNKNOWN:
        return send_refund(refund.pk)
    else:
        Refund.objects.filter(pk=refund.pk).update(checked_at=clock.now())
    return Refund.objects.get(pk=refund.pk)


def _claim(refund_id: UUID) -> Refund | None:
    """As it was before this try (`sent_at`); None where it is no more to be sent."""
    with transaction.atomic():
        refund = _loaded(refund_id)
        lock_intent(refund.intent_id)
        locked = Refund.objects.select_for_update().get(pk=refund_id)
        if locked.route != RefundRoute.GATEWAY or locked.status not in (_S.REQUESTED, _S.UNKNOWN):
            return None
        locked.status, locked.sent_at = _S.SENDING, clock.now()
        locked.attempts += 1
        locked.save(update_fields=["status", "sent_at", "attempts"])
    return refund


def _move(refund_id: UUID, status: RefundStatus, *, error: str = "", route: str = "") -> None:
    with transaction.atomic():
        refund = Refund.objects.select_for_update().get(pk=refund_id)
        if not REFUND_TRANSITIONS.allows(refund.status, status):
            return
        refund.status, refund.error, refund.checked_at = status, error[:300], clock.now()
        refund.route = route or refund.route
        refund.save(update_fields=["status", "error", "checked_at", "route"])
        publish(RefundStatusChanged(refund.pk, status))


def _loaded(refund_id: UUID) -> Refund:
    return Refund.objects.select_related("attempt__config", "intent").get(pk=refund_id)


def _request(refund: Refund) -> RefundRequest:
    return RefundRequest(
        reference=refund.reference,
        payment=handle_of(refund.attempt),
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
    )
