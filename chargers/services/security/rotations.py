"""Rows of passwords on their way to chargers (white paper A01.FR.03, A01.FR.04)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Command, PasswordRotation, RotationStatus
from chargers.states import PASSWORD_ROTATION
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError
from unievp.lib.secrets import keyed_digest

OPEN = (RotationStatus.ASKED, RotationStatus.UNSURE)


def open_rotation(charger: Charger) -> PasswordRotation | None:
    """The one under way, locked; the caller has locked the charger."""
    rows = PasswordRotation.objects.select_for_update().filter(charger=charger, status__in=OPEN)
    return rows.first()


def note_rotation(command: Command) -> None:
    """`command` carries a new password: from now on both are accepted.

    Raises ConflictError while another new password is on its way.
    """
    charger = Charger.objects.select_for_update().get(pk=command.charger_id)
    current = open_rotation(charger)
    if current is not None:
        if current.status == RotationStatus.ASKED or current.secret != command.secret:
            detail = _("A new password is on its way to this charger. Wait for its answer.")
            raise ConflictError(detail, code="rotation_open")
        PASSWORD_ROTATION.check(current.status, RotationStatus.ASKED)
        current.status = RotationStatus.ASKED
        current.command = command
        current.asked_at = clock.now()
        current.save(update_fields=["status", "command", "asked_at"])
        return
    digest = keyed_digest(command.secret.encode())
    PasswordRotation.objects.create(
        charger=charger,
        command=command,
        digest=digest,
        secret=command.secret,
        asked_at=clock.now(),
    )
    charger.pending_password_digest = digest
    charger.save(update_fields=["pending_password_digest", "updated_at"])


def settle(rotation: PasswordRotation, charger: Charger, status: RotationStatus) -> None:
    """The end of a rotation; both rows are locked."""
    PASSWORD_ROTATION.check(rotation.status, status)
    now = clock.now()
    if status == RotationStatus.DONE:
        charger.password_digest = rotation.digest
        charger.password_set_at = now
    charger.pending_password_digest = None
    charger.save(
        update_fields=[
            "password_digest",
            "password_set_at",
            "pending_password_digest",
            "updated_at",
        ]
    )
    rotation.status = status
    rotation.secret = ""
    rotation.settled_at = now
    rotation.save(update_fields=["status", "secret", "settled_at"])
    audit.record(
        actor="charger",
        action="charger.password_rotation",
        subject=charger,
        after={"rotation": status.value},
        cpo=charger.cpo,
    )


def drop_open_rotation(charger: Charger) -> None:
    """A person set another password: what was on its way counts no more."""
    rotation = open_rotation(charger)
    if rotation is None:
        return
    rotation.status = RotationStatus.REFUSED
    rotation.secret = ""
    rotation.settled_at = clock.now()
    rotation.save(update_fields=["status", "secret", "settled_at"])
    charger.pending_password_digest = None


def settle_by_connection(charger_pks: Iterable[int]) -> None:
    """These chargers connected with the new password: the old one is refused from now on."""
    pks = sorted(charger_pks)
    if not pks:
        return
    with transaction.atomic():
        for pk in pks:
            charger = Charger.objects.select_for_update(of=("self",)).get(pk=pk)
            rotation = open_rotation(charger)
            if rotation is not None:
                settle(rotation, charger, RotationStatus.DONE)
