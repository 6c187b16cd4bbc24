"""The OCA's JSON schemas of OCPP 1.6 and its security extension: lenient in, strict out.

The 78 files come with the `ocpp` package and are compiled by jsonschema-rs. Formats are off: times
are read by `chargers.ocpp.times`, which understands more than RFC 3339.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import ocpp
import orjson

from chargers.ocpp.protocol import ErrorCode

# Charge point → central system (14), central system → charge point (26); DataTransfer goes both
# ways (OCPP 1.6 §4, §5; security white paper edition 2).
ACTIONS_IN: Final = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
)
ACTIONS_OUT: Final = frozenset(
    {
        "CancelReservation",
        "CertificateSigned",
        "ChangeAvailability",
        "ChangeConfiguration",
        "ClearCache",
        "ClearChargingProfile",
        "DataTransfer",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetDiagnostics",
        "GetInstalledCertificateIds",
        "GetLocalListVersion",
        "GetLog",
        "InstallCertificate",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "ReserveNow",
        "Reset",
        "SendLocalList",
        "SetChargingProfile",
        "SignedUpdateFirmware",
        "TriggerMessage",
        "UnlockConnector",
        "UpdateFirmware",
    }
)
ACTIONS: Final = ACTIONS_IN | ACTIONS_OUT

_FOLDER = Path(ocpp.__file__).parent / "v16" / "schemas"
_MOST_ERRORS = 50
# A status must not be lost because its error code is missing or the vendor's own (reference §2.13).
_DEFAULTS = {("StatusNotification", "errorCode"): "NoError"}
_OPEN_WORDS = {
    ("StatusNotification", "errorCode"),
    ("DiagnosticsStatusNotification", "status"),
    ("FirmwareStatusNotification", "status"),
    ("LogStatusNotification", "status"),
    ("SignedFirmwareStatusNotification", "status"),
}

_CODES = {
    "required": ErrorCode.PROTOCOL_ERROR,
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "additionalProperties": ErrorCode.FORMATION_VIOLATION,
    "minItems": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "maxItems": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "minProperties": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "maxProperties": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
}
_TEXTS = {
    "required": "is missing",
    "additionalProperties": "has fields that are not known",
    "enum": "is not one of the known words",
    "maxLength": "is too long",
    "minItems": "has too few items",
    "maxItems": "has too many items",
    "multipleOf": "has too many decimals",
    "minimum": "is too small",
    "maximum": "is too large",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a payload; `path` is "meterValue.0.timestamp", "" for the payload."""

    code: ErrorCode
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path or 'The payload'} {self.text}"


@cache
def request_validator(action: str) -> jsonschema_rs.Validator:
    return _validator(action)


@cache
def response_validator(action: str) -> jsonschema_rs.Validator:
    return _validator(f"{action}Response")


def load_all() -> int:
    """Compile the schemas before the first charger connects; returns how many there are."""
    for action in ACTIONS:
        request_validator(action)
        response_validator(action)
    return 2 * len(ACTIONS)


def request_faults(action: str, payload: Any) -> list[Fault]:
    """Everything that is wrong with a request by the letter of the schema.

    For forms and the API, where people write commands: strict. Unknown `action`: one Fault.
    """
    if action not in ACTIONS:
        return [Fault(ErrorCode.NOT_IMPLEMENTED, "", f"has no action named {action[:64]!r}")]
    validator = request_validator(action)
    return [_fault(error) for error in islice(validator.iter_errors(payload), _MOST_ERRORS)]


def is_valid_response(action: str, payload: Any) -> bool:
    return response_validator(action).is_valid(payload)


def accept(action: str, payload: dict[str, Any]) -> dict[str, Any] | Fault:
    """The payload with soft faults repaired, or the first hard one.

    Soft: unknown fields (dropped), optional fields with an unusable value (dropped), numbers as
    strings and the reverse, words in another case, texts that are too long (the decoder cuts them).
    """
    validator = request_validator(action)
    if validator.is_valid(payload):
        return payload
    repaired = dict(payload)
    for error in islice(validator.iter_errors(payload), _MOST_ERRORS):
        if not _repair(action, repaired, error):
            return _fault(error)
    return repaired


def _validator(name: str) -> jsonschema_rs.Validator:
    # Some of the files begin with a byte order mark.
    schema = orjson.loads((_FOLDER / f"{name}.json").read_text("utf-8-sig"))
    return jsonschema_rs.validator_for(schema, validate_formats=False)


def _fault(error: jsonschema_rs.ValidationError) -> Fault:
    name = error.kind.name
    path = [str(part) for part in error.instance_path]
    if name == "required":
        path.append(error.kind.as_dict()["property"])
    if name == "type":
        text = f"is not of type {' or '.join(error.kind.as_dict()['types'])}"
    else:
        text = _TEXTS.get(name, f"violates {name}")
    code = _CODES.get(name, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)
    return Fault(code, ".".join(path), text)


def _repair(action: str, payload: dict[str, Any], error: jsonschema_rs.ValidationError) -> bool:
    """Whether the fault could be repaired; the messages concerned are flat, one level deep."""
    kind, details = error.kind.name, error.kind.as_dict()
    if kind == "additionalProperties" and not error.instance_path:
        for name in details["unexpected"]:
            payload.pop(name, None)
        return True
    if kind == "required" and (action, details["property"]) in _DEFAULTS:
        payload[details["property"]] = _DEFAULTS[action, details["property"]]
        return True
    if kind in ("type", "enum") and len(error.instance_path) == 1:
        return _repair_field(action, payload, str(error.instance_path[0]), kind, details)
    return kind == "maxLength"


def _repair_field(
    action: str, payload: dict[str, Any], name: str, kind: str, details: dict[str, Any]
) -> bool:
    value = _as_type(payload[name], details) if kind == "type" else _as_word(payload[name], details)
    if value is not None:
        payload[name] = value
    elif name not in _required(action):
        del payload[name]
    else:
        return (action, name) in _OPEN_WORDS and isinstance(payload[name], str)
    return True


def _as_type(value: Any, details: dict[str, Any]) -> Any:
    types = details["types"]
    if "string" in types and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if "integer" in types and isinstance(value, str | float):
        try:
            number = int(value)
        except (ValueError, OverflowError):
            return None
        return number if float(value) == number else None
    return None


def _as_word(value: Any, details: dict[str, Any]) -> str | None:
    folded = value.casefold() if isinstance(value, str) else value
    return next((word for word in details["options"] if word.casefold() == folded), None)


@cache
def _required(action: str) -> frozenset[str]:
    schema = orjson.loads((_FOLDER / f"{action}.json").read_text("utf-8-sig"))
    return frozenset(schema.get("required", ()))
