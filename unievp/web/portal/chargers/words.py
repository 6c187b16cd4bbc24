"""What each OCPP operation is called by people who do not know OCPP."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chargers.models import Command, CommandStatus

COMMAND_WORDS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        "CancelReservation": _("Cancel a reservation"),
        "CertificateSigned": _("Install its signed certificate"),
        "ChangeAvailability": _("In or out of service"),
        "ChangeConfiguration": _("Change a setting"),
        "ClearCache": _("Forget remembered id tags"),
        "ClearChargingProfile": _("Remove power limits"),
        "DataTransfer": _("Message of the vendor's own"),
        "DeleteCertificate": _("Delete a certificate"),
        "ExtendedTriggerMessage": _("Ask for a message"),
        "GetCompositeSchedule": _("Ask for the power plan"),
        "GetConfiguration": _("Read the configuration"),
        "GetDiagnostics": _("Fetch diagnostics"),
        "GetInstalledCertificateIds": _("List certificates"),
        "GetLocalListVersion": _("Ask for its list of id tags"),
        "GetLog": _("Fetch a log"),
        "InstallCertificate": _("Install a certificate"),
        "RemoteStartTransaction": _("Start charging"),
        "RemoteStopTransaction": _("Stop charging"),
        "ReserveNow": _("Reserve"),
        "Reset": _("Restart"),
        "SendLocalList": _("Send the list of id tags"),
        "SetChargingProfile": _("Limit the power"),
        "SignedUpdateFirmware": _("Update the firmware"),
        "TriggerMessage": _("Ask for a message"),
        "UnlockConnector": _("Unlock a connector"),
        "UpdateFirmware": _("Update the firmware"),
    }
)
# OCPP 1.6 answers that mean "done" or "being done".
_GOOD: Final = frozenset({"Accepted", "Unlocked", "RebootRequired", "Scheduled"})
_OPEN: Final = frozenset({CommandStatus.QUEUED, CommandStatus.SENT})


def command_word(action: str) -> str:
    """`action` in plain words; itself where there are none."""
    return str(COMMAND_WORDS.get(action, action))


def answer_colour(command: Command) -> str:
    """Tabler's colour for how the command stands."""
    if command.status in _OPEN:
        return "blue"
    if command.status != CommandStatus.ANSWERED:
        return "red"
    return "green" if command.response_status in {"", *_GOOD} else "yellow"
