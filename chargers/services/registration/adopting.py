"""A stranger becomes a charger: by a person's click, or at its CPO's own address (ADR 8)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import quote, unquote

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.models import (
    AdoptionDoor,
    Charger,
    Location,
    Registration,
    RotationStatus,
    SelfAdoption,
    UnknownCharger,
)
from chargers.services.chargers import ConnectorSpec, register_charger
from chargers.services.registration.adopted import ACTOR
from chargers.services.security.passwords import rotate_passwords
from cpo.models import CPO, User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.lib.secrets import keyed_digest

JOIN: Final = "join-"
_MOST_CONNECTORS: Final = 16
_TOKEN_BYTES: Final = 16


def suggested_identity(unknown: UnknownCharger) -> str:
    """The id that a mess of a path most likely means: its last part, decoded."""
    parts = [part for part in unknown.identity.split("/") if part.strip()]
    return unquote(parts[-1]).strip()[:48] if parts else ""


def adopt_charger(
    unknown: UnknownCharger,
    *,
    location: Location,
    actor: User | str,
    identity: str = "",
    connectors: int | None = None,
) -> tuple[Charger, str]:
    """Register a stranger at `location`; the charger and its password, shown this once.

    `identity` corrects a wrong path. Without `connectors` they are made as the charger names them.
    Raises as `register_charger` does, and InvalidError for an impossible number.
    """
    if connectors is not None and not 1 <= connectors <= _MOST_CONNECTORS:
        raise InvalidError(_("Between 1 and 16 connectors."), field="connectors")
    numbers = range(1, (connectors or 0) + 1)
    with transaction.atomic():
        charger, password = register_charger(
            location,
            identity=identity or suggested_identity(unknown),
            actor=actor,
            connectors=[ConnectorSpec(number) for number in numbers],
        )
        UnknownCharger.objects.filter(pk=unknown.pk).delete()
    return charger, password


def open_door(
    cpo: CPO,
    *,
    location: Location,
    actor: User | str,
    accepts: bool = False,
    hourly_limit: int = 20,
) -> str:
    """The CPO's adoption token, shown this once; an earlier one stops working.

    Raises InvalidError for a location of another CPO.
    """
    if location.cpo_id != cpo.pk:
        raise InvalidError(_("Choose a location of this CPO."), field="location")
    token = secrets.token_hex(_TOKEN_BYTES)
    with transaction.atomic():
        door, _created = AdoptionDoor.objects.update_or_create(
            cpo=cpo,
            defaults={
                "location": location,
                "token_digest": keyed_digest(token.encode()),
                "accepts": accepts,
                "hourly_limit": hourly_limit,
                "opened_at": clock.now(),
            },
        )
        audit.record(
            actor=actor,
            action="adoption_door.open",
            subject=door,
            after={"location": str(location), "accepts": accepts},
            cpo=cpo,
        )
    return token


def close_door(door: AdoptionDoor, *, actor: User | str) -> None:
    """No stranger is adopted any more; adopted chargers may go on using the address."""
    with transaction.atomic():
        audit.record(actor=actor, action="adoption_door.close", subject=door, cpo=door.cpo)
        door.delete()


def adopt_at_door(identity: str, token: str, remote_address: str) -> Charger | None:
    """A stranger that knows a CPO's token is that CPO's charger, on hold; None when it is not.

    Never raises for what the stranger sent.
    """
    door = (
        AdoptionDoor.objects.select_related("cpo", "location")
        .filter(token_digest=keyed_digest(token.encode()))
        .first()
    )
    if door is None or _is_crowded(door):
        return None
    charger = Charger(
        cpo=door.cpo,
        location=door.location,
        identity=identity,
        registration=Registration.PENDING,
    )
    try:
        charger.clean_fields()
    except ValidationError:
        return None
    with transaction.atomic():
        charger.save(force_insert=True)
        SelfAdoption.objects.create(
            charger=charger, remote_address=remote_address[:64], came_at=clock.now()
        )
        UnknownCharger.objects.annotate(folded=Lower("identity")).filter(
            folded=identity.lower()
        ).delete()
        audit.record(
            actor=ACTOR,
            action="charger.adopt",
            subject=charger,
            after={"identity": identity, "location": str(door.location)},
            cpo=door.cpo,
        )
    return charger


def secure_adopted(*, actor: str = ACTOR) -> int:
    """Give adopted chargers that were told to wait a password of their own; how many were asked."""
    waiting = Charger.objects.filter(
        self_adoption__settled_at__isnull=True,
        self_adoption__isnull=False,
        registration=Registration.PENDING,
        told_registration=Registration.PENDING,
        password_digest__isnull=True,
        presence__online=True,
    ).exclude(password_rotations__status__in=(RotationStatus.ASKED, RotationStatus.REFUSED))
    return rotate_passwords(waiting[:50], actor=actor)[0]


def charger_url(charger: Charger) -> str:
    """The exact URL to enter at the charger, its id percent-encoded."""
    return f"{endpoint_of(charger)}/{quote(charger.identity, safe='')}"


def endpoint_of(charger: Charger) -> str:
    """What most chargers ask for: they append `/CHARGER-ID` themselves."""
    profile = charger.pending_security_profile or charger.security_profile
    by_profile = {2: settings.OCPP_PUBLIC_TLS_URL, 3: settings.OCPP_PUBLIC_MTLS_URL}
    return str(by_profile.get(profile) or settings.OCPP_PUBLIC_URL).rstrip("/")


def _is_crowded(door: AdoptionDoor) -> bool:
    since = clock.now() - timedelta(hours=1)
    came = SelfAdoption.objects.filter(charger__cpo_id=door.cpo_id, came_at__gt=since).count()
    return came >= door.hourly_limit
