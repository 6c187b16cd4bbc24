"""Send again: one delivery, or all that were given up since a time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cpo.access import Actor, audit_name
from cpo.events import WebhooksDue
from cpo.models import DeliveryStatus, EventDelivery, WebhookEndpoint
from cpo.services import audit
from cpo.services.webhooks.endpoints import check_may_manage
from cpo.states import EVENT_DELIVERY
from unievp.lib import clock
from unievp.lib.errors import ConflictError
from unievp.lib.events import publish


def resend(delivery: EventDelivery, *, actor: Actor) -> EventDelivery:
    """Once more from the start of the schedule, under the same id. A waiting one: at once.

    Raises ForbiddenError, ConflictError where the endpoint is off.
    """
    endpoint = delivery.endpoint
    _check(endpoint, actor)
    with transaction.atomic():
        rows = EventDelivery.objects.select_for_update(of=("self",))
        locked = rows.select_related("event", "endpoint").get(pk=delivery.pk)
        EVENT_DELIVERY.check(locked.status, DeliveryStatus.PENDING)
        _queue_again(rows.filter(pk=locked.pk))
        audit.record(
            actor=audit_name(actor),
            action="webhook_endpoint.resend",
            subject=endpoint,
            after={"event": str(locked.event_id)},
            cpo=endpoint.cpo,
        )
    locked.refresh_from_db()
    return locked


def resend_failed(endpoint: WebhookEndpoint, *, since: datetime, actor: Actor) -> int:
    """All that was given up of what was queued since then; how many."""
    _check(endpoint, actor)
    with transaction.atomic():
        count = _queue_again(
            EventDelivery.objects.filter(
                endpoint=endpoint, status=DeliveryStatus.FAILED, created_at__gte=since
            )
        )
        if count:
            audit.record(
                actor=audit_name(actor),
                action="webhook_endpoint.resend",
                subject=endpoint,
                after={"since": since.isoformat(), "deliveries": count},
                cpo=endpoint.cpo,
            )
    return count


def _queue_again(rows: QuerySet[EventDelivery]) -> int:
    count = rows.update(status=DeliveryStatus.PENDING, tries=0, next_try_at=clock.now())
    if count:
        publish(WebhooksDue())
    return count


def _check(endpoint: WebhookEndpoint, actor: Actor) -> None:
    check_may_manage(endpoint.cpo, actor)
    if not endpoint.is_enabled:
        raise ConflictError(_("Switch it on first."), code="webhook_off")
