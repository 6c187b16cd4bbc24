"""A charger's life on our side: registered, given a password, forced to a status, retired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Command, Connector, ForcedStatus, Location, PowerType
from chargers.services.commands import queue_command
from chargers.services.security.passwords import new_password
from chargers.services.security.rotations import drop_open_rotation
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError
from unievp.lib.live import broadcast, group_name
from unievp.lib.secrets import keyed_digest

_PROFILE_BASIC: Final = 1


@dataclass(frozen=True, slots=True)
class ConnectorSpec:
    """A connector to register; powers in W, A, V."""

    number: int
    standard: str = "IEC_62196_T2"
    power_type: str = PowerType.AC_3_PHASE
    max_power_w: int = 22_000
    max_current_a: int = 32
    max_voltage_v: int = 400


def register_charger(
    location: Location,
    *,
    identity: str,
    actor: User | str,
    name: str = "",
    connectors: Sequence[ConnectorSpec] = (ConnectorSpec(1),),
    max_power_w: int = 22_000,
) -> tuple[Charger, str]:
    """A new charger and its password, which is shown this once.

    Raises ConflictError for an identity that exists in any case, ValidationError for an unusable
    one, InvalidError for connectors that are not numbered 1, 2, 3 …
    """
    if sorted(item.number for item in connectors) != list(range(1, len(connectors) + 1)):
        raise InvalidError(_("Number the connectors 1, 2, 3 …"), field="connectors")
    password = new_password()
    charger = Charger(
        cpo=location.cpo,
        location=location,
        identity=identity,
        name=name,
        max_power_w=max_power_w,
        security_profile=_PROFILE_BASIC,
        password_digest=keyed_digest(password.encode()),
        password_set_at=clock.now(),
    )
    charger.clean_fields()
    try:
        with transaction.atomic():
            charger.save(force_insert=True)
            Connector.objects.bulk_create(_connector(charger, item) for item in connectors)
            audit.record(
                actor=actor,
                action="charger.register",
                subject=charger,
                after={"identity": identity, "location": str(location)},
                cpo=charger.cpo,
            )
    except IntegrityError as error:
        detail = _("A charger with this id exists.")
        raise ConflictError(detail, field="charger_id", code="charger_exists") from error
    return charger, password


# What a person or an integrator may change of a charger.
CHANGEABLE: Final = (
    "name",
    "location",
    "max_power_w",
    "heartbeat_interval_s",
    "assume_ocpp16",
    "time_zone",
)


def change_charger(charger: Charger, *, actor: User | str, **changes: Any) -> Charger:
    """Change what `CHANGEABLE` names, and nothing else.

    Raises InvalidError for another company's location, ConflictError for a retired charger,
    ValidationError for unusable values.
    """
    if unknown := sorted(set(changes) - set(CHANGEABLE)):
        message = f"{unknown[0]} cannot be changed"
        raise TypeError(message)
    location = changes.get("location")
    if location is not None and location.cpo_id != charger.cpo_id:
        raise InvalidError(_("This location belongs to another company."), field="location_id")
    with transaction.atomic():
        locked = Charger.objects.select_for_update(of=("self",)).get(pk=charger.pk)
        if locked.is_retired:
            raise ConflictError(_("This charger is retired."), code="charger_retired")
        before = {name: getattr(locked, name) for name in changes}
        for name, value in changes.items():
            setattr(locked, name, value)
        locked.clean_fields()
        locked.save(update_fields=[*changes, "updated_at"])
        audit.record(
            actor=actor,
            action="charger.change",
            subject=locked,
            before={name: _plain(value) for name, value in before.items()},
            after={name: _plain(value) for name, value in changes.items()},
            cpo=locked.cpo,
        )
    return locked


def renew_password(charger: Charger, *, actor: User | str) -> str:
    """A new password, shown this once; the old one stops working at the next connection."""
    password = new_password()
    with transaction.atomic():
        locked = Charger.objects.select_for_update().get(pk=charger.pk)
        drop_open_rotation(locked)
        locked.password_digest = keyed_digest(password.encode())
        locked.password_set_at = clock.now()
        locked.save(
            update_fields=[
                "password_digest",
                "pending_password_digest",
                "password_set_at",
                "updated_at",
            ]
        )
        audit.record(
            actor=actor,
            action="charger.renew_password",
            subject=locked,
            after={"password": "renewed"},
            cpo=locked.cpo,
        )
    charger.password_digest = locked.password_digest
    return password


def retire_charger(charger: Charger, *, actor: User | str, reason: str = "") -> Charger:
    """Out of service for good: it may not connect any more, its history stays.

    Raises ConflictError when it is retired already.
    """
    with transaction.atomic():
        locked = Charger.objects.select_for_update().get(pk=charger.pk)
        if locked.is_retired:
            raise ConflictError(_("This charger is retired already."), code="charger_retired")
        locked.retired_at = clock.now()
        locked.save(update_fields=["retired_at", "updated_at"])
        audit.record(
            actor=actor,
            action="charger.retire",
            subject=locked,
            before={"retired_at": None},
            after={"retired_at": locked.retired_at},
            cpo=locked.cpo,
            reason=reason,
        )
        _knock_again(locked)
    return locked


def force_status(
    charger: Charger,
    *,
    status: ForcedStatus,
    actor: User | str,
    connector_number: int = 0,
    reason: str = "",
) -> Command:
    """Keep the status a person wants and ask the charger for it by ChangeAvailability.

    `connector_number` 0 is the whole charger. Raises NotFoundError for a connector it has not.
    """
    with transaction.atomic():
        subject = _forceable(charger, connector_number)
        before = subject.forced_status
        subject.forced_status = status
        subject.save(update_fields=["forced_status"])
        audit.record(
            actor=actor,
            action="charger.force_status",
            subject=subject,
            before={"forced_status": before},
            after={"forced_status": status.value},
            cpo=charger.cpo,
            reason=reason,
        )
        operative = status == ForcedStatus.AVAILABLE
        return queue_command(
            charger,
            action="ChangeAvailability",
            payload={
                "connectorId": connector_number,
                "type": "Operative" if operative else "Inoperative",
            },
            actor=actor,
        )


def _forceable(charger: Charger, connector_number: int) -> Charger | Connector:
    if connector_number == 0:
        return Charger.objects.select_for_update().get(pk=charger.pk)
    rows = Connector.objects.select_for_update().filter(charger=charger, number=connector_number)
    connector = rows.first()
    if connector is None:
        raise NotFoundError(_("This charger has no such connector."), field="connector_id")
    return connector


def _connector(charger: Charger, spec: ConnectorSpec) -> Connector:
    return Connector(
        charger=charger,
        number=spec.number,
        standard=spec.standard,
        power_type=spec.power_type,
        max_power_w=spec.max_power_w,
        max_current_a=spec.max_current_a,
        max_voltage_v=spec.max_voltage_v,
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Location) else value


def _knock_again(charger: Charger) -> None:
    """Close its connection: what it may do is decided at the door."""
    group = group_name("charger", charger.pk)
    broadcast(group, {"type": "charger.changed", "charger_id": charger.pk})
