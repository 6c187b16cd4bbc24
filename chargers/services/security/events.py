"""Security events: kept once, told when they are critical, seen by somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from chargers.events import CriticalSecurityEvent
from chargers.models import SecurityEvent, Severity
from chargers.store.work import SecurityNotice
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.events import publish

# The ones the white paper marks as critical; any other is a notice.
CRITICAL: Final = frozenset(
    {
        "firmwareupdated",
        "settingsystemtime",
        "startupofthedevice",
        "resetorreboot",
        "securitylogwascleared",
        "memoryexhaustion",
        "tamperdetectionactivated",
    }
)


def severity_of(kind: str) -> Severity:
    return Severity.CRITICAL if kind.strip().casefold() in CRITICAL else Severity.NOTICE


def store_notices(notices: Iterable[tuple[int, datetime, SecurityNotice]]) -> None:
    """Keep each once, however often it is sent."""
    for charger_pk, received_at, notice in sorted(notices, key=lambda item: item[0]):
        severity = severity_of(notice.kind)
        _row, is_new = SecurityEvent.objects.get_or_create(
            charger_id=charger_pk,
            occurred_at=notice.occurred_at,
            kind=notice.kind,
            tech_info=notice.tech_info,
            defaults={"severity": severity, "received_at": received_at},
        )
        if is_new and severity == Severity.CRITICAL:
            publish(CriticalSecurityEvent(charger_pk, notice.kind))


def see_events(events: QuerySet[SecurityEvent], *, actor: User) -> int:
    """Somebody looked at them; how many had not been seen."""
    seen = 0
    with transaction.atomic():
        for event in (
            events.filter(seen_at__isnull=True)
            .select_for_update(of=("self",))
            .select_related("charger__cpo")
            .order_by("pk")
        ):
            event.seen_at = clock.now()
            event.seen_by = actor
            event.save(update_fields=["seen_at", "seen_by"])
            audit.record(
                actor=actor,
                action="security_event.see",
                subject=event,
                after={"event": event.kind},
                cpo=event.charger.cpo,
            )
            seen += 1
    return seen
