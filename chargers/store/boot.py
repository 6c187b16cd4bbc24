"""BootNotification: what a charger says it is, and how often it shall call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from chargers.store import sql
from chargers.store.work import Boot, BootResult


@dataclass(frozen=True, slots=True)
class BootOf:
    charger_pk: int
    received_at: datetime
    boot: Boot


_BOOT = """
WITH item AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS item(
        charger_id bigint, at timestamptz, vendor text, model text, serial_number text,
        firmware_version text, iccid text, imsi text
    )
), locked AS (
    SELECT charger.id FROM chargers_charger AS charger
    JOIN item ON item.charger_id = charger.id
    ORDER BY charger.id
    FOR NO KEY UPDATE OF charger
)
UPDATE chargers_charger AS charger SET
    booted_at = item.at,
    told_registration = charger.registration,
    vendor = item.vendor,
    model = item.model,
    serial_number = coalesce(nullif(item.serial_number, ''), charger.serial_number),
    firmware_version = coalesce(nullif(item.firmware_version, ''), charger.firmware_version),
    iccid = coalesce(nullif(item.iccid, ''), charger.iccid),
    imsi = coalesce(nullif(item.imsi, ''), charger.imsi)
FROM item JOIN locked ON locked.id = item.charger_id
WHERE charger.id = item.charger_id
RETURNING charger.id, charger.registration, charger.heartbeat_interval_s, charger.boot_interval_s
"""


def write_boots(boots: Sequence[BootOf]) -> list[BootResult]:
    """Store each boot; the answer to each, in order. An interval is always greater than 0."""
    document = [
        {
            "charger_id": item.charger_pk,
            "at": item.received_at,
            "vendor": item.boot.vendor[:64],
            "model": item.boot.model[:64],
            "serial_number": item.boot.serial_number[:64],
            "firmware_version": item.boot.firmware_version[:64],
            "iccid": item.boot.iccid[:32],
            "imsi": item.boot.imsi[:32],
        }
        for item in boots
    ]
    answers = {
        pk: BootResult(registration, _interval(registration, heartbeat_s, boot_s))
        for pk, registration, heartbeat_s, boot_s in sql.run(_BOOT, document)
    }
    return [answers[item.charger_pk] for item in boots]


def _interval(registration: str, heartbeat_s: int | None, boot_s: int | None) -> int:
    """Between heartbeats of an accepted charger; before the next boot of another (§4.2)."""
    if registration == "Accepted":
        return heartbeat_s or settings.HEARTBEAT_INTERVAL
    if registration == "Pending":
        return boot_s or settings.PENDING_BOOT_INTERVAL
    return boot_s or settings.REJECTED_BOOT_INTERVAL
