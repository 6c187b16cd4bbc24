"""New passwords for chargers, by ChangeConfiguration(AuthorizationKey) (white paper A01)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from chargers.models import Charger, Command, RotationStatus
from chargers.services.commands import queue_command
from chargers.services.security.rotations import open_rotation
from cpo.models import User
from unievp.lib import clock
from unievp.lib.errors import DomainError

# 16 bytes as 32 hex digits: within the 40 that OCPP-J §6.2.2 allows, typed without doubt.
_PASSWORD_BYTES: Final = 16
_BATCH: Final = 20
_ASK_AGAIN: Final = timedelta(minutes=15)


def new_password() -> str:
    return secrets.token_hex(_PASSWORD_BYTES)


def rotate_password(charger: Charger, *, actor: User | str) -> Command:
    """Give the charger a new password, which nobody sees.

    Accepted: the old one is refused from then on. Refused: it stays. No answer: both are accepted
    until the charger connects with the new one; asked again, it is sent the same new one. Raises
    ConflictError while one is on its way, or for a retired charger.
    """
    with transaction.atomic():
        locked = Charger.objects.select_for_update().get(pk=charger.pk)
        current = open_rotation(locked)
        unsure = current is not None and current.status == RotationStatus.UNSURE
        password = current.secret if current is not None and unsure else new_password()
        return queue_command(
            locked,
            action="ChangeConfiguration",
            payload={"key": "AuthorizationKey", "value": password},
            actor=actor,
        )


def rotate_passwords(
    chargers: Iterable[Charger], *, actor: User | str
) -> tuple[int, dict[str, str]]:
    """How many were asked, and by identity why others were not."""
    asked, refused = 0, {}
    for charger in chargers:
        try:
            rotate_password(charger, actor=actor)
        except DomainError as error:
            refused[charger.identity] = str(error)
        else:
            asked += 1
    return asked, refused


def rotate_old_passwords(*, actor: str = "beat: rotate_old_passwords") -> int:
    """Renew passwords older than CHARGER_PASSWORD_DAYS, a few at a time; how many were asked."""
    if not settings.CHARGER_PASSWORD_DAYS:
        return 0
    now = clock.now()
    oldest = now - timedelta(days=settings.CHARGER_PASSWORD_DAYS)
    recently = Q(password_rotations__asked_at__gt=now - timedelta(days=1))
    due = (
        Charger.objects.annotate(password_since=Coalesce("password_set_at", "created_at"))
        .filter(
            retired_at__isnull=True,
            registration="Accepted",
            presence__online=True,
            password_digest__isnull=False,
            password_since__lt=oldest,
        )
        .exclude(pk__in=Charger.objects.filter(recently).values("pk"))
        .order_by("password_since")[:_BATCH]
    )
    return rotate_passwords(due, actor=actor)[0]


def ask_unsure_again(*, actor: str = "beat: ask_unsure_again") -> int:
    """Settle rotations whose answer was lost: the same password once more; how many."""
    unsure = Charger.objects.filter(
        retired_at__isnull=True,
        presence__online=True,
        password_rotations__status=RotationStatus.UNSURE,
        password_rotations__asked_at__lt=clock.now() - _ASK_AGAIN,
    )[:_BATCH]
    return rotate_passwords(unsure, actor=actor)[0]
