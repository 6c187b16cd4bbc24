"""Local lists, reservations and smart charging (OCPP 1.6 §3.5, §3.9, §3.13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from simulator import visits
from simulator.car import PHASE_VOLTAGE
from simulator.commands.base import Handler, Reply, status
from simulator.connector import Connector, Reservation
from simulator.smart_charging import RefusedProfileError
from simulator.wire import Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

COMPOSITE_STEP_S = 60


def get_local_list_version(charger: Charger, payload: Payload) -> Reply:  # noqa: ARG001  (a handler)
    enabled = charger.configuration.flag("LocalAuthListEnabled")
    return {"listVersion": charger.authorization.version if enabled else -1}, None


def send_local_list(charger: Charger, payload: Payload) -> Reply:
    entries = payload.get("localAuthorizationList") or []
    if not charger.configuration.flag("LocalAuthListEnabled"):
        return status("NotSupported")
    if len(entries) > charger.configuration.number("SendLocalListMaxLength"):
        return status("Failed")
    kind, version = payload["updateType"], int(payload["listVersion"])
    return status(charger.authorization.update(version, kind, entries))


def reserve_now(charger: Charger, payload: Payload) -> Reply:
    connector = charger.find_connector(payload["connectorId"])
    expires = _moment(payload["expiryDate"])
    reservation = Reservation(
        int(payload["reservationId"]), str(payload["idTag"]), expires, payload.get("parentIdTag")
    )
    # Connector 0 as well: ReserveConnectorZeroSupported is false.
    if connector is None or expires <= charger.clock.now():
        return status("Rejected")
    if connector.status in ("Unavailable", "Faulted"):
        return status(connector.status)
    replaces = connector.reservation is not None and connector.reservation.id == reservation.id
    if connector.busy or (connector.reservation is not None and not replaces):
        return status("Occupied")

    async def after() -> None:
        for other in charger.connectors:  # the same number again may name another connector
            if other.reservation is not None and other.reservation.id == reservation.id:
                _release(charger, other, to=connector)
        connector.reservation = reservation
        visits.show(charger, connector, "Reserved")
        charger.spawn(_expire(charger, connector, reservation))

    return {"status": "Accepted"}, after


def cancel_reservation(charger: Charger, payload: Payload) -> Reply:
    number = payload["reservationId"]
    for connector in charger.connectors:
        if connector.reservation is not None and connector.reservation.id == number:
            _release(charger, connector)
            return status("Accepted")
    return status("Rejected")


def set_charging_profile(charger: Charger, payload: Payload) -> Reply:
    number, profile = payload["connectorId"], payload["csChargingProfiles"]
    connector = charger.find_connector(number)
    if number != 0 and connector is None:
        return status("Rejected")
    transaction = connector.transaction if connector is not None else None
    _bring_up_to_date(charger)
    try:
        charger.profiles.install(number, profile, transaction)
    except RefusedProfileError:
        return status("Rejected")
    _look_again(charger)
    return status("Accepted")


def clear_charging_profile(charger: Charger, payload: Payload) -> Reply:
    _bring_up_to_date(charger)
    cleared = charger.profiles.clear(payload)
    _look_again(charger)
    return status("Accepted" if cleared else "Unknown")


def get_composite_schedule(charger: Charger, payload: Payload) -> Reply:
    """Sampled once a minute; neighbours with the same limit become one period."""
    number, duration = int(payload["connectorId"]), int(payload["duration"])
    connector = charger.find_connector(number)
    if number != 0 and connector is None:
        return status("Rejected")
    unit = payload.get("chargingRateUnit", "W")
    now = charger.clock.now()
    periods: list[Payload] = []
    for offset in range(0, max(duration, 1), COMPOSITE_STEP_S):
        limit = _composite_limit(charger, connector, now + timedelta(seconds=offset), unit)
        if not periods or periods[-1]["limit"] != limit:
            periods.append({"startPeriod": offset, "limit": limit})
    schedule = {"duration": duration, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    answer: Payload = {"status": "Accepted", "connectorId": number, "chargingSchedule": schedule}
    answer["scheduleStart"] = charger.clock.write(now)
    return answer, None


def _composite_limit(
    charger: Charger, connector: Connector | None, moment: datetime, unit: str
) -> float:
    phases = connector.phases if connector is not None else 3
    transaction = connector.transaction if connector is not None else None
    number = connector.number if connector is not None else 0
    most = sum(each.max_power_w for each in charger.connectors)
    if connector is not None:
        most = connector.max_power_w
    limit = charger.profiles.limit_w(number, moment, transaction, phases)
    watts = most if limit is None else min(most, limit)
    return round(watts / (PHASE_VOLTAGE * max(1, phases)), 1) if unit == "A" else float(watts)


def _bring_up_to_date(charger: Charger) -> None:
    """The energy of the time before a change of limits flowed under the old ones."""
    for connector in charger.connectors:
        connector.advance(charger.around.pace.now_ms())


def _look_again(charger: Charger) -> None:
    for connector in charger.connectors:
        if connector.transaction is not None:
            connector.wake.set()


async def _expire(charger: Charger, connector: Connector, reservation: Reservation) -> None:
    left = (reservation.expires_at - charger.clock.now()).total_seconds()
    await charger.around.pace.sleep(max(0.0, left))
    if connector.reservation is reservation:
        _release(charger, connector)


def _release(charger: Charger, connector: Connector, *, to: Connector | None = None) -> None:
    """`to`: who gets the reservation instead; the connector itself stays Reserved then."""
    connector.reservation = None
    if not connector.busy and connector is not to:
        visits.show(charger, connector, connector.resting_status)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


HANDLERS: dict[str, Handler] = {
    "GetLocalListVersion": get_local_list_version,
    "SendLocalList": send_local_list,
    "ReserveNow": reserve_now,
    "CancelReservation": cancel_reservation,
    "SetChargingProfile": set_charging_profile,
    "ClearChargingProfile": clear_charging_profile,
    "GetCompositeSchedule": get_composite_schedule,
}
