"""Critical security events that nobody has said to have seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chargers.models import SecurityEvent, Severity
from tickets.services.causes import Cause
from tickets.services.rules.selling import in_use
from tickets.states import RuleKind

_KIND: Final = RuleKind.SECURITY_EVENT
# What is older was looked at before there were tickets, or never will be.
LOOK_BACK: Final = timedelta(days=7)


def critical(now: datetime, patience: timedelta) -> list[Cause]:
    """One trouble per charger and kind of event; each further event of it is a repeat."""
    events = (
        SecurityEvent.objects.filter(in_use("charger__"))
        .filter(severity=Severity.CRITICAL, seen_at=None, received_at__gt=now - LOOK_BACK)
        .select_related("charger__location")
        .order_by("received_at", "pk")
    )
    first: dict[str, SecurityEvent] = {}
    latest: dict[str, SecurityEvent] = {}
    for event in events:
        key = f"{_KIND.value}:{event.charger_id}:{event.kind.casefold()}"
        first.setdefault(key, event)
        latest[key] = event
    return [
        Cause(
            kind=_KIND,
            key=key,
            since=first[key].received_at,
            occurrence=str(event.pk),
            args={
                "charger": event.charger.identity,
                "location": event.charger.location.name,
                "event": event.kind,
                "info": event.tech_info,
            },
            cpo_id=event.charger.cpo_id,
            charger_id=event.charger_id,
            opens=first[key].received_at <= now - patience,
        )
        for key, event in latest.items()
    ]
