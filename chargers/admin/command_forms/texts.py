"""Names and explanations of OCPP's fields in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class FieldText(NamedTuple):
    label: Text
    help: Text = ""


# By the field's name, or "Action.field" where one action means something else by it.
FIELDS: Mapping[str, FieldText] = MappingProxyType(
    {
        "certificate": FieldText(_("Certificate"), _("PEM, from -----BEGIN to END-----.")),
        "certificateChain": FieldText(
            _("Certificates"), _("PEM: the charger's own first, then those that signed it.")
        ),
        "certificateType": FieldText(
            _("Kind of certificate"),
            _("Central system: for the connection to us. Manufacturer: for firmware."),
        ),
        "chargingProfileId": FieldText(
            _("Profile number"), _("A profile with the same number is replaced.")
        ),
        "chargingProfileKind": FieldText(
            _("Kind"),
            _("Absolute: from a time. Recurring: each day or week. Relative: from the start."),
        ),
        "chargingProfilePurpose": FieldText(
            _("Purpose"),
            _("The whole charger (connector 0), the default of new sessions, or one session."),
        ),
        "chargingRateUnit": FieldText(
            _("Unit"), _("A: ampere per phase. W: watts of all phases together.")
        ),
        "connectorId": FieldText(
            _("Connector"), _("From 1; 0 is the whole charger where the command allows it.")
        ),
        "data": FieldText(_("Data"), _("Any text; its meaning is the vendor's.")),
        "duration": FieldText(_("Duration"), _("In seconds.")),
        "expiryDate": FieldText(_("Valid until"), _("Empty: without end.")),
        "ReserveNow.expiryDate": FieldText(_("Until"), _("Then the reservation ends by itself.")),
        "hashAlgorithm": FieldText(
            _("Hash"), _("The one in the charger's own list of certificates.")
        ),
        "id": FieldText(
            _("Profile number"), _("Given: only this profile, other fields are ignored.")
        ),
        "idTag": FieldText(_("Token"), _("At most 20 characters.")),
        "installDateTime": FieldText(_("Install at"), _("Empty: as soon as it is there.")),
        "issuerKeyHash": FieldText(_("Hash of the issuer's key")),
        "issuerNameHash": FieldText(_("Hash of the issuer's name")),
        "key": FieldText(_("Key"), _("At most 50 characters.")),
        "GetConfiguration.key": FieldText(_("Keys"), _("One per line; empty: all of them.")),
        "latestTimestamp": FieldText(_("Entries until"), _("Empty: up to now.")),
        "limit": FieldText(_("Limit"), _("One decimal at most.")),
        "listVersion": FieldText(
            _("Version of the list"), _("Higher than the charger's present one; never 0 or -1.")
        ),
        "location": FieldText(_("Address"), _("ftp, sftp, http or https, with path.")),
        "logType": FieldText(_("Which log")),
        "messageId": FieldText(_("Message"), _("The vendor's name of the message.")),
        "minChargingRate": FieldText(
            _("Lowest useful rate"), _("Below it the car cannot charge; in the same unit.")
        ),
        "numberPhases": FieldText(_("Phases"), _("Empty: 3.")),
        "oldestTimestamp": FieldText(_("Entries from"), _("Empty: from the beginning.")),
        "parentIdTag": FieldText(
            _("Group"), _("Tokens of one group may stop each other's sessions.")
        ),
        "recurrencyKind": FieldText(_("Repeats"), _("For the kind Recurring only.")),
        "remoteLocation": FieldText(_("Upload to"), _("ftp, sftp, http or https, with path.")),
        "requestId": FieldText(_("Request number"), _("Comes back in the status messages.")),
        "requestedMessage": FieldText(_("Message")),
        "reservationId": FieldText(
            _("Reservation number"), _("The same number again replaces it.")
        ),
        "retries": FieldText(_("Attempts"), _("Empty: the charger decides.")),
        "retrieveDate": FieldText(_("Fetch at"), _("Not before this time.")),
        "retrieveDateTime": FieldText(_("Fetch at"), _("Not before this time.")),
        "retryInterval": FieldText(_("Pause between attempts"), _("In seconds.")),
        "serialNumber": FieldText(_("Serial number"), _("Hexadecimal.")),
        "signature": FieldText(_("Signature"), _("Of the firmware file, base64.")),
        "signingCertificate": FieldText(
            _("Signing certificate"), _("PEM; the manufacturer's root must be installed.")
        ),
        "stackLevel": FieldText(
            _("Stack level"), _("Of the profiles with one purpose the highest level wins.")
        ),
        "startPeriod": FieldText(_("From second"), _("0 for the first one.")),
        "startSchedule": FieldText(_("Begins"), _("Empty for the kind Relative.")),
        "startTime": FieldText(_("Entries from"), _("Empty: from the beginning.")),
        "status": FieldText(_("Status"), _("Empty: the token is deleted from the list.")),
        "stopTime": FieldText(_("Entries until"), _("Empty: up to now.")),
        "transactionId": FieldText(_("Session"), _("The number of the running session.")),
        "type": FieldText(_("Kind"), _("Soft: ends sessions first. Hard: at once.")),
        "ChangeAvailability.type": FieldText(_("Service"), _("Operative: in. Inoperative: out.")),
        "updateType": FieldText(
            _("Kind of update"), _("Full: this list replaces the old one. Differential: changes.")
        ),
        "validFrom": FieldText(_("Valid from"), _("Empty: at once.")),
        "validTo": FieldText(_("Valid until"), _("Empty: without end.")),
        "value": FieldText(_("Value"), _("An empty value is a value, too.")),
        "vendorId": FieldText(_("Vendor"), _("Often the vendor's domain in reverse.")),
    }
)

# Objects and lists inside a request.
SECTIONS: Mapping[str, FieldText] = MappingProxyType(
    {
        "certificateHashData": FieldText(
            _("Which certificate"), _("As the charger names it in its list of certificates.")
        ),
        "chargingProfile": FieldText(_("Charging profile"), _("Leave it empty to start without.")),
        "chargingSchedule": FieldText(_("Schedule")),
        "chargingSchedulePeriod": FieldText(
            _("Periods"), _("Each holds until the next begins. Empty lines are left out.")
        ),
        "csChargingProfiles": FieldText(_("Profile")),
        "firmware": FieldText(_("Firmware")),
        "localAuthorizationList": FieldText(_("Tokens"), _("Empty lines are left out.")),
        "log": FieldText(_("Log")),
    }
)

# What a schema forbids (`chargers.ocpp.schemas.Fault.text`) in the reader's language.
FAULTS: Mapping[str, Text] = MappingProxyType(
    {
        "is missing": _("This is needed."),
        "has fields that are not known": _("There are fields that OCPP does not know."),
        "is not one of the known words": _("This is not one of the known words."),
        "is too long": _("This is too long."),
        "has too few items": _("This has too few items."),
        "has too many items": _("This has too many items."),
        "has too many decimals": _("One decimal at most."),
        "is too small": _("This is too small."),
        "is too large": _("This is too large."),
    }
)


def text_of(action: str, name: str) -> FieldText:
    return FIELDS.get(f"{action}.{name}") or FIELDS.get(name) or FieldText(name)
