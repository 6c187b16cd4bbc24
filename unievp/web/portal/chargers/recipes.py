"""Where address, id and password are entered, by make. Menus differ a little by firmware."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Recipe(NamedTuple):
    make: str | Promise
    steps: tuple[Promise, ...]


RECIPES: Final = (
    Recipe(
        _("Most chargers"),
        (
            _("Open the charger's own page or installer's app and look for OCPP or backend."),
            _("Choose OCPP 1.6 JSON (1.6J)."),
            _("Enter the address. If it asks for one address only, enter address and id together."),
            _("Enter the charger id, and the password as “authorization key” or “password”."),
            _("Save and restart the charger."),
        ),
    ),
    Recipe(
        "ABB Terra AC",
        (
            _("In TerraConfig choose OCPP as the way it is managed."),
            _("Enter the address as a custom backend; the charger adds its id by itself."),
            _("Its charger id is the serial number on the type plate."),
        ),
    ),
    Recipe(
        "Alfen Eve",
        (
            _("In ACE Service Installer open Connectivity, Management system: General OCPP 1.6."),
            _("Enter the host of the address as server, the rest of it as path."),
            _("Its charger id is the object id (ACE …)."),
        ),
    ),
    Recipe(
        "Autel MaxiCharger",
        (
            _("In the Autel Config app choose OCPP and a private server."),
            _("Enter the address; the id is the serial number."),
        ),
    ),
    Recipe(
        "Schneider EVlink",
        (
            _("On the commissioning page or in eSetup choose remote supervision by OCPP 1.6J."),
            _("Enter the address and the charger id, then restart it."),
        ),
    ),
    Recipe(
        "Wallbox",
        (
            _("In the myWallbox portal open the charger, OCPP settings."),
            _("Enter address, charge point identity and password, and switch OCPP on."),
        ),
    ),
)
