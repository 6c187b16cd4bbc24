"""The configuration keys of a charger (OCPP 1.6 §9): what is readable, writable, and valid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.meter import AC_MEASURANDS, DC_MEASURANDS, MEASURANDS

PROFILES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
MAX_KEYS = 50

# key → (value, kind); kinds: int, bool, text, measurands, secret, profile
WRITABLE: dict[str, tuple[str, str]] = {
    "AllowOfflineTxForUnknownId": ("true", "bool"),
    "AuthorizationCacheEnabled": ("true", "bool"),
    "AuthorizationKey": ("", "secret"),
    "AuthorizeRemoteTxRequests": ("false", "bool"),
    "BlinkRepeat": ("3", "int"),
    "CpoName": ("Nusantara Charging", "text"),
    "ClockAlignedDataInterval": ("0", "int"),
    "ConnectionTimeOut": ("60", "int"),
    "HeartbeatInterval": ("300", "int"),
    "LightIntensity": ("80", "int"),
    "LocalAuthListEnabled": ("true", "bool"),
    "LocalAuthorizeOffline": ("true", "bool"),
    "LocalPreAuthorize": ("false", "bool"),
    "MeterValueSampleInterval": ("60", "int"),
    "MeterValuesAlignedData": ("", "measurands"),
    "MeterValuesSampledData": ("", "measurands"),
    "MinimumStatusDuration": ("0", "int"),
    "ResetRetries": ("1", "int"),
    "SecurityProfile": ("0", "profile"),
    "StopTransactionOnEVSideDisconnect": ("true", "bool"),
    "StopTransactionOnInvalidId": ("true", "bool"),
    "StopTxnAlignedData": ("", "measurands"),
    "StopTxnSampledData": ("", "measurands"),
    "TransactionMessageAttempts": ("3", "int"),
    "TransactionMessageRetryInterval": ("5", "int"),
    "UnlockConnectorOnEVSideDisconnect": ("true", "bool"),
    "WebSocketPingInterval": ("0", "int"),
}
READ_ONLY: dict[str, str] = {
    "AdditionalRootCertificateCheck": "false",
    "CertificateSignedMaxChainSize": "10000",
    "CertificateStoreMaxLength": "10",
    "ChargeProfileMaxStackLevel": "10",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "24",
    "ConnectorPhaseRotation": "0.RST",
    "GetConfigurationMaxKeys": str(MAX_KEYS),
    "LocalAuthListMaxLength": "1000",
    "MaxChargingProfilesInstalled": "20",
    "NumberOfConnectors": "1",
    "ReserveConnectorZeroSupported": "false",
    "SendLocalListMaxLength": "100",
    "SupportedFeatureProfiles": PROFILES,
}


@dataclass
class Configuration:
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, *, connectors: int, dc: bool, meter_interval: int) -> Configuration:
        values = {key: value for key, (value, _) in WRITABLE.items()} | READ_ONLY
        values["NumberOfConnectors"] = str(connectors)
        values["MeterValueSampleInterval"] = str(meter_interval)
        values["MeterValuesSampledData"] = ",".join(DC_MEASURANDS if dc else AC_MEASURANDS)
        return cls(values)

    def number(self, key: str) -> int:
        return int(self.values[key])

    def flag(self, key: str) -> bool:
        return self.values[key].lower() == "true"

    def names(self, key: str) -> list[str]:
        return [name for name in self.values[key].split(",") if name]

    def change(self, key: str, value: str) -> str:
        """Accepted, Rejected or NotSupported, as ChangeConfiguration answers."""
        if key in READ_ONLY:
            return "Rejected"
        if key not in WRITABLE:
            return "NotSupported"
        if not _valid(WRITABLE[key][1], value) or self._lowers_profile(key, value):
            return "Rejected"
        self.values[key] = value
        return "Accepted"

    def _lowers_profile(self, key: str, value: str) -> bool:
        """White paper A05.FR.01."""
        return key == "SecurityProfile" and int(value) < self.number(key)

    def read(self, keys: Iterable[str]) -> tuple[list[dict[str, object]], list[str]]:
        """(configurationKey, unknownKey) of GetConfiguration; all keys for none asked."""
        spelled = {key.casefold(): key for key in self.values}
        asked = list(keys) or [key for key in self.values if key != "AuthorizationKey"]
        known = [spelled[key.casefold()] for key in asked if key.casefold() in spelled]
        unknown = [key for key in asked if key.casefold() not in spelled]
        return [self._shown(key) for key in known], unknown

    def _shown(self, key: str) -> dict[str, object]:
        shown: dict[str, object] = {"key": key, "readonly": key in READ_ONLY}
        if key != "AuthorizationKey":  # write-only
            shown["value"] = self.values[key]
        return shown


def _valid(kind: str, value: str) -> bool:
    if kind == "int":
        return value.isdecimal()
    if kind == "bool":
        return value.lower() in ("true", "false")
    if kind == "secret":
        return 16 <= len(value) <= 40
    if kind == "profile":
        return value in ("0", "1", "2", "3")
    if kind == "measurands":
        return all(name in MEASURANDS for name in value.split(",") if name)
    return True
