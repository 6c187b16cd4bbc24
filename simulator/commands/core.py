"""The core profile's commands (OCPP 1.6 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import transactions, visits
from simulator.clock import seeded
from simulator.commands.base import After, Handler, Reply, status
from simulator.connector import Connector
from simulator.smart_charging import TX_PROFILE
from simulator.wire import Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

DRAIN_S = 5.0


def remote_start(charger: Charger, payload: Payload) -> Reply:
    id_tag = str(payload["idTag"])
    connector = _to_start(charger, payload.get("connectorId"), id_tag)
    if connector is None:
        return status("Rejected")
    profile = payload.get("chargingProfile")
    if profile is not None and profile["chargingProfilePurpose"] != TX_PROFILE:
        return status("Rejected")

    async def after() -> None:
        connector.remote_tag = id_tag
        if profile is not None:
            charger.profiles.installed.append((connector.number, profile))
        if connector.car is None:  # the driver plugs in a little later
            rng = seeded("remote", charger.id, id_tag, charger.around.pace.now_ms())
            visit = visits.Visit.random(rng, [id_tag], dc=connector.dc)
            visits.begin(charger, connector, visit)
        connector.wake.set()

    return {"status": "Accepted"}, after


def remote_stop(charger: Charger, payload: Payload) -> Reply:
    connector = transactions.find(charger, payload["transactionId"])
    if connector is None:
        return status("Rejected")
    return {"status": "Accepted"}, _stopping(connector, "Remote")


def reset(charger: Charger, payload: Payload) -> Reply:
    hard = {"Hard": True, "Soft": False}[payload["type"]]

    async def after() -> None:
        for connector in charger.connectors:
            if connector.transaction is not None:
                connector.request_stop("HardReset" if hard else "SoftReset")
        if not hard:
            await charger.drain(DRAIN_S)
        await charger.reboot()

    return {"status": "Accepted"}, after


def change_availability(charger: Charger, payload: Payload) -> Reply:
    operative = {"Operative": True, "Inoperative": False}[payload["type"]]
    number = payload["connectorId"]
    named = charger.find_connector(number)
    if number != 0 and named is None:
        return status("Rejected")
    connectors = [named] if named is not None else charger.connectors

    async def after() -> None:
        if named is None:
            charger.operative = operative
            charger.report(None)
        for connector in connectors:
            connector.operative = operative
            if not operative:
                connector.reservation = None
            if not connector.busy:
                visits.show(charger, connector, connector.resting_status)

    scheduled = not operative and any(connector.transaction for connector in connectors)
    return {"status": "Scheduled" if scheduled else "Accepted"}, after


def get_configuration(charger: Charger, payload: Payload) -> Reply:
    known, unknown = charger.configuration.read(payload.get("key") or [])
    answer: Payload = {"configurationKey": known}
    if unknown:
        answer["unknownKey"] = unknown
    return answer, None


def change_configuration(charger: Charger, payload: Payload) -> Reply:
    key, value = payload["key"], str(payload["value"])
    outcome = charger.configuration.change(key, value)
    if outcome == "Accepted":
        if key == "AuthorizationKey":  # used from the next connection on
            charger.use_password(value)
        charger.outbox.filled.set()  # the idle charger looks at a new HeartbeatInterval
    return status(outcome)


def unlock_connector(charger: Charger, payload: Payload) -> Reply:
    connector = charger.find_connector(payload["connectorId"])
    if connector is None:
        return status("NotSupported")
    return {"status": "Unlocked"}, _stopping(connector, "UnlockCommand")


def clear_cache(charger: Charger, payload: Payload) -> Reply:  # noqa: ARG001  (a handler)
    if not charger.configuration.flag("AuthorizationCacheEnabled"):
        return status("Rejected")
    charger.authorization.cached.clear()
    return status("Accepted")


def data_transfer(charger: Charger, payload: Payload) -> Reply:
    if payload["vendorId"] != charger.identity.vendor:
        return status("UnknownVendorId")
    if payload.get("messageId") != "Echo":
        return status("UnknownMessageId")
    return {"status": "Accepted", "data": str(payload.get("data", ""))}, None


def _to_start(charger: Charger, number: object, id_tag: str) -> Connector | None:
    """The connector a remote start may use: free, or with a car that waits for it."""
    if not charger.operative or not charger.registered:
        return None
    candidates = charger.connectors
    if number is not None:
        candidates = [each for each in candidates if each.number == number]
    for connector in candidates:
        waiting = connector.status == "Preparing" and connector.remote_tag is None
        if connector.operative and (connector.free or waiting) and _admits(connector, id_tag):
            return connector
    return None


def _admits(connector: Connector, id_tag: str) -> bool:
    """A reservation with a parent may admit any tag: its group is asked for with the tag."""
    reservation = connector.reservation
    return (
        reservation is None
        or reservation.parent_id_tag is not None
        or reservation.is_for(id_tag, None)
    )


def _stopping(connector: Connector, reason: str) -> After:
    async def after() -> None:
        if connector.busy:
            connector.request_stop(reason)

    return after


HANDLERS: dict[str, Handler] = {
    "RemoteStartTransaction": remote_start,
    "RemoteStopTransaction": remote_stop,
    "Reset": reset,
    "ChangeAvailability": change_availability,
    "GetConfiguration": get_configuration,
    "ChangeConfiguration": change_configuration,
    "UnlockConnector": unlock_connector,
    "ClearCache": clear_cache,
    "DataTransfer": data_transfer,
}
