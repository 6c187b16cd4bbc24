"""Other companies' locations as drivers read them: what is there, free, and how strong.

Bodies are partners' own (OCPI 2.2.1 §8.3): nothing but what was checked on the way in is relied on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_GONE: Final = "REMOVED"


def listed(body: Mapping[str, Any], name: str) -> list[Any]:
    """What should be a list; empty for whatever else stands there."""
    found = body.get(name)
    return found if isinstance(found, list) else []


def evses_of(location: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that are still there."""
    evses = [one for one in listed(location, "evses") if isinstance(one, dict)]
    return [one for one in evses if one.get("status") != _GONE]


def connectors_of(evse: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in listed(evse, "connectors") if isinstance(one, dict)]


def find_evse(location: Mapping[str, Any], uid: str) -> dict[str, Any] | None:
    """Ids are compared without case (CiString)."""
    found = (one for one in evses_of(location) if str(one.get("uid", "")).lower() == uid.lower())
    return next(found, None)


def power_of(connector: Mapping[str, Any]) -> int:
    """Watts: as told, else volts times amperes, three times for three phases; 0 unknown.

    `max_voltage` is line to neutral for three phases (§8.4.3).
    """
    told = _number(connector.get("max_electric_power"))
    if told:
        return told
    phases = {"AC_3_PHASE": 3, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2}
    volts, amperes = _number(connector.get("max_voltage")), _number(connector.get("max_amperage"))
    return volts * amperes * phases.get(str(connector.get("power_type")), 1)


def tariff_ids_of(location: Mapping[str, Any]) -> set[str]:
    return {
        str(tariff)
        for evse in evses_of(location)
        for connector in connectors_of(evse)
        for tariff in listed(connector, "tariff_ids")
    }


def summary(location: Mapping[str, Any]) -> dict[str, Any]:
    """One line of a list."""
    evses = evses_of(location)
    plugs = [connector for evse in evses for connector in connectors_of(evse)]
    return {
        "evses": len(evses),
        "available": sum(evse.get("status") == "AVAILABLE" for evse in evses),
        "standards": sorted({str(one.get("standard")) for one in plugs if one.get("standard")}),
        "max_power_w": max(map(power_of, plugs), default=0),
        "operator": _business_name(location),
    }


def evse_views(
    location: Mapping[str, Any], prices: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """`prices`: tariff id → its words."""
    for evse in evses_of(location):
        yield {
            "uid": str(evse.get("uid", "")),
            "evse_id": str(evse.get("evse_id") or ""),
            "status": str(evse.get("status") or "UNKNOWN"),
            "physical_reference": str(evse.get("physical_reference") or ""),
            "can_start_by_app": "REMOTE_START_STOP_CAPABLE" in listed(evse, "capabilities"),
            "can_reserve": "RESERVABLE" in listed(evse, "capabilities"),
            "connectors": [_connector(one, prices) for one in connectors_of(evse)],
        }


def _connector(
    connector: Mapping[str, Any], prices: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    ids = [str(tariff) for tariff in listed(connector, "tariff_ids")]
    return {
        "id": str(connector.get("id", "")),
        "standard": str(connector.get("standard") or ""),
        "format": str(connector.get("format") or ""),
        "power_type": str(connector.get("power_type") or ""),
        "max_power_w": power_of(connector),
        "tariffs": [prices[tariff] for tariff in ids if tariff in prices],
    }


def _business_name(location: Mapping[str, Any]) -> str:
    operator = location.get("operator")
    return str(operator.get("name") or "") if isinstance(operator, dict) else ""


def _number(value: Any) -> int:
    try:
        return max(int(value), 0)
    except (TypeError, ValueError, OverflowError):
        return 0
