"""Chargers' logs as people may see them: staff all, members those of their own CPOs."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from chargers.models import ChargerLog, FirmwareUpdate
from cpo.access import Actor, visible


def charger_logs(actor: Actor, *, charger_pk: int | None = None) -> QuerySet[ChargerLog]:
    """Newest first."""
    logs = visible(actor, ChargerLog.objects.select_related("charger__cpo"))
    return logs if charger_pk is None else logs.filter(charger_id=charger_pk)


def find_log(actor: Actor, pk: UUID) -> ChargerLog | None:
    return charger_logs(actor).filter(pk=pk).first()


def firmware_updates(actor: Actor, *, charger_pk: int | None = None) -> QuerySet[FirmwareUpdate]:
    """Newest first."""
    updates = visible(actor, FirmwareUpdate.objects.select_related("charger", "image", "campaign"))
    return updates if charger_pk is None else updates.filter(charger_id=charger_pk)
