"""Charging profiles out: installed, cleared, and the charger asked what it makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from chargers.models import (
    Charger,
    ChargingProfile,
    ChargingSchedulePeriod,
    ChargingSession,
    Command,
    ProfileSource,
    ProfileState,
    SessionStatus,
)
from chargers.selectors.charging_profiles import values_of
from chargers.services.commands import queue_command
from chargers.services.smart_charging.limits import limits_of
from chargers.services.smart_charging.rules import problems_of
from chargers.smart_charging.profiles import TX, Profile
from chargers.smart_charging.units import RateUnit
from cpo.models import User
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

# Ids below are the site budget's own (chargers.services.site_power.modes).
FIRST_FREE_ID: Final = 1_000


def install_profile(
    charger: Charger,
    *,
    profile: Profile,
    actor: User | str,
    insist: bool = False,
    source: ProfileSource = ProfileSource.OPERATOR,
    deadline_s: int | None = None,
) -> ChargingProfile:
    """Send a profile (SetChargingProfile). A TxProfile gets its transaction from the connector.

    Raises RefusedError naming the field and the fix for what the charger would refuse, unless
    `insist`; InvalidError where it could not even be written down.
    """
    now = clock.now()
    session = _session_of(charger, profile)
    if profile.purpose == TX and profile.transaction_id is None and session is not None:
        profile = replace(profile, transaction_id=session.transaction_id)
    if not profile.periods:
        raise InvalidError(_("Give at least one period."), field="periods")
    if not insist:
        check_profile(charger, profile, now=now)
    payload = {"connectorId": profile.connector, "csChargingProfiles": profile.as_wire()}
    with transaction.atomic():
        command = queue_command(
            charger,
            action="SetChargingProfile",
            payload=payload,
            actor=actor,
            deadline_s=deadline_s,
        )
        return keep_profile(command, profile, session=session, source=source, now=now)


def check_profile(charger: Charger, profile: Profile, *, now: datetime) -> None:
    """Raises RefusedError with the first problem's field and every problem's words."""
    problems = problems_of(
        profile,
        limits_of(charger.pk),
        others=values_of(charger.pk, now),
        connectors=max(charger.connectors.values_list("number", flat=True), default=None),
    )
    if problems:
        text = " ".join(f"{problem.field}: {problem.text}" for problem in problems)
        raise RefusedError(text, field=problems[0].field, code="charging_profile_would_be_refused")


def keep_profile(
    command: Command,
    profile: Profile,
    *,
    session: ChargingSession | None,
    source: ProfileSource,
    now: datetime,
) -> ChargingProfile:
    """The row of a profile that `command` carries."""
    row = ChargingProfile.objects.create(
        charger_id=command.charger_id,
        connector_number=profile.connector,
        session=session,
        profile_id=profile.profile_id,
        stack_level=profile.stack_level,
        purpose=profile.purpose,
        kind=profile.kind,
        recurrency=profile.recurrency or "",
        valid_from=profile.valid_from,
        valid_to=profile.valid_to,
        start_at=profile.start_at,
        duration_s=profile.duration_s,
        rate_unit=profile.unit,
        min_rate=profile.min_rate,
        source=source,
        state=ProfileState.PENDING,
        command=command,
        created_at=now,
        state_at=now,
    )
    ChargingSchedulePeriod.objects.bulk_create(
        ChargingSchedulePeriod(
            profile=row, start_s=period.start_s, limit=period.limit, phases=period.phases
        )
        for period in profile.periods
    )
    return row


def next_profile_id(charger: Charger) -> int:
    """An id that this charger has not had from an operator."""
    last = charger.charging_profiles.filter(profile_id__gte=FIRST_FREE_ID).aggregate(
        last=Max("profile_id")
    )["last"]
    return FIRST_FREE_ID if last is None else last + 1


def clear_profiles(
    charger: Charger,
    *,
    actor: User | str,
    profile_id: int | None = None,
    connector: int | None = None,
    purpose: str | None = None,
    stack_level: int | None = None,
    deadline_s: int | None = None,
) -> Command:
    """ClearChargingProfile: an id alone decides; else all that are given must match [E 3.25]."""
    wanted: dict[str, Any] = {"id": profile_id}
    if profile_id is None:
        wanted = {
            "connectorId": connector,
            "chargingProfilePurpose": purpose or None,
            "stackLevel": stack_level,
        }
    payload = {name: value for name, value in wanted.items() if value is not None}
    return queue_command(
        charger,
        action="ClearChargingProfile",
        payload=payload,
        actor=actor,
        deadline_s=deadline_s,
    )


def ask_composite(
    charger: Charger,
    *,
    connector: int,
    duration: timedelta,
    unit: RateUnit | None,
    actor: User | str,
) -> Command:
    """GetCompositeSchedule; the answer is kept with the command."""
    payload: dict[str, Any] = {
        "connectorId": connector,
        "duration": int(duration.total_seconds()),
    }
    if unit is not None:
        payload["chargingRateUnit"] = unit
    return queue_command(charger, action="GetCompositeSchedule", payload=payload, actor=actor)


def remote_start_profile(charger: Charger, profile: Profile) -> dict[str, Any]:
    """`chargingProfile` for a RemoteStartTransaction: a TxProfile without a transaction (§5.11).

    Raises RefusedError for what the charger or the specification would refuse.
    """
    problems = problems_of(profile, limits_of(charger.pk), in_remote_start=True)
    if problems:
        text = " ".join(f"{problem.field}: {problem.text}" for problem in problems)
        raise RefusedError(text, field=problems[0].field, code="charging_profile_would_be_refused")
    return profile.as_wire()


def _session_of(charger: Charger, profile: Profile) -> ChargingSession | None:
    if profile.purpose != TX:
        return None
    running = ChargingSession.objects.filter(
        charger=charger,
        connector__number=profile.connector,
        status=SessionStatus.ACTIVE,
    ).first()
    named = profile.transaction_id
    if running is not None and named not in (None, running.transaction_id):
        raise ConflictError(
            _("Transaction %(named)s does not run on this connector; %(running)s does.")
            % {"named": named, "running": running.transaction_id},
            field="transactionId",
            code="transaction_not_running",
        )
    return running
