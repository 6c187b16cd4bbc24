"""Addresses of OCPI. A trailing slash is the same address: peers differ."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views import View

from ocpi.addresses import CPO_ROOT, EMSP_ROOT
from ocpi.api import open_data
from ocpi.api.command_results import CommandResults
from ocpi.api.commands import Commands
from ocpi.api.cpo_lists import Cdrs, LocationDetail, Locations, Sessions, Tariffs
from ocpi.api.credentials import Credentials
from ocpi.api.emsp_receivers import (
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
from ocpi.api.view import NothingHere

_CPO = CPO_ROOT.lstrip("/")
_EMSP = EMSP_ROOT.lstrip("/")
_OBJECT = "<str:country_code>/<str:party_id>/<str:ocpi_id>"


def _both(address: str, view: type[View]) -> list[URLPattern]:
    return [path(address, view.as_view()), path(f"{address}/", view.as_view())]


urlpatterns = [
    *_both("ocpi/versions", Versions),
    *_both(_CPO, VersionDetails),
    *_both(f"{_CPO}/credentials", Credentials),
    *_both(f"{_CPO}/locations", Locations),
    *_both(f"{_CPO}/locations/<str:location_id>", LocationDetail),
    *_both(f"{_CPO}/locations/<str:location_id>/<str:evse_uid>", LocationDetail),
    *_both(f"{_CPO}/locations/<str:location_id>/<str:evse_uid>/<str:connector_id>", LocationDetail),
    *_both(f"{_CPO}/tariffs", Tariffs),
    *_both(f"{_CPO}/sessions", Sessions),
    *_both(f"{_CPO}/cdrs", Cdrs),
    *_both(f"{_CPO}/tokens/<str:country_code>/<str:party_id>/<str:uid>", TokenObject),
    *_both(f"{_CPO}/commands/<str:command>", Commands),
    *_both(f"{_CPO}/hubclientinfo/<str:country_code>/<str:party_id>", HubClientInfo),
    *_both(f"{_CPO}/chargingprofiles/<str:session_id>", ChargingProfiles),
    *_both(f"{_EMSP}/locations/{_OBJECT}", ForeignLocations),
    *_both(f"{_EMSP}/locations/{_OBJECT}/<str:evse_uid>", ForeignLocations),
    *_both(f"{_EMSP}/locations/{_OBJECT}/<str:evse_uid>/<str:connector_id>", ForeignLocations),
    *_both(f"{_EMSP}/tariffs/{_OBJECT}", ForeignTariffs),
    *_both(f"{_EMSP}/sessions/{_OBJECT}", ForeignSessions),
    *_both(f"{_EMSP}/cdrs", ForeignCdrs),
    *_both(f"{_EMSP}/cdrs/<str:key>", ForeignCdrs),
    *_both(f"{_EMSP}/tokens", OwnTokens),
    *_both(f"{_EMSP}/tokens/<str:uid>/authorize", Authorize),
    *_both(f"{_EMSP}/commands/<str:command>/<str:key>", CommandResults),
    path("open-data/<str:party>/locations", open_data.locations, name="open_data"),
    *_both("ocpi", NothingHere),
    path("ocpi/<path:rest>", NothingHere.as_view()),
]
