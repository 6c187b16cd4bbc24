"""What a charger's answers say about the profiles that it holds now."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import InvalidOperation
from typing import Final

from django.db.models import Q, QuerySet

from chargers.models import (
    ChargingProfile,
    ChargingSession,
    Command,
    CommandStatus,
    ProfileSource,
    ProfileState,
    SessionStatus,
)
from chargers.services.smart_charging.installing import ask_composite, keep_profile
from chargers.smart_charging.profiles import TX, Profile, from_wire
from chargers.states import PROFILE
from unievp.lib import clock

_HELD: Final = (ProfileState.INSTALLED, ProfileState.UNSURE)
_OUTLOOK: Final = timedelta(days=1)


def follow_set(command: Command) -> None:
    """SetChargingProfile ended: installed and replacing others, refused, or nobody knows."""
    row = ChargingProfile.objects.filter(command=command).select_for_update().first()
    if row is None:
        row = _row_of(command)
    state = _state_after(command)
    if row is None or not PROFILE.allows(row.state, state):
        return
    if state == ProfileState.INSTALLED:
        _replace_others(row)
    row.state, row.state_at = state, clock.now()
    if state == ProfileState.REFUSED:
        row.refusal = command.response_status or command.error
    row.save(update_fields=["state", "state_at", "refusal"])
    if state == ProfileState.INSTALLED and row.source == ProfileSource.OPERATOR:
        # What the charger makes of it: the other half of "why does it not charge faster".
        ask_composite(
            command.charger,
            connector=row.connector_number,
            duration=_OUTLOOK,
            unit=row.rate_unit,  # type: ignore[arg-type]  # a choice of the column
            actor=command.requested_by or command.requested_label,
        )


def follow_clear(command: Command) -> None:
    """ClearChargingProfile was answered: what matched is gone.

    "Unknown" says that nothing matches, so what we believed to match is not there either.
    """
    if command.response_status not in ("Accepted", "Unknown"):
        return
    asked = command.payload
    rows = ChargingProfile.objects.filter(charger=command.charger, state__in=_HELD)
    if asked.get("id") is not None:
        rows = rows.filter(profile_id=asked["id"])
    else:
        names = {
            "connectorId": "connector_number",
            "chargingProfilePurpose": "purpose",
            "stackLevel": "stack_level",
        }
        given = {
            column: asked[name] for name, column in names.items() if asked.get(name) is not None
        }
        rows = rows.filter(**given)
    rows.update(state=ProfileState.CLEARED, state_at=clock.now())


def end_profiles(now: datetime | None = None) -> int:
    """Profiles that are over: a TxProfile with its session, any at its validTo; how many."""
    now = now or clock.now()
    over = Q(session__status=SessionStatus.ENDED) | Q(valid_to__lte=now)
    rows = _held_or_waiting().filter(over)
    return ChargingProfile.objects.filter(pk__in=rows.values("pk")).update(
        state=ProfileState.ENDED, state_at=now
    )


def _held_or_waiting() -> QuerySet[ChargingProfile]:
    return ChargingProfile.objects.filter(state__in=PROFILE.sources(ProfileState.ENDED))


def _state_after(command: Command) -> ProfileState:
    if command.status == CommandStatus.ANSWERED:
        accepted = command.response_status == "Accepted"
        return ProfileState.INSTALLED if accepted else ProfileState.REFUSED
    if command.status in (CommandStatus.EXPIRED, CommandStatus.CANCELLED):
        return ProfileState.UNSENT
    if command.status == CommandStatus.FAILED:
        return _state_after_failure(command.error)
    return ProfileState.UNSURE


def _state_after_failure(error: str) -> ProfileState:
    """A CALLERROR ("NotSupported: no") is a refusal; a lost connection leaves it open."""
    code, _colon, _text = error.partition(":")
    if code == "Not sent":
        return ProfileState.UNSENT
    return ProfileState.UNSURE if " " in code else ProfileState.REFUSED


def _replace_others(row: ChargingProfile) -> None:
    same_place = Q(
        connector_number=row.connector_number, purpose=row.purpose, stack_level=row.stack_level
    )
    others = ChargingProfile.objects.filter(
        Q(profile_id=row.profile_id) | same_place, charger_id=row.charger_id, state__in=_HELD
    ).exclude(pk=row.pk)
    others.update(state=ProfileState.REPLACED, state_at=clock.now())


def _row_of(command: Command) -> ChargingProfile | None:
    """A profile that somebody sent as a plain command."""
    try:
        profile = from_wire(
            command.payload["csChargingProfiles"], int(command.payload["connectorId"])
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None
    if profile.purpose == TX and profile.transaction_id is None:
        return None
    return keep_profile(
        command,
        profile,
        session=_session(command, profile),
        source=ProfileSource.OPERATOR,
        now=clock.now(),
    )


def _session(command: Command, profile: Profile) -> ChargingSession | None:
    if profile.transaction_id is None:
        return None
    return ChargingSession.objects.filter(
        charger_id=command.charger_id, transaction_id=profile.transaction_id
    ).first()
