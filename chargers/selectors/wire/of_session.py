"""The frames that made one session, out of all that its charger said in that time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from chargers.models import ChargingSession, Direction, Frame
from chargers.ocpp.frames import UnreadableError, parse
from unievp.lib import clock

# A driver plugs in and presents a card before the start; statuses follow the stop.
BEFORE: Final = timedelta(minutes=10)
AFTER: Final = timedelta(minutes=5)
MOST_FRAMES: Final = 300
# Of meter values, which may be thousands, the first and the last of this many.
MOST_METER_VALUES: Final = 30

_ANY_CONNECTOR: Final = ("BootNotification", "Reset")
_BY_CONNECTOR: Final = (
    "StatusNotification",
    "UnlockConnector",
    "ChangeAvailability",
    "SetChargingProfile",
    "ClearChargingProfile",
    "TriggerMessage",
    "ReserveNow",
)
_OTHERS: Final = (
    "Authorize",
    "StartTransaction",
    "StopTransaction",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
)
_ACTIONS: Final = (*_ANY_CONNECTOR, *_BY_CONNECTOR, *_OTHERS)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A stored frame, read: `payload` of the CALL and `answer` to it ({} where there is none)."""

    frame: Frame
    payload: dict[str, Any]
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SessionFrames:
    """In the order of time. `left_out`: messages between the first and the last that are not here.

    `since` and `until` are the time that was looked at.
    """

    exchanges: tuple[Exchange, ...]
    left_out: int
    since: datetime
    until: datetime


def session_frames(session: ChargingSession) -> SessionFrames:
    """What is shown: everything but the meter values in the middle of a long session."""
    since, until = span(session)
    frames = Frame.objects.filter(charger_id=session.charger_id, at__gte=since, at__lt=until)
    events = list(frames.filter(action__in=_ACTIONS).order_by("at", "id")[: MOST_FRAMES + 1])
    meter = frames.filter(_meter_values(session))
    first = list(meter.order_by("at", "id")[:MOST_METER_VALUES])
    last: list[Frame] = []
    left_out = max(0, len(events) - MOST_FRAMES)
    if len(first) == MOST_METER_VALUES:
        last = list(meter.order_by("-at", "-id")[:MOST_METER_VALUES])
        seen = {frame.pk for frame in first}
        last = [frame for frame in last if frame.pk not in seen]
        left_out += max(0, meter.count() - len(first) - len(last)) if last else 0
    chosen = sorted([*events[:MOST_FRAMES], *first, *last], key=lambda frame: (frame.at, frame.pk))
    read = (read_exchange(frame) for frame in chosen)
    kept = tuple(exchange for exchange in read if belongs(exchange, session))
    return SessionFrames(kept, left_out, since, until)


def all_frames(session: ChargingSession) -> QuerySet[Frame]:
    """Every frame that may belong to the session, in the order of time, for an export."""
    since, until = span(session)
    return Frame.objects.filter(
        Q(action__in=_ACTIONS) | _meter_values(session),
        charger_id=session.charger_id,
        at__gte=since,
        at__lt=until,
    ).order_by("at", "id")


def span(session: ChargingSession) -> tuple[datetime, datetime]:
    """From a while before the start came to a while after the stop did, by our clock."""
    end = session.stop_received_at or session.ended_at or clock.now()
    return session.start_received_at - BEFORE, max(end, session.start_received_at) + AFTER


def read_exchange(frame: Frame) -> Exchange:
    request, response = _json(frame.request), _json(frame.response)
    return Exchange(frame, _item(request, 3), _item(response, 2))


def belongs(exchange: Exchange, session: ChargingSession) -> bool:
    """Whether the frame is about this session, or about its connector while it ran."""
    frame, payload = exchange.frame, exchange.payload
    action, number = frame.action, session.connector.number
    transaction, connector = payload.get("transactionId"), payload.get("connectorId")
    if action == "StartTransaction":
        return exchange.answer.get("transactionId") == session.transaction_id
    if action in ("StopTransaction", "RemoteStopTransaction"):
        return transaction == session.transaction_id or frame.at == session.stop_received_at
    if action == "MeterValues":
        unnamed = not isinstance(transaction, int) or transaction <= 0
        return transaction == session.transaction_id or (unnamed and connector == number)
    if action in ("Authorize", "RemoteStartTransaction"):
        tags = {session.id_tag.casefold(), session.stop_id_tag.casefold()}
        return str(payload.get("idTag", "")).casefold() in tags and connector in (None, number)
    return action in _ANY_CONNECTOR or connector in (None, 0, number)


def _meter_values(session: ChargingSession) -> Q:
    """By text: a session of a day has thousands, and most of them are never shown."""
    own = rf'"transactionId"\s*:\s*{session.transaction_id}[^0-9]'
    here = rf'"connectorId"\s*:\s*{session.connector.number}[^0-9]'
    unnamed = r'"transactionId"\s*:\s*([1-9])'
    return Q(action="MeterValues", direction=Direction.IN) & (
        Q(request__regex=own) | (Q(request__regex=here) & ~Q(request__regex=unnamed))
    )


def _json(text: str) -> Any:
    try:
        return parse(text)
    except UnreadableError:
        return None


def _item(message: Any, position: int) -> dict[str, Any]:
    found = message[position] if isinstance(message, list) and len(message) > position else None
    return found if isinstance(found, dict) else {}
