"""The 26 operations as staff type them, as they must stand on the wire, and as chargers answer."""

from __future__ import annotations

from typing import Any, NamedTuple

PEM = "-----BEGIN CERTIFICATE-----\nMIIBhTCCASugAwIBAgIQ\n-----END CERTIFICATE-----\n"
_PEM_JSON = PEM.replace("\n", "\\n")
_HASH = "a1" * 32
LONG_VALUE = "x" * 551

# What a charger answers: the frame's tail after the message id, and what we keep of it.
OK = ([3, {"status": "Accepted"}], ("answered", "Accepted", ""))
REJECTED = ([3, {"status": "Rejected"}], ("answered", "Rejected", ""))
EMPTY = ([3, {}], ("answered", "", ""))
NULL = ([3, None], ("answered", "", ""))
NOT_KNOWN = ([4, "NotImplemented", "", {}], ("failed", "", "NotImplemented"))
NOT_SUPPORTED = (
    [4, "NotSupported", "Requested Action is recognized but not supported", {}],
    ("failed", "", "NotSupported: Requested Action is recognized but not supported"),
)
# Some leave the details out.
FOUR_ELEMENTS = ([4, "InternalError", "busy"], ("failed", "", "InternalError: busy"))

BAD_PEM = (
    [4, "FormationViolation", "bad PEM", {}],
    ("failed", "", "FormationViolation: bad PEM"),
)


def said(word, **fields):
    """An answer with this status, also one that OCPP does not know."""
    return [3, {"status": word, **fields}], ("answered", word, "")


class Case(NamedTuple):
    """`typed`: the form's fields; `wire`: the exact payload, with the order of its keys."""

    typed: dict[str, str]
    wire: str
    answers: tuple[Any, ...] = (OK, REJECTED)


_PROFILE = {
    "chargingProfileId": "7",
    "stackLevel": "0",
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": "2026-03-01T00:00",
    "chargingSchedule.duration": "86400",
    "chargingSchedule.startSchedule": "2026-03-01T07:00:00",
    "chargingSchedule.chargingRateUnit": "A",
    "chargingSchedule.minChargingRate": "6.0",
    "chargingSchedule.chargingSchedulePeriod.0.startPeriod": "0",
    "chargingSchedule.chargingSchedulePeriod.0.limit": "16",
    "chargingSchedule.chargingSchedulePeriod.0.numberPhases": "3",
    "chargingSchedule.chargingSchedulePeriod.1.startPeriod": "3600",
    "chargingSchedule.chargingSchedulePeriod.1.limit": "7.4",
}
_PROFILE_WIRE = (
    '{"chargingProfileId":7,"stackLevel":0,"chargingProfilePurpose":"TxDefaultProfile",'
    '"chargingProfileKind":"Recurring","recurrencyKind":"Daily",'
    '"validFrom":"2026-02-28T17:00:00Z","chargingSchedule":{"duration":86400,'
    '"startSchedule":"2026-03-01T00:00:00Z","chargingRateUnit":"A","chargingSchedulePeriod":['
    '{"startPeriod":0,"limit":16,"numberPhases":3},{"startPeriod":3600,"limit":7.4}],'
    '"minChargingRate":6}}'
)


def _profile(name):
    return {f"{name}.{field}": value for field, value in _PROFILE.items()}


