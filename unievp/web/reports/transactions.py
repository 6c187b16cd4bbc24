"""Every charging session of a time: the report that bookkeeping asks for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from chargers.models import ChargingSession, SessionStatus
from chargers.selectors.totals import sessions_of
from cpo.access import Actor
from unievp.lib.tables import Cell
from unievp.web.reports.paging import by_time
from unievp.web.reports.report import Report
from unievp.web.reports.wanted import Wanted

_MINUTE: Final = timedelta(minutes=1)
_PARTS: Final = ("cpo", "charger__location", "connector", "driver", "bill")


def rows(actor: Actor, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    """By their start."""
    sessions = wanted.within(
        sessions_of(actor, wanted.cpo_id),
        "started_at",
        charger="charger__identity__iexact",
        location="charger__location",
        status="status",
    )
    for session in by_time(sessions.select_related(*_PARTS), "started_at"):
        yield _line(session, wanted.zone)


def _line(session: ChargingSession, zone: ZoneInfo | None) -> tuple[Cell, ...]:
    location = session.charger.location
    place = zone or ZoneInfo(location.time_zone)
    begin, end = session.started_at, session.ended_at
    bill = getattr(session, "bill", None)
    return (
        session.transaction_id,
        session.pk,
        session.cpo.name,
        location.name,
        str(place),
        session.charger.identity,
        session.connector.number,
        session.id_tag,
        session.driver.name if session.driver else None,
        session.status,
        begin.astimezone(place),
        end.astimezone(place) if end else None,
        (end - begin) // _MINUTE if end else None,
        Decimal(session.energy_wh) / 1000,
        session.cost,
        session.currency,
        session.billing_status,
        bill.net if bill else None,
        bill.tax if bill else None,
        bill.platform_fee if bill else None,
        bill.cpo_share if bill else None,
        session.stop_reason,
    )


TRANSACTIONS: Final = Report(
    name="transactions",
    title=_("Charging sessions"),
    about=_("Every charging session with its energy, its price and how the bill is shared."),
    columns=(
        "transaction_id", "session_id", "cpo", "location", "time_zone", "charger_id",
        "connector_id", "id_tag", "driver", "status", "started_at", "ended_at", "duration_min",
        "energy_kwh", "cost", "currency", "billing_status", "net", "tax", "platform_fee",
        "cpo_share", "stop_reason",
    ),
    rows=rows,
    filters=frozenset({"location_id", "charger_id", "status"}),
    statuses=SessionStatus.choices,
)  # fmt: skip
