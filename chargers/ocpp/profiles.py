"""The feature profiles of OCPP 1.6 (§3.3) and the security extension: which action is in which.

`word` is what a charger writes into its key SupportedFeatureProfiles; the security extension has
no word of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from chargers.ocpp.schemas import ACTIONS


class Profile(NamedTuple):
    rank: int
    name: str
    word: str


CORE: Final = Profile(0, "Core", "Core")
FIRMWARE: Final = Profile(1, "Firmware management", "FirmwareManagement")
LOCAL_LIST: Final = Profile(2, "Local list", "LocalAuthListManagement")
RESERVATION: Final = Profile(3, "Reservation", "Reservation")
SMART_CHARGING: Final = Profile(4, "Smart charging", "SmartCharging")
TRIGGER: Final = Profile(5, "Remote trigger", "RemoteTrigger")
SECURITY: Final = Profile(6, "Security", "")

PROFILES: Final = (CORE, FIRMWARE, LOCAL_LIST, RESERVATION, SMART_CHARGING, TRIGGER, SECURITY)

_BEYOND_CORE: Final = {
    "DiagnosticsStatusNotification": FIRMWARE,
    "FirmwareStatusNotification": FIRMWARE,
    "GetDiagnostics": FIRMWARE,
    "UpdateFirmware": FIRMWARE,
    "GetLocalListVersion": LOCAL_LIST,
    "SendLocalList": LOCAL_LIST,
    "CancelReservation": RESERVATION,
    "ReserveNow": RESERVATION,
    "ClearChargingProfile": SMART_CHARGING,
    "GetCompositeSchedule": SMART_CHARGING,
    "SetChargingProfile": SMART_CHARGING,
    "TriggerMessage": TRIGGER,
    "CertificateSigned": SECURITY,
    "DeleteCertificate": SECURITY,
    "ExtendedTriggerMessage": SECURITY,
    "GetInstalledCertificateIds": SECURITY,
    "GetLog": SECURITY,
    "InstallCertificate": SECURITY,
    "LogStatusNotification": SECURITY,
    "SecurityEventNotification": SECURITY,
    "SignCertificate": SECURITY,
    "SignedFirmwareStatusNotification": SECURITY,
    "SignedUpdateFirmware": SECURITY,
}
PROFILE_OF: Final[Mapping[str, Profile]] = MappingProxyType(
    {action: _BEYOND_CORE.get(action, CORE) for action in ACTIONS}
)
