"""The 26 operations that can be asked of a charger, in plain words, by feature profile."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

# What `chargers.ocpp.profiles` calls them, for the catalogues.
PROFILE_NAMES = (
    gettext_noop("Core"),
    gettext_noop("Firmware management"),
    gettext_noop("Local list"),
    gettext_noop("Reservation"),
    gettext_noop("Smart charging"),
    gettext_noop("Remote trigger"),
    gettext_noop("Security"),
)


class CommandKind(NamedTuple):
    icon: str
    title: str | Promise
    help: str | Promise
    # Charging stops, the charger goes away, or what it does changes for good.
    careful: bool = False


COMMANDS: Mapping[str, CommandKind] = MappingProxyType(
    {
        "RemoteStartTransaction": CommandKind(
            "play_circle", _("Start charging"), _("As if the driver had presented the token.")
        ),
        "RemoteStopTransaction": CommandKind(
            "stop_circle", _("Stop charging"), _("Ends the running session."), careful=True
        ),
        "Reset": CommandKind(
            "restart_alt",
            _("Restart"),
            _("Soft: ends sessions properly first. Hard: like pulling the plug."),
            careful=True,
        ),
        "ChangeAvailability": CommandKind(
            "toggle_on",
            _("Put in or out of service"),
            _("Connector 0 is the whole charger. While it charges, the charger schedules it."),
        ),
        "UnlockConnector": CommandKind(
            "lock_open", _("Unlock the plug"), _("For a cable that is stuck."), careful=True
        ),
        "GetConfiguration": CommandKind(
            "tune", _("Read configuration"), _("No key: all of them. One key per line.")
        ),
        "ChangeConfiguration": CommandKind(
            "edit_note", _("Change configuration"), _("Some keys work only after a restart.")
        ),
        "ClearCache": CommandKind(
            "delete_sweep",
            _("Clear the token cache"),
            _("The charger asks us again for each token."),
        ),
        "DataTransfer": CommandKind(
            "swap_horiz", _("Vendor message"), _("What the vendor has defined beyond OCPP.")
        ),
        "UpdateFirmware": CommandKind(
            "system_update_alt",
            _("Update firmware"),
            _("The charger fetches the file, installs it and restarts."),
            careful=True,
        ),
        "GetDiagnostics": CommandKind(
            "troubleshoot", _("Fetch diagnostics"), _("The charger uploads a file to this address.")
        ),
        "GetLocalListVersion": CommandKind(
            "fact_check",
            _("Ask for the local list's version"),
            _("0: the list is empty. -1: the charger has no list."),
        ),
        "SendLocalList": CommandKind(
            "playlist_add_check",
            _("Send the local list"),
            _("Tokens that the charger accepts by itself while it is offline."),
        ),
        "ReserveNow": CommandKind(
            "event_available", _("Reserve"), _("Keeps a connector free for one token until a time.")
        ),
        "CancelReservation": CommandKind(
            "event_busy", _("Cancel a reservation"), _("Frees the connector again.")
        ),
        "SetChargingProfile": CommandKind(
            "show_chart", _("Set a charging profile"), _("Limits current or power over time.")
        ),
        "ClearChargingProfile": CommandKind(
            "layers_clear",
            _("Clear charging profiles"),
            _("Empty fields match everything: with none filled in, all profiles go."),
            careful=True,
        ),
        "GetCompositeSchedule": CommandKind(
            "stacked_line_chart",
            _("Ask for the schedule in force"),
            _("What all profiles together allow from now on."),
        ),
        "TriggerMessage": CommandKind(
            "campaign", _("Ask for a message"), _("The charger sends the message now.")
        ),
        "ExtendedTriggerMessage": CommandKind(
            "notification_add",
            _("Ask for a message (security extension)"),
            _("Also log status and a new certificate request."),
        ),
        "GetLog": CommandKind(
            "receipt_long", _("Fetch a log"), _("The charger uploads the log to this address.")
        ),
        "SignedUpdateFirmware": CommandKind(
            "verified_user",
            _("Update firmware (signed)"),
            _("The charger checks certificate and signature before it installs."),
            careful=True,
        ),
        "CertificateSigned": CommandKind(
            "workspace_premium",
            _("Deliver the charger's certificate"),
            _("The signed answer to its certificate request."),
        ),
        "InstallCertificate": CommandKind(
            "add_moderator", _("Install a root certificate"), _("Whom the charger trusts from now.")
        ),
        "GetInstalledCertificateIds": CommandKind(
            "policy", _("List root certificates"), _("The ids are needed to delete one.")
        ),
        "DeleteCertificate": CommandKind(
            "gpp_bad",
            _("Delete a root certificate"),
            _("Without our root certificate the charger no longer finds back to us."),
            careful=True,
        ),
    }
)
