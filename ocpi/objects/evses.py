"""One connector of OCPP 1.6 as an EVSE with one connector (OCPI 2.2.1 §8.3; OCA's note)."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

from chargers.models import (
    Charger,
    ChargerStatus,
    Connector,
    ConnectorStatus,
    ForcedStatus,
    PowerType,
    Registration,
)
from ocpi.wire.json import without_none

REMOVED: Final = "REMOVED"
_STATUS: Final = MappingProxyType(
    {
        ConnectorStatus.AVAILABLE: "AVAILABLE",
        # In use: a car is there.
        ConnectorStatus.PREPARING: "CHARGING",
        ConnectorStatus.CHARGING: "CHARGING",
        ConnectorStatus.SUSPENDED_EV: "CHARGING",
        ConnectorStatus.SUSPENDED_EVSE: "CHARGING",
        ConnectorStatus.FINISHING: "CHARGING",
        ConnectorStatus.RESERVED: "RESERVED",
        ConnectorStatus.UNAVAILABLE: "INOPERATIVE",
        ConnectorStatus.FAULTED: "OUTOFORDER",
        ConnectorStatus.UNKNOWN: "UNKNOWN",
    }
)
# What hangs on the charger; the car brings its own cable to the others.
_TETHERED: Final = frozenset(
    {
        "CHADEMO",
        "CHAOJI",
        "GBT_DC",
        "IEC_62196_T1",
        "IEC_62196_T1_COMBO",
        "IEC_62196_T2_COMBO",
        "TESLA_R",
        "TESLA_S",
    }
)
_PHASES: Final = MappingProxyType(
    {PowerType.AC_1_PHASE: 1, PowerType.AC_3_PHASE: 3, PowerType.DC: 1}
)
# Between phase and neutral, of the voltages between phases.
_TO_NEUTRAL: Final = MappingProxyType({380: 220, 400: 230, 415: 240, 480: 277})


def evse_uid(connector: Connector) -> str:
    """Ours and stable: another place makes another EVSE, the old one is REMOVED there."""
    return f"{connector.charger.location_id}-{connector.pk}"


def evse_id(connector: Connector, owner: tuple[str, str]) -> str:
    """As people read it (eMI3): `ID*NUS*E000012`."""
    return f"{owner[0]}*{owner[1]}*E{connector.pk:06d}"


def evse_status(connector: Connector, *, online: bool, trading: bool = True) -> str:
    """The whole charger's word (connector 0, what we forced) before the connector's own.

    A company that may not trade refuses every driver, whatever its chargers say.
    """
    charger = connector.charger
    if charger.is_retired:
        return REMOVED
    if charger.registration != Registration.ACCEPTED:
        return "PLANNED"
    if not (online and trading):
        return "UNKNOWN" if trading else "INOPERATIVE"
    if charger.status_at is not None and charger.status == ChargerStatus.FAULTED:
        return "OUTOFORDER"
    out_of_use = charger.status_at is not None and charger.status == ChargerStatus.UNAVAILABLE
    if out_of_use or ForcedStatus.UNAVAILABLE in (charger.forced_status, connector.forced_status):
        return "INOPERATIVE"
    return _STATUS[ConnectorStatus(connector.status)]


def evse_object(
    connector: Connector,
    *,
    owner: tuple[str, str],
    online: bool,
    trading: bool,
    capabilities: Sequence[str],
    tariff_ids: Sequence[str],
) -> dict[str, Any]:
    """Without `last_updated`, which only a comparison with what was told before can know."""
    return without_none(
        {
            "uid": evse_uid(connector),
            "evse_id": evse_id(connector, owner),
            "status": evse_status(connector, online=online, trading=trading),
            "capabilities": list(capabilities),
            "connectors": [
                without_none(
                    {
                        "id": str(connector.number),
                        "standard": connector.standard,
                        "format": connector_format(connector),
                        "power_type": connector.power_type,
                        "max_voltage": voltage(connector),
                        "max_amperage": connector.max_current_a,
                        "max_electric_power": _power(connector),
                        "tariff_ids": list(tariff_ids) or None,
                    }
                )
            ],
            "physical_reference": _reference(connector.charger),
        }
    )


def connector_format(connector: Connector) -> str:
    is_dc = connector.power_type == PowerType.DC
    return "CABLE" if is_dc or connector.standard in _TETHERED else "SOCKET"


def voltage(connector: Connector) -> int:
    """Between line and neutral for three phases, as OCPI wants it."""
    volts = connector.max_voltage_v
    return _TO_NEUTRAL.get(volts, volts) if connector.power_type == PowerType.AC_3_PHASE else volts


def _power(connector: Connector) -> int | None:
    """Told where it is lower than voltage and current promise."""
    phases = _PHASES[PowerType(connector.power_type)]
    promised = voltage(connector) * connector.max_current_a * phases
    return connector.max_power_w if connector.max_power_w < promised else None


def _reference(charger: Charger) -> str | None:
    name = charger.identity
    return name if len(name) <= 16 and name.isprintable() else None