CASES: dict[str, Case] = {
    # --- Core
    "RemoteStartTransaction": Case(
        {"connectorId": "1", "idTag": "TAG1", **_profile("chargingProfile")},
        '{"connectorId":1,"idTag":"TAG1","chargingProfile":' + _PROFILE_WIRE + "}",
        (OK, REJECTED, said("Accepted", vendorNote="soon")),
    ),
    "RemoteStopTransaction": Case({"transactionId": "42"}, '{"transactionId":42}'),
    "Reset": Case({"type": "Hard"}, '{"type":"Hard"}'),
    "ChangeAvailability": Case(
        {"connectorId": "0", "type": "Inoperative"},
        '{"connectorId":0,"type":"Inoperative"}',
        (OK, said("Scheduled"), REJECTED),
    ),
    "UnlockConnector": Case(
        {"connectorId": "1"},
        '{"connectorId":1}',
        (said("Unlocked"), said("NotSupported"), said("UnlockFailed")),
    ),
    "GetConfiguration": Case(
        {"key": "HeartbeatInterval\r\nWhatIsThat"},
        '{"key":["HeartbeatInterval","WhatIsThat"]}',
        (
            (
                [
                    3,
                    {
                        "configurationKey": [
                            {"key": "HeartbeatInterval", "readonly": False, "value": LONG_VALUE}
                        ],
                        "unknownKey": ["WhatIsThat"],
                    },
                ],
                ("answered", "", ""),
            ),
            EMPTY,
            NULL,
        ),
    ),
    "ChangeConfiguration": Case(
        {"key": "HeartbeatInterval", "value": "300"},
        '{"key":"HeartbeatInterval","value":"300"}',
        (OK, said("RebootRequired"), said("NotSupported"), REJECTED),
    ),
    "ClearCache": Case({}, "{}"),
    "DataTransfer": Case(
        {"vendorId": "com.example", "messageId": "Hello", "data": '{"a": 1}'},
        '{"vendorId":"com.example","messageId":"Hello","data":"{\\"a\\": 1}"}',
        (OK, said("UnknownVendorId", data=""), said("UnknownMessageId")),
    ),
    # --- Firmware management
    "UpdateFirmware": Case(
        {"location": "https://h.example/f.bin", "retrieveDate": "2026-03-01T10:00", "retries": "3"},
        '{"location":"https://h.example/f.bin","retries":3,"retrieveDate":"2026-03-01T03:00:00Z"}',
        (EMPTY, NULL, NOT_KNOWN, NOT_SUPPORTED),
    ),
    "GetDiagnostics": Case(
        {"location": "ftp://h.example/in/", "stopTime": "2026-03-01T10:00:01"},
        '{"location":"ftp://h.example/in/","stopTime":"2026-03-01T03:00:01Z"}',
        (EMPTY, ([3, {"fileName": "diag.zip"}], ("answered", "", "")), NOT_SUPPORTED),
    ),
    # --- Local list
    "GetLocalListVersion": Case(
        {}, "{}", (([3, {"listVersion": -1}], ("answered", "", "")), NOT_SUPPORTED)
    ),
    "SendLocalList": Case(
        {
            "updateType": "Full",
            "listVersion": "4",
            "localAuthorizationList.0.idTag": "TAG1",
            "localAuthorizationList.0.idTagInfo.status": "Accepted",
            "localAuthorizationList.0.idTagInfo.expiryDate": "2026-03-01T07:00",
            "localAuthorizationList.1.idTag": "TAG2",
        },
        '{"listVersion":4,"localAuthorizationList":[{"idTag":"TAG1","idTagInfo":'
        '{"expiryDate":"2026-03-01T00:00:00Z","status":"Accepted"}},{"idTag":"TAG2"}],'
        '"updateType":"Full"}',
        (OK, said("Failed"), said("VersionMismatch"), NOT_SUPPORTED),
    ),
    # --- Reservation
    "ReserveNow": Case(
        {
            "connectorId": "1",
            "expiryDate": "2026-03-01T12:15",
            "idTag": "TAG1",
            "parentIdTag": "FLEET",
            "reservationId": "9",
        },
        '{"connectorId":1,"expiryDate":"2026-03-01T05:15:00Z","idTag":"TAG1",'
        '"parentIdTag":"FLEET","reservationId":9}',
        (OK, said("Occupied"), said("Faulted"), said("Unavailable"), REJECTED, NOT_SUPPORTED),
    ),
    "CancelReservation": Case({"reservationId": "9"}, '{"reservationId":9}'),
    # --- Smart charging
    "SetChargingProfile": Case(
        {"connectorId": "0", **_profile("csChargingProfiles")},
        '{"connectorId":0,"csChargingProfiles":' + _PROFILE_WIRE + "}",
        (OK, REJECTED, said("NotSupported")),
    ),
    "ClearChargingProfile": Case(
        {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": "0"},
        '{"chargingProfilePurpose":"TxDefaultProfile","stackLevel":0}',
        (OK, said("Unknown")),
    ),
    "GetCompositeSchedule": Case(
        {"connectorId": "1", "duration": "3600", "chargingRateUnit": "W"},
        '{"connectorId":1,"duration":3600,"chargingRateUnit":"W"}',
        (REJECTED, said("Accepted", connectorId=1, chargingSchedule={"limit": -1})),
    ),
    # --- Remote trigger
    "TriggerMessage": Case(
        {"requestedMessage": "MeterValues", "connectorId": "1"},
        '{"requestedMessage":"MeterValues","connectorId":1}',
        (OK, REJECTED, said("NotImplemented"), NOT_SUPPORTED),
    ),
    # --- Security
    "ExtendedTriggerMessage": Case(
        {"requestedMessage": "SignChargePointCertificate"},
        '{"requestedMessage":"SignChargePointCertificate"}',
        (OK, REJECTED, NOT_KNOWN),
    ),
    "GetLog": Case(
        {
            "log.remoteLocation": "https://h.example/logs/",
            "log.oldestTimestamp": "2026-03-01T00:00",
            "logType": "SecurityLog",
            "requestId": "12",
        },
        '{"log":{"remoteLocation":"https://h.example/logs/",'
        '"oldestTimestamp":"2026-02-28T17:00:00Z"},"logType":"SecurityLog","requestId":12}',
        (said("Accepted", filename="s.log"), said("AcceptedCanceled"), REJECTED, NOT_KNOWN),
    ),
    "SignedUpdateFirmware": Case(
        {
            "requestId": "13",
            "firmware.location": "https://h.example/f.bin",
            "firmware.retrieveDateTime": "2026-03-01T10:00",
            "firmware.signingCertificate": PEM,
            "firmware.signature": "c2lnbmF0dXJl",
        },
        '{"requestId":13,"firmware":{"location":"https://h.example/f.bin",'
        '"retrieveDateTime":"2026-03-01T03:00:00Z","signingCertificate":"'
        + _PEM_JSON
        + '","signature":"c2lnbmF0dXJl"}}',
        (OK, said("InvalidCertificate"), NOT_KNOWN),
    ),
    "CertificateSigned": Case(
        {"certificateChain": PEM},
        '{"certificateChain":"' + _PEM_JSON + '"}',
        (OK, REJECTED, NOT_KNOWN),
    ),
    "InstallCertificate": Case(
        {"certificateType": "CentralSystemRootCertificate", "certificate": PEM},
        '{"certificateType":"CentralSystemRootCertificate","certificate":"' + _PEM_JSON + '"}',
        (OK, said("Failed"), BAD_PEM, FOUR_ELEMENTS),
    ),
    "GetInstalledCertificateIds": Case(
        {"certificateType": "ManufacturerRootCertificate"},
        '{"certificateType":"ManufacturerRootCertificate"}',
        (said("NotFound"), said("Accepted", certificateHashData=[{"serialNumber": "01"}])),
    ),
    "DeleteCertificate": Case(
        {
            "certificateHashData.hashAlgorithm": "SHA256",
            "certificateHashData.issuerNameHash": _HASH,
            "certificateHashData.issuerKeyHash": _HASH,
            "certificateHashData.serialNumber": "01AF",
        },
        '{"certificateHashData":{"hashAlgorithm":"SHA256","issuerNameHash":"'
        + _HASH
        + '","issuerKeyHash":"'
        + _HASH
        + '","serialNumber":"01AF"}}',
        (OK, said("NotFound"), said("Failed"), NOT_KNOWN),
    ),
}
