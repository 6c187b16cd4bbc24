"""Charging profiles that a charger is believed to hold, and what they add up to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from django.db.models import Q, QuerySet

from chargers.models import (
    Charger,
    ChargingProfile,
    ChargingSession,
    Command,
    CommandStatus,
    Connector,
    PowerType,
    ProfileState,
    SessionStatus,
)
from chargers.smart_charging.composition import Question, Running, Slot, compose
from chargers.smart_charging.profiles import Period, Profile
from chargers.smart_charging.units import RateUnit, Supply


def installed(charger_pk: int, now: datetime) -> QuerySet[ChargingProfile]:
    """Accepted, not over: a TxProfile ends with its session, any at its validTo."""
    alive = Q(valid_to__isnull=True) | Q(valid_to__gt=now)
    of_session = Q(session__isnull=True) | ~Q(session__status=SessionStatus.ENDED)
    rows = ChargingProfile.objects.filter(
        alive, of_session, charger_id=charger_pk, state=ProfileState.INSTALLED
    )
    return rows.order_by("connector_number", "purpose", "-stack_level").prefetch_related("periods")


def value_of(row: ChargingProfile) -> Profile:
    """The row as the pure functions know it; its periods are read."""
    return Profile(
        profile_id=row.profile_id,
        stack_level=row.stack_level,
        purpose=row.purpose,
        kind=row.kind,
        unit=cast("RateUnit", row.rate_unit),
        periods=tuple(
            Period(period.start_s, period.limit, period.phases) for period in row.periods.all()
        ),
        connector=row.connector_number,
        recurrency=row.recurrency or None,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        start_at=row.start_at,
        duration_s=row.duration_s,
        min_rate=row.min_rate,
        transaction_id=row.session.transaction_id if row.session else None,
    )


def values_of(charger_pk: int, now: datetime) -> list[Profile]:
    rows = installed(charger_pk, now).select_related("session")
    return [value_of(row) for row in rows]


def supply_of(connector: Connector | None) -> Supply:
    """What limits of this connector are converted with."""
    if connector is not None and connector.power_type == PowerType.AC_1_PHASE:
        return Supply(phases=1)
    return Supply()


def composite(
    charger: Charger, connector_number: int, *, now: datetime, unit: RateUnit, duration: timedelta
) -> list[Slot]:
    """Our own GetCompositeSchedule of one connector (0: the whole charger), with the reasons."""
    connector = Connector.objects.filter(charger=charger, number=connector_number).first()
    session = ChargingSession.objects.filter(
        connector=connector, status=SessionStatus.ACTIVE
    ).first()
    running = Running(session.transaction_id, session.started_at) if connector and session else None
    question = Question(
        connector=connector_number,
        begin=now,
        end=now + duration,
        unit=unit,
        supply=supply_of(connector),
        running=running,
    )
    return compose(values_of(charger.pk, now), question)


def latest_composite_answer(charger_pk: int, connector_number: int) -> Command | None:
    """The charger's own last answer to GetCompositeSchedule for this connector."""
    return (
        Command.objects.filter(
            charger_id=charger_pk,
            action="GetCompositeSchedule",
            status=CommandStatus.ANSWERED,
            payload__connectorId=connector_number,
        )
        .order_by("-answered_at")
        .first()
    )
