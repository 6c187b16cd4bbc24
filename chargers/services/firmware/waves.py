"""How a running campaign goes on by itself: chargers asked, gates judged. Called by a sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from chargers.models import (
    OPEN_UPDATES,
    CampaignStatus,
    FirmwareCampaign,
    FirmwareUpdate,
    UpdateStatus,
)
from chargers.services.firmware.asking import ask_charger
from chargers.services.firmware.ends import skip
from chargers.states import FIRMWARE_CAMPAIGN
from unievp.lib import clock

_ENDED_WELL: Final = UpdateStatus.CONFIRMED


def advance_campaign(campaign_pk: UUID) -> int:
    """Ask the next chargers, or judge the wave; how many were asked."""
    now = clock.now()
    with transaction.atomic():
        campaign = (
            FirmwareCampaign.objects.select_for_update(of=("self",))
            .select_related("image")
            .filter(pk=campaign_pk, status=CampaignStatus.RUNNING)
            .first()
        )
        if campaign is None or (campaign.not_before is not None and campaign.not_before > now):
            return 0
        if _has_failed_too_often(campaign):
            return 0
        _leave_out_the_absent(campaign, now)
        due = _due_updates(campaign, now)
        if due is None:
            _judge_wave(campaign, now)
            return 0
    return sum(ask_charger(pk) for pk in due)


def _has_failed_too_often(campaign: FirmwareCampaign) -> bool:
    failed = campaign.updates.filter(status=UpdateStatus.FAILED).count()
    if failed - campaign.failures_accepted < campaign.stop_at_failures:
        return False
    _halt(campaign, f"{failed} chargers failed.")
    return True


def _leave_out_the_absent(campaign: FirmwareCampaign, now: datetime) -> None:
    begun = campaign.wave_since or now
    if begun + timedelta(hours=campaign.patience_h) > now:
        return
    waiting = campaign.updates.select_for_update().filter(
        status=UpdateStatus.WAITING, wave__lte=campaign.wave
    )
    for update in waiting.order_by("pk"):
        last = f" {update.error}" if update.error else ""
        skip(update, now, "Away or charging all the time." + last)


def _due_updates(campaign: FirmwareCampaign, now: datetime) -> list[int] | None:
    """Whom to ask now; None when the wave is through."""
    reached = campaign.updates.filter(wave__lte=campaign.wave)
    under_way = reached.filter(status__in=OPEN_UPDATES).count()
    waiting = reached.filter(status=UpdateStatus.WAITING)
    if not under_way and not waiting.exists():
        return None
    free = campaign.parallel - under_way
    if free <= 0:
        return []
    there = waiting.filter(due_at__lte=now, charger__presence__online=True)
    return list(there.order_by("wave", "due_at", "pk").values_list("pk", flat=True)[:free])


def _judge_wave(campaign: FirmwareCampaign, now: datetime) -> None:
    if campaign.wave_through_at is None:
        campaign.wave_through_at = now
        campaign.save(update_fields=["wave_through_at"])
    last = campaign.updates.aggregate(last=Max("wave"))["last"]
    is_last = last is None or campaign.wave >= last
    why = _gate(campaign)
    resumed = campaign.resumed_at is not None and campaign.resumed_at > campaign.wave_through_at
    if why and not is_last and not resumed:
        _halt(campaign, why)
        return
    if is_last:
        FIRMWARE_CAMPAIGN.check(campaign.status, CampaignStatus.FINISHED)
        campaign.status = CampaignStatus.FINISHED
        campaign.finished_at = now
    elif campaign.wave_through_at + timedelta(minutes=campaign.soak_minutes) <= now:
        campaign.wave += 1
        campaign.wave_since, campaign.wave_through_at = now, None
    campaign.save()


def _gate(campaign: FirmwareCampaign) -> str:
    """Why the next wave may not begin; "" where it may."""
    of_wave = FirmwareUpdate.objects.filter(campaign=campaign, wave=campaign.wave)
    good = of_wave.filter(status=_ENDED_WELL).count()
    judged = good + of_wave.filter(status=UpdateStatus.FAILED).count()
    if judged == 0:
        return f"No charger of wave {campaign.wave} was updated."
    if good * 100 < campaign.success_percent * judged:
        return f"Wave {campaign.wave}: {good} of {judged} succeeded."
    return ""


def _halt(campaign: FirmwareCampaign, why: str) -> None:
    FIRMWARE_CAMPAIGN.check(campaign.status, CampaignStatus.PAUSED)
    campaign.status = CampaignStatus.PAUSED
    campaign.halted_because = why[:300]
    campaign.save(update_fields=["status", "halted_because"])
