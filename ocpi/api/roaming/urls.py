from __future__ import annotations

from django.urls import path

from ocpi.api.roaming import commands, contracts, locations, sessions

urlpatterns = [
    path("roaming/locations", locations.RoamingLocations.as_view(), name="api_roaming_locations"),
    path(
        "roaming/locations/<int:roaming_location_id>",
        locations.RoamingLocation.as_view(),
        name="api_roaming_location",
    ),
    path("roaming/start", commands.RoamingStart.as_view(), name="api_roaming_start"),
    path("roaming/stop", commands.RoamingStop.as_view(), name="api_roaming_stop"),
    path("roaming/reserve", commands.RoamingReserve.as_view(), name="api_roaming_reserve"),
    path(
        "roaming/cancel-reservation",
        commands.RoamingCancelReservation.as_view(),
        name="api_roaming_cancel_reservation",
    ),
    path("roaming/unlock", commands.RoamingUnlock.as_view(), name="api_roaming_unlock"),
    path(
        "roaming/commands/<uuid:roaming_command_id>",
        commands.RoamingCommand.as_view(),
        name="api_roaming_command",
    ),
    path("roaming/contracts", contracts.RoamingContracts.as_view(), name="api_roaming_contracts"),
    path("roaming/sessions", sessions.RoamingSessions.as_view(), name="api_roaming_sessions"),
    path(
        "roaming/sessions/<int:roaming_session_id>",
        sessions.RoamingSession.as_view(),
        name="api_roaming_session",
    ),
]
