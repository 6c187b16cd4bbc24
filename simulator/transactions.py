"""Start, sample and stop of a transaction at a charger, and what the answers teach it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from simulator.connector import Connector, Transaction
from simulator.meter import ENERGY, sample
from simulator.outbox import Message
from simulator.wire import Payload

if TYPE_CHECKING:
    from simulator.charger import Charger

logger = logging.getLogger("simulator")


def start(charger: Charger, connector: Connector, id_tag: str) -> Transaction:
    reservation = connector.reservation
    connector.reservation = None
    began = charger.clock.now()
    transaction = Transaction(
        connector.number,
        id_tag,
        began,
        connector.register.wh,
        reservation_id=reservation.id if reservation else None,
    )
    connector.begin(transaction, charger.around.pace.now_ms())
    payload: Payload = {
        "connectorId": connector.number,
        "idTag": id_tag,
        "meterStart": transaction.meter_start,
        "timestamp": charger.clock.write(began),
    }
    if transaction.reservation_id is not None:
        payload["reservationId"] = transaction.reservation_id
    charger.owe(Message("StartTransaction", payload, connector.number, transaction))
    return transaction


def report_meter(charger: Charger, connector: Connector, context: str | None = None) -> None:
    """Owe one MeterValues of the present moment."""
    connector.advance(charger.around.pace.now_ms())
    names = charger.configuration.names("MeterValuesSampledData") or [ENERGY]
    values = charger.behaviour.sampled(sample(connector.measure(), names, context))
    payload: Payload = {
        "connectorId": connector.number,
        "meterValue": [{"timestamp": charger.clock.stamp(), "sampledValue": values}],
    }
    charger.owe(Message("MeterValues", payload, connector.number, connector.transaction))


def stop(charger: Charger, connector: Connector, reason: str, id_tag: str | None = None) -> None:
    """Power off, and owe the StopTransaction with the last reading."""
    transaction = connector.end(charger.around.pace.now_ms())
    if transaction is None:
        return
    transaction.stopped = True
    stamp = charger.clock.stamp()
    charger.profiles.forget_transaction(connector.number)
    payload: Payload = {
        "meterStop": connector.register.wh,
        "timestamp": stamp,
        "reason": reason,
    }
    if id_tag is not None:
        payload["idTag"] = id_tag
    names = charger.configuration.names("StopTxnSampledData")
    if names:
        values = sample(connector.measure(), names, "Transaction.End")
        payload["transactionData"] = [
            {"timestamp": stamp, "sampledValue": charger.behaviour.sampled(values)}
        ]
    charger.owe(Message("StopTransaction", payload, connector.number, transaction))
    charger.around.stats.energy_wh += max(0, connector.register.wh - transaction.meter_start)


def learn(charger: Charger, message: Message, answer: Payload) -> None:
    """Take over what the answer to an owed message says."""
    stats = charger.around.stats
    transaction = message.transaction
    info = answer.get("idTagInfo")
    if message.payload.get("idTag"):
        charger.authorization.learn(message.payload["idTag"], info)
    if message.action == "StartTransaction" and transaction is not None:
        transaction.id = int(answer["transactionId"])
        stats.sessions_started += 1
        logger.info(
            "%s/%s started %s for %s",
            charger.id,
            message.connector,
            transaction.id,
            transaction.id_tag,
        )
        status = info.get("status") if isinstance(info, dict) else None
        if status != "Accepted":
            stats.events["starts_refused"] += 1
            _deauthorize(charger, transaction)
    elif message.action == "StopTransaction":
        stats.sessions_stopped += 1
        energy = (
            0 if transaction is None else message.payload["meterStop"] - transaction.meter_start
        )
        logger.info(
            "%s/%s stopped %s after %s Wh (%s)",
            charger.id,
            message.connector,
            transaction.id if transaction else None,
            energy,
            message.payload["reason"],
        )


def find(charger: Charger, transaction_id: object) -> Connector | None:
    """The connector whose running transaction has this id."""
    for connector in charger.connectors:
        if connector.transaction is not None and connector.transaction.id == transaction_id:
            return connector
    return None


def _deauthorize(charger: Charger, transaction: Transaction) -> None:
    connector = charger.find_connector(transaction.connector)
    if connector is None or connector.transaction is not transaction:
        return
    if charger.configuration.flag("StopTransactionOnInvalidId"):
        connector.request_stop("DeAuthorized")
