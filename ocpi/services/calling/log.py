"""The log of requests and answers, and what the last ones say of a partner."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q

from ocpi.models import Direction, Exchange, Partner
from ocpi.services.calling.transport import Reply
from ocpi.wire import json
from ocpi.wire.redaction import redact
from unievp.lib import clock

# "Last heard of" needs no row change per request.
_NOTED_EVERY: Final = timedelta(seconds=30)


def log_reply(partner_id: int | None, reply: Reply) -> None:
    """What we asked and what came back, on the partner's own page, too."""
    call, now = reply.call, clock.now()
    if partner_id is not None and not Partner.objects.filter(pk=partner_id).exists():
        partner_id = None
    Exchange.objects.create(
        partner_id=partner_id,
        at=now,
        direction=Direction.OUT,
        module=call.module[:64],
        method=call.method,
        url=call.url[:500],
        request_id=reply.request_id,
        correlation_id=reply.correlation_id,
        http_status=reply.http_status,
        status_code=reply.code,
        duration_ms=reply.duration_ms,
        request="" if call.body is None else redact(json.dumps(call.body)),
        response=redact(reply.raw),
        error=reply.error[:300],
    )
    if partner_id is None:
        return
    known = Partner.objects.filter(pk=partner_id)
    if reply.error:
        known.update(last_error_at=now, last_error=f"{call.module}: {reply.error}"[:300])
    if reply.http_status is not None:
        old = Q(last_reached_at__isnull=True) | Q(last_reached_at__lt=now - _NOTED_EVERY)
        known.filter(old).update(last_reached_at=now)


def note_heard(partner: Partner) -> None:
    now = clock.now()
    if partner.last_heard_at is None or partner.last_heard_at < now - _NOTED_EVERY:
        Partner.objects.filter(pk=partner.pk).update(last_heard_at=now)


def forget_exchanges() -> int:
    """Drop what is older than OCPI_LOG_DAYS; how many rows."""
    before = clock.now() - timedelta(days=settings.OCPI_LOG_DAYS)
    return Exchange.objects.filter(at__lt=before).delete()[0]
