"""Ask one charger for one image, in the form that it understands (white paper L01).

A signed image goes out signed first, unless this charger has said that it does not know that form.
Which form comes next after a refusal is decided in `answers`.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from chargers.models import (
    OPEN_UPDATES,
    CampaignStatus,
    Charger,
    ChargingSession,
    Command,
    CommandStatus,
    FirmwareImage,
    FirmwareUpdate,
    Registration,
    SessionStatus,
    UpdateForm,
    UpdateStatus,
)
from chargers.services.commands import queue_command
from chargers.services.firmware.ends import confirm, skip
from chargers.services.firmware.links import location_for
from chargers.states import FIRMWARE_UPDATE
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError

logger = logging.getLogger(__name__)

UNKNOWN_FORM: Final = frozenset({"NotImplemented", "NotSupported"})
_RETRIES: Final = 3
_RETRY_INTERVAL_S: Final = 60


def update_firmware(charger: Charger, *, image: FirmwareImage, actor: User | str) -> FirmwareUpdate:
    """Update one charger outside any campaign: now, or as soon as it is there and not charging.

    Raises RefusedError for an image that is not for this charger, ConflictError while another
    update of it is not over.
    """
    now = clock.now()
    with transaction.atomic():
        locked = Charger.objects.select_for_update().get(pk=charger.pk)
        if image.retired_at is not None or not image.fits(locked):
            raise RefusedError(_("This image is not for this charger."), field="image")
        open_ones = FirmwareUpdate.objects.filter(
            charger=locked, status__in=(UpdateStatus.WAITING, *OPEN_UPDATES)
        )
        if locked.is_retired or open_ones.exists():
            raise ConflictError(
                _("Another firmware update of this charger is not over."), code="update_open"
            )
        update = FirmwareUpdate.objects.create(
            image=image,
            charger=locked,
            due_at=now,
            phase_since=now,
            requested_label=(actor.get_username() if isinstance(actor, User) else actor)[:150],
        )
        audit.record(
            actor=actor,
            action="firmware.update",
            subject=locked,
            after={"image": str(image)},
            cpo=locked.cpo,
        )
    ask_charger(update.pk)
    update.refresh_from_db()
    return update


def ask_charger(update_pk: int) -> bool:
    """Send the waiting update to its charger if the moment is right; whether it was sent."""
    try:
        with transaction.atomic():
            return _ask(update_pk, clock.now())
    except IntegrityError:
        # Another update of this charger began at this very moment: this one waits for its end.
        logger.info("Firmware update %s waits: its charger has another one", update_pk)
        return False


def _ask(update_pk: int, now: datetime) -> bool:
    update = (
        FirmwareUpdate.objects.select_for_update(of=("self",))
        .select_related("image", "charger__cpo", "charger__presence", "campaign")
        .filter(pk=update_pk, status=UpdateStatus.WAITING, due_at__lte=now)
        .first()
    )
    if update is None:
        return False
    if update.charger.is_retired:
        skip(update, now, "The charger is retired.")
        return False
    if update.image.runs_on(update.charger):
        confirm(update, now)
        return False
    if not _is_the_moment(update):
        return False
    FIRMWARE_UPDATE.check(update.status, UpdateStatus.ASKED)
    update.status = UpdateStatus.ASKED
    update.attempts += 1
    update.asked_at = update.phase_since = now
    update.from_version = update.charger.firmware_version
    update.reported, update.reported_at, update.error = "", None, ""
    send(update, first_form(update))
    return True


def _is_the_moment(update: FirmwareUpdate) -> bool:
    if update.campaign is not None and update.campaign.status != CampaignStatus.RUNNING:
        return False
    return (
        _is_reachable(update.charger)
        and not is_charging(update.charger)
        and not _has_another(update)
    )


def send(update: FirmwareUpdate, form: UpdateForm) -> None:
    """Queue the command of `form`; the row is saved with it. Inside the caller's transaction."""
    update.form = form
    location = location_for(update)
    update.command = queue_command(
        update.charger,
        action=form.value,
        payload=_payload(update, form, location),
        actor=_label(update),
    )
    update.save()


def first_form(update: FirmwareUpdate) -> UpdateForm:
    image = update.image
    if image.is_signed and (image.signed_only or knows_signed_form(update.charger) is not False):
        return UpdateForm.SIGNED
    return UpdateForm.UNSIGNED


def knows_signed_form(charger: Charger) -> bool | None:
    """What the charger's latest answer to SignedUpdateFirmware says; None where it gave none."""
    latest = (
        Command.objects.filter(
            charger=charger,
            action=UpdateForm.SIGNED,
            status__in=(CommandStatus.ANSWERED, CommandStatus.FAILED),
        )
        .order_by("-created_at")
        .first()
    )
    if latest is None:
        return None
    if latest.status == CommandStatus.ANSWERED:
        return True
    return False if error_code(latest) in UNKNOWN_FORM else None


def error_code(command: Command) -> str:
    """The CALLERROR's code of a failed command; "" for another failure."""
    code = command.error.partition(":")[0]
    return code if code.isalpha() else ""


def is_charging(charger: Charger) -> bool:
    return ChargingSession.objects.filter(charger=charger, status=SessionStatus.ACTIVE).exists()


def _is_reachable(charger: Charger) -> bool:
    presence = getattr(charger, "presence", None)
    return (
        presence is not None and presence.online and charger.registration == Registration.ACCEPTED
    )


def _has_another(update: FirmwareUpdate) -> bool:
    others = FirmwareUpdate.objects.filter(charger=update.charger, status__in=OPEN_UPDATES)
    return others.exclude(pk=update.pk).exists()


def _label(update: FirmwareUpdate) -> str:
    if update.campaign is None:
        return update.requested_label or "firmware update"
    return f"firmware campaign: {update.campaign.name}"


def _payload(update: FirmwareUpdate, form: UpdateForm, location: str) -> dict[str, Any]:
    moment = clock.isoformat_z(clock.now())
    common = {"retries": _RETRIES, "retryInterval": _RETRY_INTERVAL_S}
    if form == UpdateForm.UNSIGNED:
        return {"location": location, "retrieveDate": moment, **common}
    return {
        "requestId": update.pk,
        "firmware": {
            "location": location,
            "retrieveDateTime": moment,
            "signingCertificate": update.image.signing_certificate,
            "signature": update.image.signature,
        },
        **common,
    }
