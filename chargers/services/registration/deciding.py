"""A person's word on a charger's registration (OCPP 1.6 §4.2), and waking the silent ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Command, CommandStatus, Registration, SelfAdoption
from chargers.services.commands import queue_command
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError
from unievp.lib.live import broadcast, group_name

WAKE_EVERY: Final = timedelta(minutes=5)
_WAKE: Final = {"requestedMessage": "BootNotification"}
# What it was told last: only such a charger may be asked for a boot (errata 3.40).
_NOT_ACCEPTED: Final = (Registration.PENDING, Registration.REJECTED)


def accept_charger(charger: Charger, *, actor: User | str, reason: str = "") -> Charger:
    """It may work from now on; one that was told to wait is asked to boot again."""
    with transaction.atomic():
        locked = _decide(charger, Registration.ACCEPTED, actor=actor, reason=reason)
        if locked.told_registration in _NOT_ACCEPTED and not locked.is_retired:
            _wake(locked, actor=actor)
        _tell(locked, {"type": "charger.accepted"})
    return locked


def hold_charger(charger: Charger, *, actor: User | str, reason: str = "") -> Charger:
    """Pending: it may connect and be set up, and nothing else. Transaction data is kept."""
    return _shut(charger, Registration.PENDING, actor=actor, reason=reason)


def reject_charger(charger: Charger, *, actor: User | str, reason: str = "") -> Charger:
    """Rejected: nothing but its boots and its transaction data is taken."""
    return _shut(charger, Registration.REJECTED, actor=actor, reason=reason)


def wake_accepted(*, actor: str = "beat: wake_accepted_chargers") -> int:
    """Ask accepted chargers that were told to wait, and are silent since, to boot; how many."""
    asked_lately = Command.objects.filter(
        action="TriggerMessage",
        payload__requestedMessage="BootNotification",
        created_at__gt=clock.now() - WAKE_EVERY,
    )
    silent = Charger.objects.filter(
        registration=Registration.ACCEPTED,
        told_registration__in=_NOT_ACCEPTED,
        presence__online=True,
        retired_at__isnull=True,
    ).exclude(pk__in=asked_lately.values("charger_id"))
    count = 0
    for charger in silent:
        with transaction.atomic():
            _wake(charger, actor=actor)
        count += 1
    return count


def _shut(charger: Charger, to: Registration, *, actor: User | str, reason: str) -> Charger:
    with transaction.atomic():
        locked = _decide(charger, to, actor=actor, reason=reason)
        # What it may do is decided at the door.
        _tell(locked, {"type": "charger.changed"})
    return locked


def _decide(charger: Charger, to: Registration, *, actor: User | str, reason: str) -> Charger:
    locked = Charger.objects.select_for_update(of=("self",)).get(pk=charger.pk)
    before = locked.registration
    if before == to:
        raise ConflictError(_("Nothing to change."), code="registration_unchanged")
    locked.registration = to
    locked.save(update_fields=["registration", "updated_at"])
    SelfAdoption.objects.filter(charger=locked, settled_at__isnull=True).update(
        settled_at=clock.now()
    )
    audit.record(
        actor=actor,
        action="charger.registration",
        subject=locked,
        before={"registration": before},
        after={"registration": to.value},
        cpo=locked.cpo,
        reason=reason,
    )
    return locked


def _wake(charger: Charger, *, actor: User | str) -> None:
    waiting = Command.objects.filter(
        charger=charger,
        action="TriggerMessage",
        status__in=(CommandStatus.QUEUED, CommandStatus.SENT),
        payload=_WAKE,
    )
    if not waiting.exists():
        queue_command(charger, action="TriggerMessage", payload=dict(_WAKE), actor=actor)


def _tell(charger: Charger, message: dict[str, str]) -> None:
    group = group_name("charger", charger.pk)
    broadcast(group, {**message, "charger_id": charger.pk})
