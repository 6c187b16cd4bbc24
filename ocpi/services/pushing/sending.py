"""The pushes themselves: every partner on a line of its own, all lines beside each other.

Asynchronous: a partner that takes its time costs a coroutine. Rows are read and written in short
turns of the database pool, never across a call.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When

from ocpi.models import Partner, PartnerStatus, PublishedTariff, Push, PushLine, PushStatus
from ocpi.services.calling.log import log_reply
from ocpi.services.calling.transport import Peer, Reply, send
from ocpi.services.pushing.composing import Parcel, compose
from unievp.lib import clock
from unievp.lib.db import in_db

logger = logging.getLogger(__name__)

# One process serves a line for so long, then another run goes on.
BUDGET_S: Final = 20.0
_LEASE: Final = timedelta(seconds=90)
_BATCH: Final = 20
# A refusal is about the object: it is tried a few times, then a person looks. A partner that is
# away is only waited for.
MOST_REFUSALS: Final = 5
_PAUSES_S: Final = (30, 120, 600, 1800)
_AWAY_S: Final = (15, 30, 60, 120, 300, 600)
_ORDER: Final = {"tokens": 0, "tariffs": 0, "locations": 1, "sessions": 3, "cdrs": 4}
# Before a tariff is taken away no connector may refer to it (OCPI 2.2.1 §11.2.2).
_GONE_TARIFF: Final = 2


def push_due(partner_ids: Iterable[int] | None = None) -> int:
    """Send what waits (for these partners); how many objects arrived."""
    return async_to_sync(_push_lines)(_due_partners(partner_ids))


def _due_partners(partner_ids: Iterable[int] | None) -> list[int]:
    now = clock.now()
    waiting = Push.objects.filter(
        Q(partner__line__again_at__isnull=True) | Q(partner__line__again_at__lte=now),
        status=PushStatus.WAITING,
        next_at__lte=now,
        partner__status=PartnerStatus.REGISTERED,
    )
    if partner_ids is not None:
        waiting = waiting.filter(partner_id__in=list(partner_ids))
    return sorted(set(waiting.order_by().values_list("partner_id", flat=True).distinct()))


async def _push_lines(partner_ids: list[int]) -> int:
    return sum(await asyncio.gather(*(_push_line(partner_id) for partner_id in partner_ids)))


async def _push_line(partner_id: int) -> int:
    peer = await in_db(_lease, partner_id)
    if peer is None:
        return 0
    arrived, ends = 0, time.monotonic() + BUDGET_S
    try:
        while time.monotonic() < ends:
            batch = await in_db(_waiting, partner_id)
            if not batch:
                break
            for push in batch:
                reply = await _deliver(peer, push)
                if reply is not None and reply.error and reply.unreachable:
                    await in_db(_note_away, partner_id, reply.error)
                    return arrived
                arrived += reply is None or not reply.error
                if time.monotonic() >= ends:
                    break
    except Exception:
        # Another partner's line goes on.
        logger.exception("Pushing to partner %d broke off", partner_id)
    finally:
        await in_db(_release, partner_id)
    return arrived


async def _deliver(peer: Peer, push: Push) -> Reply | None:
    """The reply that decided; None where there was nothing to send."""
    parcel = await in_db(compose, push)
    if parcel is None:
        await in_db(_note_nothing, push)
        return None
    reply = await _send_all(peer, parcel)
    if not reply.error:
        await in_db(note_sent, push, reply, parcel.known)
    elif not reply.unreachable:
        await in_db(_note_refused, push, reply)
    return reply


async def _send_all(peer: Peer, parcel: Parcel) -> Reply:
    """All calls until one fails; a patch that met nothing is followed by the whole object."""
    for call in parcel.calls:
        reply = await send(peer, call)
        if call.method == "DELETE" and reply.http_status == 404:
            # It is not there: all we wanted.
            reply.error = ""
        await in_db(log_reply, peer.partner_id, reply)
        if reply.error and not reply.unreachable and parcel.fallback is not None:
            reply = await send(peer, parcel.fallback)
            await in_db(log_reply, peer.partner_id, reply)
            return reply
        if reply.error:
            return reply
    return reply


def _lease(partner_id: int) -> Peer | None:
    """The line for this process alone; None where another one has it, or the partner is away."""
    now = clock.now()
    PushLine.objects.get_or_create(partner_id=partner_id)
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
    ready = Q(again_at__isnull=True) | Q(again_at__lte=now)
    taken = PushLine.objects.filter(free, ready, partner_id=partner_id).update(
        leased_until=now + _LEASE
    )
    partner = Partner.objects.filter(pk=partner_id, status=PartnerStatus.REGISTERED).first()
    if not taken or partner is None:
        return None
    return Peer.of(partner)


def _release(partner_id: int) -> None:
    PushLine.objects.filter(partner_id=partner_id).update(leased_until=None)


def _waiting(partner_id: int) -> list[Push]:
    """The next ones: a tariff before the location that names it, and one that is gone after those
    that named it; a session before its CDR.
    """
    gone = PublishedTariff.objects.filter(ocpi_id=OuterRef("object_id"), removed_at__isnull=False)
    order = Case(
        When(Exists(gone), module="tariffs", then=Value(_GONE_TARIFF)),
        *(When(module=module, then=Value(place)) for module, place in _ORDER.items()),
        default=Value(9),
        output_field=IntegerField(),
    )
    PushLine.objects.filter(partner_id=partner_id).update(leased_until=clock.now() + _LEASE)
    return list(
        Push.objects.select_related("partner")
        .filter(
            partner_id=partner_id,
            partner__status=PartnerStatus.REGISTERED,
            status=PushStatus.WAITING,
            next_at__lte=clock.now(),
        )
        .order_by(order, "marked_at", "pk")[:_BATCH]
    )


def note_sent(push: Push, reply: Reply | None, known: str) -> None:
    """`push` as it was read before it was sent: what has changed since waits again."""
    now = clock.now()
    their_url = reply.headers.get("Location", "")[:255] if reply is not None else ""
    with transaction.atomic():
        row = Push.objects.select_for_update(of=("self",)).get(pk=push.pk)
        row.sent, row.known = push.wanted, known
        row.status = PushStatus.SENT if row.wanted == push.wanted else PushStatus.WAITING
        row.sent_at, row.attempts, row.error = now, 0, ""
        row.their_url = their_url or row.their_url
        row.save()
        PushLine.objects.filter(partner_id=push.partner_id).update(failures=0, again_at=None)


def _note_nothing(push: Push) -> None:
    """Nothing to send any more; but for a partner that is away it waits, as all its pushes do."""
    if Partner.objects.filter(pk=push.partner_id, status=PartnerStatus.REGISTERED).exists():
        note_sent(push, None, "")


def _note_refused(push: Push, reply: Reply) -> None:
    with transaction.atomic():
        row = Push.objects.select_for_update(of=("self",)).get(pk=push.pk)
        row.attempts += 1
        row.error = reply.error[:300]
        if row.attempts >= MOST_REFUSALS:
            row.status = PushStatus.DEAD
        else:
            pause = _PAUSES_S[min(row.attempts, len(_PAUSES_S)) - 1]
            row.next_at = clock.now() + timedelta(seconds=pause)
        row.save(update_fields=["attempts", "error", "status", "next_at"])


def _note_away(partner_id: int, error: str) -> None:
    """Nobody answers there: nothing is tried for a while, everything waits in its place."""
    with transaction.atomic():
        line = PushLine.objects.select_for_update(of=("self",)).get(partner_id=partner_id)
        pause = _AWAY_S[min(line.failures, len(_AWAY_S) - 1)]
        line.failures += 1
        line.again_at = clock.now() + timedelta(seconds=pause)
        line.save(update_fields=["failures", "again_at"])
    logger.info("Partner %d is away (%s); again in %d s", partner_id, error, pause)
