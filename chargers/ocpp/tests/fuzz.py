"""Garbage that resembles what chargers say: valid frames, broken in one to three places.

The same seed gives the same frames. Half of the mutations change the frame's values, half its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

TIME = "2026-02-01T09:30:00Z"

PAYLOADS: dict[str, dict[str, Any]] = {
    "Authorize": {"idTag": "TAG1"},
    "BootNotification": {"chargePointVendor": "V", "chargePointModel": "M"},
    "DataTransfer": {"vendorId": "x", "messageId": "y", "data": "z"},
    "DiagnosticsStatusNotification": {"status": "Uploaded"},
    "FirmwareStatusNotification": {"status": "Installed"},
    "Heartbeat": {},
    "LogStatusNotification": {"status": "Uploaded", "requestId": 1},
    "MeterValues": {
        "connectorId": 1,
        "transactionId": 5,
        "meterValue": [
            {
                "timestamp": TIME,
                "sampledValue": [
                    {"value": "1500", "unit": "Wh", "context": "Sample.Periodic"},
                    {"value": "7.2", "unit": "kW", "measurand": "Power.Active.Import"},
                    {"value": "16", "unit": "A", "measurand": "Current.Import", "phase": "L1"},
                ],
            }
        ],
    },
    "SecurityEventNotification": {"type": "TamperDetectionActivated", "timestamp": TIME},
    "SignCertificate": {"csr": "-----BEGIN CERTIFICATE REQUEST-----"},
    "SignedFirmwareStatusNotification": {"status": "Installed", "requestId": 1},
    "StartTransaction": {"connectorId": 1, "idTag": "TAG1", "meterStart": 5, "timestamp": TIME},
    "StatusNotification": {
        "connectorId": 1,
        "errorCode": "NoError",
        "status": "Available",
        "timestamp": TIME,
    },
    "StopTransaction": {
        "transactionId": 5,
        "meterStop": 900,
        "timestamp": TIME,
        "idTag": "TAG1",
        "transactionData": [{"timestamp": TIME, "sampledValue": [{"value": "1"}]}],
    },
    "Reset": {"type": "Hard"},
    "NoSuchAction": {"a": 1},
}

VALUES: tuple[Callable[[Random], Any], ...] = (
    lambda _: None,
    lambda _: "",
    lambda _: "\u0000",
    lambda _: "\ud800x",
    lambda _: "' OR 1=1; --",
    lambda rng: "x" * rng.choice((21, 51, 256, 5000)),
    lambda _: True,
    lambda rng: rng.choice((-1, 0, 2**31, 2**63, -(2**63) - 1, 10**40)),
    lambda rng: rng.choice((1e30, -1e-30, 0.1, 1.5)),
    lambda _: [],
    lambda _: {},
    lambda _: [[[[[[]]]]]],
    lambda _: {"\u0000": {"a": [None]}},
    lambda rng: rng.choice(("1970-01-01T00:00:00Z", "yesterday", "2026-13-45T99:99:99Z", "+03")),
    lambda rng: rng.choice(("NaN", "Infinity", "1e999", "0x10", "-", "1,5", "٣")),
)


def frames(seed: int) -> Iterator[str]:
    """Endlessly: texts to send, one WebSocket message each."""
    rng = Random(seed)
    actions = list(PAYLOADS)
    number = 0
    while True:
        number += 1
        action = rng.choice(actions)
        frame: Any = [2, f"f{number}", action, json.loads(json.dumps(PAYLOADS[action]))]
        if rng.random() < 0.1:
            frame = rng.choice(([3, f"f{number}", {}], [4, f"f{number}", "GenericError", "", {}]))
        for _ in range(rng.randint(0, 2)):
            frame = _mutate_value(rng, frame)
        text = json.dumps(frame, ensure_ascii=rng.random() < 0.7)
        for _ in range(rng.randint(0, 2)):
            text = _mutate_text(rng, text)
        yield _sendable(text)


def _mutate_value(rng: Random, frame: Any) -> Any:
    """Replace, delete, add or repeat something somewhere in the tree."""
    holders = list(_holders(frame))
    if not holders:
        return rng.choice(VALUES)(rng)
    holder = rng.choice(holders)
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    what = rng.randrange(4)
    if what == 0 or not keys:
        _add(rng, holder)
    elif what == 1:
        del holder[rng.choice(keys)]
    elif what == 2 and isinstance(holder, list):
        holder.extend(holder[:1] * rng.choice((1, 50)))
    else:
        holder[rng.choice(keys)] = rng.choice(VALUES)(rng)
    return frame


def _add(rng: Random, holder: Any) -> None:
    value = rng.choice(VALUES)(rng)
    if isinstance(holder, dict):
        holder[rng.choice(("extra", "", "timestamp", "value", "x" * 300))] = value
    else:
        holder.insert(rng.randint(0, len(holder)), value)


def _holders(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from _holders(child)


def _mutate_text(rng: Random, text: str) -> str:
    at = rng.randint(0, len(text))
    return rng.choice(_TEXT_MUTATIONS)(rng, text, at)


_TEXT_MUTATIONS: tuple[Callable[[Random, str, int], str], ...] = (
    lambda _rng, text, at: text[:at],
    lambda _rng, text, at: text[at:],
    lambda rng, text, at: text[:at] + chr(rng.randint(1, 0xD7FF)) + text[at + 1 :],
    lambda rng, text, at: text[:at] + rng.choice('[]{}",:\\0') + text[at:],
    lambda _rng, text, at: text[:at] + "[" * 3000 + text[at:],
    lambda _rng, text, at: text[:at] + "\\u0000\\ud83d" + text[at:],
    lambda _rng, text, _at: text.replace('"value"', '"value":"7","value"'),
    lambda _rng, text, _at: text.replace(":", ": NaN,", 1),
    lambda _rng, text, _at: text + text,
    lambda _rng, text, _at: "\ufeff " + text + "\n",
)


def _sendable(text: str) -> str:
    """A WebSocket text message is UTF-8: lone surrogates can only come escaped."""
    return text.encode("utf-8", "replace").decode()
