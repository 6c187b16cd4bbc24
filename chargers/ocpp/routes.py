"""One table: which action is decoded, handled and encoded by what. A new message is a new line.

`plan_call` takes a CALL through it, synchronously and without the database: the result is an
`Inbound` for the group commit, or a refusal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from chargers.ocpp import frames, protocol, schemas
from chargers.ocpp.handlers import (
    authorization,
    boot,
    data_transfer,
    liveness,
    maintenance,
    metering,
    security,
    status,
    transactions,
)
from chargers.ocpp.messages import Caller, Plan, UnusableError
from chargers.ocpp.protocol import Call, ErrorCode
from chargers.ocpp.redaction import redact
from chargers.ocpp.times import Clock
from chargers.ocpp.v16 import decode, encode
from chargers.ocpp.v16 import maintenance as notices
from chargers.store.work import Inbound, LogOnly

ACCEPTED: Final = "Accepted"
PENDING: Final = "Pending"


@dataclass(frozen=True, slots=True)
class Inward:
    """A message from chargers.

    `never_refused`: transaction data, read whatever it looks like and stored also for a charger
    that is not accepted. `before_accepted`: answered whatever the registration is.
    `while_pending`: also while we set the charger up.
    """

    decode: Callable[[dict[str, Any], Clock], Any]
    handle: Callable[[Caller, Any], Plan]
    encode: Callable[[Any], dict[str, Any]]
    never_refused: bool = False
    before_accepted: bool = False
    while_pending: bool = False

    def is_open_to(self, registration: str) -> bool:
        if registration == ACCEPTED or self.never_refused or self.before_accepted:
            return True
        return registration == PENDING and self.while_pending


@dataclass(frozen=True, slots=True)
class Outward:
    """A message to chargers. `before_accepted`: also while registration is Pending (§4.2).

    A rejected charger is asked nothing.
    """

    before_accepted: bool = True

    def is_open_to(self, registration: str) -> bool:
        return registration == ACCEPTED or (registration == PENDING and self.before_accepted)


@dataclass(frozen=True, slots=True)
class Refusal:
    code: ErrorCode
    description: str


INWARD: Final[dict[str, Inward]] = {
    "Heartbeat": Inward(decode.heartbeat, liveness.heartbeat, encode.heartbeat),
    "MeterValues": Inward(
        decode.meter_values, metering.meter_values, encode.empty, never_refused=True
    ),
    "StatusNotification": Inward(
        decode.status_notification, status.status_notification, encode.empty
    ),
    "BootNotification": Inward(decode.boot, boot.boot, encode.boot, before_accepted=True),
    "Authorize": Inward(decode.authorize, authorization.authorize, encode.authorize),
    "StartTransaction": Inward(
        decode.start_transaction,
        transactions.start_transaction,
        encode.start_transaction,
        never_refused=True,
    ),
    "StopTransaction": Inward(
        decode.stop_transaction,
        transactions.stop_transaction,
        encode.stop_transaction,
        never_refused=True,
    ),
    "DataTransfer": Inward(decode.data_transfer, data_transfer.data_transfer, encode.data_transfer),
    "DiagnosticsStatusNotification": Inward(
        notices.diagnostics_status, maintenance.log_report, encode.empty
    ),
    "FirmwareStatusNotification": Inward(
        notices.firmware_status, maintenance.firmware_report, encode.empty
    ),
    "LogStatusNotification": Inward(notices.log_status, maintenance.log_report, encode.empty),
    "SecurityEventNotification": Inward(
        decode.security_event, security.security_event, encode.empty, while_pending=True
    ),
    "SignedFirmwareStatusNotification": Inward(
        notices.signed_firmware_status, maintenance.firmware_report, encode.empty
    ),
    "SignCertificate": Inward(
        decode.sign_certificate,
        security.sign_certificate,
        encode.sign_certificate,
        while_pending=True,
    ),
}

_NOT_WHILE_PENDING: Final = frozenset({"RemoteStartTransaction", "RemoteStopTransaction"})
OUTWARD: Final[dict[str, Outward]] = {
    action: Outward(before_accepted=action not in _NOT_WHILE_PENDING)
    for action in schemas.ACTIONS_OUT
}


def plan_call(
    caller: Caller, call: Call, text: str, received_at: datetime
) -> tuple[Inbound, Plan] | Refusal:
    """What to store for a CALL and how to answer it, or why it is refused."""
    action = call.action
    route = INWARD.get(action)
    if route is None:
        known = action in schemas.ACTIONS
        code = ErrorCode.NOT_SUPPORTED if known else ErrorCode.NOT_IMPLEMENTED
        return Refusal(code, "")
    if not route.is_open_to(caller.registration):
        return Refusal(ErrorCode.SECURITY_ERROR, f"Registration is {caller.registration}")
    payload = call.payload
    if not route.never_refused:
        accepted = schemas.accept(action, payload)
        if isinstance(accepted, schemas.Fault):
            return Refusal(accepted.code, str(accepted))
        payload = accepted
    clock = Clock(received_at, caller.time_rule, caller.quirks)
    try:
        plan = route.handle(caller, route.decode(payload, clock))
    except UnusableError as error:
        return Refusal(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"{error} is out of range")
    inbound = _inbound(caller, call, text, received_at, route, plan)
    if clock.has_replaced:
        inbound.content = content_of(call)
    return inbound, plan


def _inbound(
    caller: Caller, call: Call, text: str, received_at: datetime, route: Inward, plan: Plan
) -> Inbound:
    return Inbound(
        charger_pk=caller.charger_pk,
        cpo_id=caller.cpo_id,
        received_at=received_at,
        message_id=call.message_id,
        action=call.action,
        request=redact(text),
        work=plan.work,
        render=partial(_render, route, plan, call.message_id, call.action),
    )


_LOG_ONLY = LogOnly()


def log_only(
    caller: Caller,
    received_at: datetime,
    text: str,
    *,
    answer: str,
    outcome: str,
    message_id: str = "",
    action: str = "",
) -> Inbound:
    """A frame that did nothing but deserves its line in the wire log."""
    return Inbound(
        charger_pk=caller.charger_pk,
        cpo_id=caller.cpo_id,
        received_at=received_at,
        message_id=frames.clean_text(message_id)[:64],
        action=frames.clean_text(action)[:64],
        request=frames.clean_text(redact(text)),
        work=_LOG_ONLY,
        render=lambda _result: answer,
        outcome=outcome,
    )


def _render(route: Inward, plan: Plan, message_id: str, action: str, result: Any) -> str:
    """The answer's text; raises, and so rolls back, where our answer breaks its own schema."""
    plan.result = result
    payload = route.encode(plan.answer(result))
    if not schemas.is_valid_response(action, payload):
        message = f"Our answer to {action} is not valid"
        raise RuntimeError(message)
    return protocol.call_result(message_id, frames.dump(payload))


def content_of(call: Call) -> bytes:
    """16 bytes that are the same for every copy of a message, whatever its id."""
    text = call.action + frames.dump_sorted(call.payload)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
