"""StatusNotification: what a connector (or, as number 0, the charger) says of itself.

State goes by the charger's time, not by arrival: a late message is kept and changes nothing. A time
ahead of ours counts as now, so that a wrong clock cannot freeze a status.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chargers.events import ConnectorStatusChanged
from chargers.models import ChargerStatus, ConnectorStatus
from chargers.store import sql
from chargers.store.work import StatusReport
from unievp.lib.events import publish


@dataclass(frozen=True, slots=True)
class StatusOf:
    charger_pk: int
    received_at: datetime
    report: StatusReport


_ITEMS: Final = """
WITH item AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS item(
        charger_id bigint, number smallint, status text, known_status text, error_code text,
        vendor_error_code text, info text, reported_at timestamptz, received_at timestamptz,
        status_at timestamptz
    )
), change AS (
    INSERT INTO chargers_connectorstatuschange (
        charger_id, connector_number, status, error_code, vendor_error_code, info, reported_at,
        received_at
    )
    SELECT charger_id, number, status, error_code, vendor_error_code, info, reported_at, received_at
    FROM item ORDER BY charger_id, number
    ON CONFLICT DO NOTHING
)
"""

# A connector nobody registered is made on the spot, as strong as its charger. The largest site
# controllers have some dozens: a number beyond is a mistake, and its report is kept without one.
_CONNECTORS = (
    _ITEMS
    + """
INSERT INTO chargers_connector AS connector (
    charger_id, number, standard, power_type, max_power_w, max_current_a, max_voltage_v,
    forced_status, status, error_code, vendor_error_code, info, status_at
)
SELECT item.charger_id, item.number, 'IEC_62196_T2', 'AC_3_PHASE', charger.max_power_w, 32, 400,
    '', item.known_status, item.error_code, item.vendor_error_code, item.info, item.status_at
FROM item JOIN chargers_charger AS charger ON charger.id = item.charger_id
WHERE item.number <= 64 OR EXISTS (
    SELECT FROM chargers_connector AS known
    WHERE known.charger_id = item.charger_id AND known.number = item.number
)
ORDER BY item.charger_id, item.number
ON CONFLICT (charger_id, number) DO UPDATE SET
    status = excluded.status,
    error_code = excluded.error_code,
    vendor_error_code = excluded.vendor_error_code,
    info = excluded.info,
    status_at = excluded.status_at
WHERE connector.status_at IS NULL OR connector.status_at <= excluded.status_at
RETURNING charger_id, number, status
"""
)

_CHARGERS = (
    _ITEMS
    + """
, locked AS (
    SELECT charger.id FROM chargers_charger AS charger
    JOIN item ON item.charger_id = charger.id
    ORDER BY charger.id
    FOR NO KEY UPDATE OF charger
)
UPDATE chargers_charger AS charger SET
    status = item.known_status,
    error_code = item.error_code,
    status_at = item.status_at
FROM item JOIN locked ON locked.id = item.charger_id
WHERE charger.id = item.charger_id
    AND (charger.status_at IS NULL OR charger.status_at <= item.status_at)
RETURNING charger.id, 0, charger.status
"""
)


def write_statuses(statuses: list[StatusOf]) -> None:
    """Keep every report, and let the newest one decide; at most one report per connector."""
    whole = [_row(item) for item in statuses if item.report.connector_number == 0]
    connectors = [_row(item) for item in statuses if item.report.connector_number != 0]
    changed: list[tuple[Any, ...]] = []
    if whole:
        changed += sql.run(_CHARGERS, whole)
    if connectors:
        changed += sql.run(_CONNECTORS, connectors)
    for charger_pk, number, status in changed:
        publish(ConnectorStatusChanged(charger_pk, number, status))


def _row(item: StatusOf) -> dict[str, Any]:
    report = item.report
    return {
        "charger_id": item.charger_pk,
        "number": report.connector_number,
        "status": report.status[:16],
        "known_status": _known(report),
        "error_code": report.error_code[:64],
        "vendor_error_code": report.vendor_error_code[:64],
        "info": report.info[:255],
        "reported_at": report.reported_at,
        "received_at": item.received_at,
        "status_at": min(report.reported_at, item.received_at),
    }


def _known(report: StatusReport) -> str:
    if report.connector_number == 0:
        # Only these three are said of a whole charger (§4.9); another word means it works.
        known = report.status in ChargerStatus.values
        return report.status if known else ChargerStatus.AVAILABLE.value
    known = report.status in ConnectorStatus.values
    return report.status if known else ConnectorStatus.UNKNOWN.value
