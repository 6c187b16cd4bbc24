"""What a charger's answer to UpdateFirmware or SignedUpdateFirmware means (white paper L01).

A charger that knows the signed form answers the unsigned one with CALLERROR NotSupported
(L01.FR.20), an older one answers the signed form with NotImplemented: then the other form is tried
once, but never the unsigned one for an image that is `signed_only`. A charger that *judged* the
certificate (InvalidCertificate, RevokedCertificate) gets no second form: to send it the same file
unsigned would pass by its own refusal.
"""

from __future__ import annotations

from chargers.models import Command, CommandStatus, FirmwareUpdate, UpdateForm, UpdateStatus
from chargers.services.firmware.asking import UNKNOWN_FORM, error_code, send
from chargers.services.firmware.ends import fail, move, wait
from unievp.lib import clock

# UpdateFirmware.conf has no status; some chargers send one all the same.
_TAKEN = frozenset({"", "Accepted", "AcceptedCanceled"})
_FOR_GOOD = frozenset({"InvalidCertificate", "RevokedCertificate"})


def follow_update(command: Command) -> None:
    """Follower of both forms; harmless when called again, and for commands of nobody's update."""
    update = (
        FirmwareUpdate.objects.select_for_update(of=("self",))
        .select_related("image", "charger__cpo", "campaign")
        .filter(command=command, status=UpdateStatus.ASKED)
        .first()
    )
    if update is None:
        return
    now = clock.now()
    if command.status == CommandStatus.ANSWERED:
        _answered(update, command)
    elif command.status == CommandStatus.FAILED and error_code(command):
        _refused(update, command)
    elif command.status in (CommandStatus.EXPIRED, CommandStatus.CANCELLED):
        # It never left: no attempt.
        update.attempts -= 1
        wait(update, now, "Not sent: the charger was away.")
    # Timed out, or the connection broke: the charger may have taken it. Its notices tell, or
    # the sweep asks again after the phase's time.


def _answered(update: FirmwareUpdate, command: Command) -> None:
    now = clock.now()
    status = command.response_status
    update.reported = status or update.reported
    if status in _TAKEN:
        move(update, UpdateStatus.ACCEPTED, now)
        return
    why = f"The charger answered {status}."
    fail(update, now, why, again=status not in _FOR_GOOD)


def _refused(update: FirmwareUpdate, command: Command) -> None:
    now = clock.now()
    if error_code(command) not in UNKNOWN_FORM:
        fail(update, now, command.error)
        return
    if update.form == UpdateForm.SIGNED:
        if update.image.signed_only:
            why = "It does not know signed updates, and this image is only for those."
            fail(update, now, why, again=False)
            return
        other = UpdateForm.UNSIGNED
    else:
        if not update.image.is_signed:
            why = f"It takes no unsigned update ({command.error}). Give the image its signature."
            fail(update, now, why, again=False)
            return
        other = UpdateForm.SIGNED
    if _was_tried(update, other):
        why = f"It takes neither the signed nor the unsigned form ({command.error})."
        fail(update, now, why, again=False)
        return
    update.phase_since = now
    send(update, other)


def _was_tried(update: FirmwareUpdate, form: UpdateForm) -> bool:
    """In this attempt, which began at `asked_at`."""
    commands = Command.objects.filter(charger=update.charger, action=form)
    return commands.filter(created_at__gte=update.asked_at).exists()
