"""What speaks for and against the energy of a session: for the person who decides a held one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q

from chargers.models import ChargingSession, MeterReading, OrphanState, OrphanStop
from chargers.store.plausible import most_wh
from unievp.lib import clock


@dataclass(frozen=True, slots=True)
class Evidence:
    """Energies in Wh. `by_meters`: stop minus start; `by_registers`: latest reading minus first."""

    counted_wh: int
    by_meters_wh: int | None
    by_registers_wh: int | None
    most_wh: int
    max_power_w: int
    readings: int
    doubted: int
    is_estimated: bool
    contradictions: int


def gather_evidence(session: ChargingSession) -> Evidence:
    now = clock.now()
    end = session.ended_at or now
    readings = MeterReading.objects.filter(
        session_id=session.pk, measured_at__gte=session.started_at, measured_at__lte=end
    ).aggregate(
        count=Count("pk"),
        doubted=Count("pk", filter=Q(adjustments__icontains="energy_wh:")),
        first=Min("energy_wh"),
        last=Max("energy_wh"),
    )
    has_registers = readings["first"] is not None
    return Evidence(
        counted_wh=session.energy_wh,
        by_meters_wh=None
        if session.meter_stop_wh is None
        else session.meter_stop_wh - session.meter_start_wh,
        by_registers_wh=readings["last"] - readings["first"] if has_registers else None,
        most_wh=most_wh(
            session.connector.max_power_w,
            started_at=session.started_at,
            start_received_at=session.start_received_at,
            until=end,
            received_at=session.stop_received_at or end,
        ),
        max_power_w=session.connector.max_power_w,
        readings=readings["count"],
        doubted=readings["doubted"],
        is_estimated=session.is_estimated,
        contradictions=OrphanStop.objects.filter(
            session_id=session.pk, state=OrphanState.CONTRADICTS
        ).count(),
    )
