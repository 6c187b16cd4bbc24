"""The standard's configuration keys (OCPP 1.6 §9; security white paper): their types and limits.

Values only: no models here. A wrong value can ruin a charger: two of seven charge-point programs
answered HeartbeatInterval=abc with Accepted and then sent 60 and 230 heartbeats a second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

INT_MAX: Final = 2_147_483_647
LONGEST_VALUE: Final = 500
_SECRET_WORDS: Final = (
    "authorizationkey",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "privatekey",
    "apikey",
)
# Keys that have a door of their own: a wrong order locks the charger out.
_OWN_DOOR: Final = frozenset({"authorizationkey", "securityprofile"})


@dataclass(frozen=True, slots=True)
class KeyType:
    """`kind`: integer, boolean, words (comma separated list), choice, text."""

    kind: str
    least: int = 0
    most: int = INT_MAX
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value should not be sent; `final`: not even if somebody insists."""

    field: str  # "key" or "value"
    text: Text
    final: bool = False


_WHOLE = KeyType("integer")
_YES_NO = KeyType("boolean")
_WORDS = KeyType("words")
_TEXT = KeyType("text")
# A shorter interval floods us; 0 means "do not" only where the standard says so.
_HEARTBEAT = KeyType("integer", least=10, most=86_400)

STANDARD_KEYS: Final[Mapping[str, KeyType]] = MappingProxyType(
    {
        # Core
        "AllowOfflineTxForUnknownId": _YES_NO,
        "AuthorizationCacheEnabled": _YES_NO,
        "AuthorizeRemoteTxRequests": _YES_NO,
        "BlinkRepeat": _WHOLE,
        "ClockAlignedDataInterval": KeyType("integer", most=86_400),
        "ConnectionTimeOut": KeyType("integer", most=86_400),
        "ConnectorPhaseRotation": _WORDS,
        "ConnectorPhaseRotationMaxLength": _WHOLE,
        "GetConfigurationMaxKeys": KeyType("integer", least=1),
        "HeartbeatInterval": _HEARTBEAT,
        "LightIntensity": KeyType("integer", most=100),
        "LocalAuthorizeOffline": _YES_NO,
        "LocalPreAuthorize": _YES_NO,
        "MaxEnergyOnInvalidId": _WHOLE,
        "MessageTimeout": KeyType("integer", least=1, most=3_600),
        "MeterValuesAlignedData": _WORDS,
        "MeterValuesAlignedDataMaxLength": _WHOLE,
        "MeterValuesSampledData": _WORDS,
        "MeterValuesSampledDataMaxLength": _WHOLE,
        "MeterValueSampleInterval": KeyType("integer", most=86_400),
        "MinimumStatusDuration": KeyType("integer", most=3_600),
        "NumberOfConnectors": KeyType("integer", least=1),
        "ResetRetries": KeyType("integer", most=100),
        "StopTransactionMaxMeterValues": _WHOLE,
        "StopTransactionOnEVSideDisconnect": _YES_NO,
        "StopTransactionOnInvalidId": _YES_NO,
        "StopTxnAlignedData": _WORDS,
        "StopTxnAlignedDataMaxLength": _WHOLE,
        "StopTxnSampledData": _WORDS,
        "StopTxnSampledDataMaxLength": _WHOLE,
        "SupportedFeatureProfiles": _WORDS,
        "SupportedFeatureProfilesMaxLength": _WHOLE,
        "TransactionMessageAttempts": KeyType("integer", most=1_000),
        "TransactionMessageRetryInterval": KeyType("integer", most=86_400),
        "UnlockConnectorOnEVSideDisconnect": _YES_NO,
        "WebSocketPingInterval": KeyType("integer", most=86_400),
        # Local authorization list
        "LocalAuthListEnabled": _YES_NO,
        "LocalAuthListMaxLength": _WHOLE,
        "SendLocalListMaxLength": _WHOLE,
        # Reservation
        "ReserveConnectorZeroSupported": _YES_NO,
        # Smart charging
        "ChargeProfileMaxStackLevel": _WHOLE,
        "ChargingScheduleAllowedChargingRateUnit": KeyType("words", words=("Current", "Power")),
        "ChargingScheduleMaxPeriods": _WHOLE,
        "ConnectorSwitch3to1PhaseSupported": _YES_NO,
        "MaxChargingProfilesInstalled": _WHOLE,
        # Firmware management
        "SupportedFileTransferProtocols": _WORDS,
        # Security
        "AdditionalRootCertificateCheck": _YES_NO,
        "AuthorizationKey": _TEXT,
        "CertificateSignedMaxChainSize": KeyType("integer", least=1),
        "CertificateStoreMaxLength": _WHOLE,
        "CpoName": _TEXT,
        "SecurityProfile": KeyType("integer", most=3),
    }
)
# Keys that every charger must have (§9.1, required): one that is missing from an answer to "all
# keys" tells that the answer was cut.
REQUIRED_KEYS: Final = frozenset(
    {
        "AuthorizeRemoteTxRequests",
        "ClockAlignedDataInterval",
        "ConnectionTimeOut",
        "HeartbeatInterval",
        "LocalAuthorizeOffline",
        "LocalPreAuthorize",
        "MeterValuesAlignedData",
        "MeterValuesSampledData",
        "MeterValueSampleInterval",
        "NumberOfConnectors",
        "ResetRetries",
        "StopTransactionOnEVSideDisconnect",
        "StopTransactionOnInvalidId",
        "StopTxnAlignedData",
        "StopTxnSampledData",
        "SupportedFeatureProfiles",
        "TransactionMessageAttempts",
        "TransactionMessageRetryInterval",
        "UnlockConnectorOnEVSideDisconnect",
    }
)
_BY_FOLDED: Final = {name.casefold(): kind for name, kind in STANDARD_KEYS.items()}
_BOOLEANS: Final = {"true": True, "false": False}
_WHOLE_NUMBER: Final = re.compile(r"\d{1,10}", re.ASCII)


