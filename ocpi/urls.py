"""Addresses of OCPI. A trailing slash is the same address: peers differ."""

from __future__ import annotations

from django.urls import URLPattern, path

from ocpi.addresses import VERSION, cpo_root, emsp_root
from ocpi.api import open_data
from ocpi.api.command_results import CommandResults
from ocpi.api.commands import Commands
from ocpi.api.cpo_lists import (
    Cdrs,
    ChargingPreferences,
    LocationDetail,
    Locations,
    Sessions,
    Tariffs,
)
from ocpi.api.credentials import Credentials
from ocpi.api.emsp_receivers import (
    ForeignCdrObject,
    ForeignCdrs,
    ForeignLocations,
    ForeignSessions,
    ForeignTariffs,
)
from ocpi.api.emsp_tokens import Authorize, OwnTokens
from ocpi.api.hub_clients import HubClientInfo
from ocpi.api.profiles import ChargingProfiles
from ocpi.api.tokens import TokenObject
from ocpi.api.versions import VersionDetails, Versions
from ocpi.api.view import NothingHere, OcpiView
from ocpi.objects.editions import VERSIONS

_OBJECT = "<str:country_code>/<str:party_id>/<str:ocpi_id>"


def _both(address: str, view: type[OcpiView], version: str = VERSION) -> list[URLPattern]:
    served = view.as_view(version=version)
    return [path(address, served), path(f"{address}/", served)]


_AS_CPO: list[tuple[str, type[OcpiView]]] = [
    ("", VersionDetails),
    ("/credentials", Credentials),
    ("/locations", Locations),
    ("/locations/<str:location_id>", LocationDetail),
    ("/locations/<str:location_id>/<str:evse_uid>", LocationDetail),
    ("/locations/<str:location_id>/<str:evse_uid>/<str:connector_id>", LocationDetail),
    ("/tariffs", Tariffs),
    ("/sessions", Sessions),
    ("/sessions/<str:session_id>/charging_preferences", ChargingPreferences),
    ("/cdrs", Cdrs),
    ("/tokens/<str:country_code>/<str:party_id>/<str:uid>", TokenObject),
    ("/commands/<str:command>", Commands),
    ("/hubclientinfo/<str:country_code>/<str:party_id>", HubClientInfo),
    ("/chargingprofiles/<str:session_id>", ChargingProfiles),
]
_AS_EMSP: list[tuple[str, type[OcpiView]]] = [
    (f"/locations/{_OBJECT}", ForeignLocations),
    (f"/locations/{_OBJECT}/<str:evse_uid>", ForeignLocations),
    (f"/locations/{_OBJECT}/<str:evse_uid>/<str:connector_id>", ForeignLocations),
    (f"/tariffs/{_OBJECT}", ForeignTariffs),
    (f"/sessions/{_OBJECT}", ForeignSessions),
    ("/cdrs", ForeignCdrs),
    ("/cdrs/<str:key>", ForeignCdrObject),
    ("/tokens", OwnTokens),
    ("/tokens/<str:uid>/authorize", Authorize),
    ("/commands/<str:command>/<str:key>", CommandResults),
]


def _of(version: str) -> list[URLPattern]:
    """Every module has the same addresses in each version."""
    sides = ((cpo_root(version), _AS_CPO), (emsp_root(version), _AS_EMSP))
    return [
        pattern
        for root, addresses in sides
        for below, view in addresses
        for pattern in _both(f"{root.lstrip('/')}{below}", view, version)
    ]


urlpatterns = [
    *_both("ocpi/versions", Versions),
    path("open-data/<str:party>/locations", open_data.locations, name="open_data"),
    *(pattern for version in VERSIONS for pattern in _of(version)),
    *_both("ocpi", NothingHere),
    path("ocpi/<path:rest>", NothingHere.as_view()),
]
