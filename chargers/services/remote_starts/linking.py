"""A session and the wish it fulfils: same charger, same tag, same connector where one was named."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from chargers.events import RemoteStartFailed, RemoteStartSucceeded
from chargers.models import (
    OPEN_REMOTE_STARTS,
    AuthorizationStatus,
    ChargingSession,
    RemoteStart,
    RemoteStartStatus,
)
from chargers.states import REMOTE_START
from unievp.lib import clock
from unievp.lib.events import publish

# A charger's clock may be this much behind ours when it says that it started.
CLOCK_BEHIND: Final = timedelta(minutes=5)

REFUSED: Final = gettext_noop("The charger started, and the id tag was refused: %s")


def fulfil_remote_start(charger_pk: int, session_id: int) -> None:
    """The oldest open wish that this new session fulfils, if there is one."""
    session = ChargingSession.objects.select_related("connector").get(pk=session_id)
    wish = (
        _open()
        .filter(
            Q(connector_number=None) | Q(connector_number=session.connector.number),
            charger_id=charger_pk,
            id_tag__iexact=session.id_tag,
            expires_at__gte=session.start_received_at,
            created_at__lte=session.started_at + CLOCK_BEHIND,
        )
        .order_by("created_at", "pk")
        .first()
    )
    if wish is not None:
        decide(wish, session)


def find_session(wish: RemoteStart) -> ChargingSession | None:
    """The session of a wish whose start came before we knew of the wish."""
    sessions = ChargingSession.objects.filter(
        charger_id=wish.charger_id,
        id_tag__iexact=wish.id_tag,
        start_received_at__gte=wish.created_at,
        start_received_at__lte=wish.expires_at,
        started_at__gte=wish.created_at - CLOCK_BEHIND,
        remote_start__isnull=True,
    )
    if wish.connector_number is not None:
        sessions = sessions.filter(connector__number=wish.connector_number)
    return sessions.order_by("start_received_at", "pk").first()


def decide(wish: RemoteStart, session: ChargingSession) -> None:
    """It started; or it did with a tag that was refused, which is no start."""
    if session.authorization != AuthorizationStatus.ACCEPTED:
        fail(wish, REFUSED % session.authorization)
        return
    REMOTE_START.check(wish.status, RemoteStartStatus.STARTED)
    wish.status, wish.session, wish.ended_at = RemoteStartStatus.STARTED, session, clock.now()
    wish.save(update_fields=["status", "session", "ended_at"])
    publish(RemoteStartSucceeded(wish.pk))


def fail(wish: RemoteStart, reason: str) -> None:
    REMOTE_START.check(wish.status, RemoteStartStatus.FAILED)
    wish.status, wish.reason = RemoteStartStatus.FAILED, reason[:200]
    wish.ended_at = clock.now()
    wish.save(update_fields=["status", "reason", "ended_at"])
    publish(RemoteStartFailed(wish.pk, wish.reason))


def _open() -> QuerySet[RemoteStart]:
    return RemoteStart.objects.select_for_update(no_key=True, of=("self",)).filter(
        status__in=OPEN_REMOTE_STARTS
    )