def is_secret(key: str) -> bool:
    """Whether the value of `key` must never be stored or shown."""
    folded = re.sub(r"[^a-z]", "", key.casefold())
    return any(word in folded for word in _SECRET_WORDS)


def type_of(key: str) -> KeyType | None:
    return _BY_FOLDED.get(key.casefold())


def fault_of(key: str, value: str) -> Fault | None:
    """What is wrong with setting `key` to `value`; None where nothing is known to be."""
    if not key.strip() or len(key) > 50:
        return Fault("key", _("Name a key of at most 50 characters."), final=True)
    if key.casefold() in _OWN_DOOR or is_secret(key):
        text = _("%(key)s is not set here: passwords and security profiles have a way of their own")
        return Fault("key", text % {"key": key}, final=True)
    if len(value) > LONGEST_VALUE:
        return Fault("value", _("OCPP allows at most 500 characters."), final=True)
    kind = type_of(key)
    text_of_fault = None if kind is None else _fault_of_type(kind, value.strip())
    if text_of_fault is None:
        return None
    return Fault("value", _("%(key)s: %(fault)s") % {"key": key, "fault": text_of_fault})


def _fault_of_type(kind: KeyType, value: str) -> Text | None:
    if kind.kind == "integer":
        if not _WHOLE_NUMBER.fullmatch(value) or not kind.least <= int(value) <= kind.most:
            limits = {"least": kind.least, "most": kind.most}
            return _("enter a whole number from %(least)s to %(most)s.") % limits
    elif kind.kind == "boolean" and value.casefold() not in _BOOLEANS:
        return _("enter true or false.")
    elif kind.words:
        known = {word.casefold() for word in kind.words}
        if not value or any(word.casefold() not in known for word in split_words(value)):
            return _("use %(words)s.") % {"words": ", ".join(kind.words)}
    return None


def split_words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def same_value(key: str, wanted: str, reported: str) -> bool:
    """Whether both mean the same: 60 and "60.0", true and "TRUE", lists in another order."""
    left, right = wanted.strip(), reported.strip()
    if left == right:
        return True
    folded = left.casefold(), right.casefold()
    if folded[0] in _BOOLEANS and folded[1] in _BOOLEANS:
        return folded[0] == folded[1]
    numbers = _number(left), _number(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    kind = type_of(key)
    if (kind is not None and kind.kind == "words") or (kind is None and "," in left):
        return sorted(map(str.casefold, split_words(left))) == sorted(
            map(str.casefold, split_words(right))
        )
    return False


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if len(text) <= 40 else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None
