"""A campaign's life as people steer it: chargers added, started, paused, resumed, aborted."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import (
    OPEN_UPDATES,
    CampaignStatus,
    Charger,
    CommandStatus,
    FirmwareCampaign,
    FirmwareUpdate,
    UpdateStatus,
)
from chargers.services.firmware.ends import cancel
from chargers.services.outcomes import cancel_command
from chargers.states import FIRMWARE_CAMPAIGN, FIRMWARE_UPDATE
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError


def fitting_chargers(campaign: FirmwareCampaign) -> list[Charger]:
    """Chargers in service that the image is for and that do not run it yet."""
    chargers = Charger.objects.filter(retired_at__isnull=True).order_by("identity")
    if campaign.cpo_id:
        chargers = chargers.filter(cpo_id=campaign.cpo_id)
    image = campaign.image
    return [each for each in chargers if image.fits(each) and not image.runs_on(each)]


def add_chargers(
    campaign: FirmwareCampaign, *, chargers: Iterable[Charger], actor: User | str
) -> int:
    """Put chargers into a draft; how many are new in it.

    Raises ConflictError after the start, RefusedError for a charger that the image is not for.
    """
    chosen = list(chargers)
    with transaction.atomic():
        locked = _locked(campaign)
        if locked.status != CampaignStatus.DRAFT:
            raise ConflictError(_("This campaign has begun."), code="campaign_begun")
        for charger in chosen:
            other = locked.cpo_id is not None and charger.cpo_id != locked.cpo_id
            if other or charger.is_retired or not locked.image.fits(charger):
                text = _("%(charger)s: this image is not for it.") % {"charger": charger.identity}
                raise RefusedError(text, field="chargers")
        known = set(locked.updates.values_list("charger_id", flat=True))
        now = clock.now()
        new = [charger for charger in chosen if charger.pk not in known]
        FirmwareUpdate.objects.bulk_create(
            FirmwareUpdate(
                campaign=locked,
                image=locked.image,
                charger=charger,
                due_at=now,
                phase_since=now,
            )
            for charger in new
        )
        _record(locked, "add_chargers", actor, added=len(new))
    return len(new)


def start_campaign(campaign: FirmwareCampaign, *, actor: User | str) -> FirmwareCampaign:
    """Divide the chargers into waves and begin. Raises RefusedError for a campaign of none."""
    with transaction.atomic():
        locked = _locked(campaign)
        FIRMWARE_CAMPAIGN.check(locked.status, CampaignStatus.RUNNING)
        if locked.status != CampaignStatus.DRAFT:
            raise ConflictError(_("This campaign has begun: resume it."), code="campaign_begun")
        if locked.image.retired_at is not None:
            raise RefusedError(_("This image is retired."), field="image")
        # The canaries are chargers that are there, so that the first word comes soon.
        updates = list(locked.updates.order_by("-charger__presence__online", "pk"))
        if not updates:
            raise RefusedError(_("Add chargers first."), field="chargers")
        for position, update in enumerate(updates):
            update.wave = wave_of(position, len(updates), locked)
        FirmwareUpdate.objects.bulk_update(updates, ["wave"])
        locked.status = CampaignStatus.RUNNING
        locked.wave, locked.wave_since = 0, clock.now()
        locked.save()
        _record(locked, "start", actor, chargers=len(updates))
    return locked


def wave_of(position: int, count: int, campaign: FirmwareCampaign) -> int:
    """The wave of the charger at `position` of `count`: 0 the canaries, then equal shares."""
    if position < campaign.canaries:
        return 0
    size = max(1, -(-(count - campaign.canaries) * campaign.wave_percent // 100))
    return 1 + (position - campaign.canaries) // size


def pause_campaign(campaign: FirmwareCampaign, *, actor: User | str) -> FirmwareCampaign:
    """No further charger is asked; updates under way go on to their end."""
    with transaction.atomic():
        locked = _locked(campaign)
        FIRMWARE_CAMPAIGN.check(locked.status, CampaignStatus.PAUSED)
        locked.status = CampaignStatus.PAUSED
        locked.halted_because = ""
        locked.save()
        _record(locked, "pause", actor)
    return locked


def resume_campaign(campaign: FirmwareCampaign, *, actor: User | str) -> FirmwareCampaign:
    """Go on; a gate that had closed counts as seen and opens. Only a paused campaign."""
    with transaction.atomic():
        locked = _locked(campaign)
        if locked.status != CampaignStatus.PAUSED:
            raise ConflictError(_("This campaign is not paused."), code="campaign_not_paused")
        before = locked.halted_because
        locked.status = CampaignStatus.RUNNING
        locked.halted_because = ""
        locked.resumed_at = clock.now()
        locked.failures_accepted = locked.updates.filter(status=UpdateStatus.FAILED).count()
        locked.save()
        _record(locked, "resume", actor, despite=before)
    return locked


def abort_campaign(
    campaign: FirmwareCampaign, *, actor: User | str, reason: str = ""
) -> FirmwareCampaign:
    """End it: who was not asked is not asked any more. A download under way cannot be called back
    (1.6 has no such message) and is followed to its end.
    """
    now = clock.now()
    with transaction.atomic():
        locked = _locked(campaign)
        FIRMWARE_CAMPAIGN.check(locked.status, CampaignStatus.ABORTED)
        locked.status = CampaignStatus.ABORTED
        locked.finished_at = now
        locked.save()
        _record(locked, "abort", actor, reason=reason)
    # A queued command first: its end is its own transaction, and locks command before update.
    asked = locked.updates.filter(
        status=UpdateStatus.ASKED, command__status=CommandStatus.QUEUED
    ).select_related("command")
    for update in asked:
        if update.command is not None:
            try:
                cancel_command(update.command, actor=actor)
            except ConflictError:
                continue
    with transaction.atomic():
        waiting = locked.updates.select_for_update().filter(status=UpdateStatus.WAITING)
        for update in waiting.order_by("pk"):
            cancel(update, now)
    return locked


def retry_failed(campaign: FirmwareCampaign, *, actor: User | str) -> int:
    """Failed and left out chargers wait again, with all their attempts; how many.

    Raises ConflictError for a campaign that is over.
    """
    now = clock.now()
    with transaction.atomic():
        locked = _locked(campaign)
        if locked.status not in (CampaignStatus.RUNNING, CampaignStatus.PAUSED):
            raise ConflictError(_("This campaign is not running."), code="campaign_not_running")
        busy = FirmwareUpdate.objects.filter(
            charger__firmware_updates__campaign=locked, status__in=OPEN_UPDATES
        ).values("charger_id")
        again = locked.updates.select_for_update().filter(
            status__in=FIRMWARE_UPDATE.sources(UpdateStatus.WAITING) - set(OPEN_UPDATES)
        )
        count = again.exclude(charger__in=busy).update(
            status=UpdateStatus.WAITING, attempts=0, due_at=now, finished_at=None, error=""
        )
        locked.failures_accepted = locked.updates.filter(status=UpdateStatus.FAILED).count()
        locked.wave_through_at = None
        locked.wave_since = now
        locked.save()
        _record(locked, "retry_failed", actor, chargers=count)
    return count


def _locked(campaign: FirmwareCampaign) -> FirmwareCampaign:
    rows = FirmwareCampaign.objects.select_for_update(of=("self",)).select_related("image", "cpo")
    return rows.get(pk=campaign.pk)


def _record(
    campaign: FirmwareCampaign, verb: str, actor: User | str, reason: str = "", **after: object
) -> None:
    audit.record(
        actor=actor,
        action=f"firmware_campaign.{verb}",
        subject=campaign,
        after=after,
        cpo=campaign.cpo,
        reason=reason,
    )
