from __future__ import annotations

from django.urls import path

from chargers.api import chargers, commands, evse, sessions, tariffs

# An identity may hold slashes; they arrive decoded.
urlpatterns = [
    path("chargers/<path:charger_id>/commands", commands.charger_commands, name="api_commands"),
    path(
        "chargers/<path:charger_id>/status",
        chargers.ChargerForcedStatus.as_view(),
        name="api_charger_status",
    ),
    path("chargers", chargers.Chargers.as_view(), name="api_chargers"),
    path("chargers/<path:charger_id>", chargers.ChargerDetail.as_view(), name="api_charger"),
    path("sessions", sessions.Sessions.as_view(), name="api_sessions"),
    path("sessions/<int:session_id>", sessions.SessionDetail.as_view(), name="api_session"),
    path(
        "sessions/<int:session_id>/readings",
        sessions.SessionReadings.as_view(),
        name="api_session_readings",
    ),
    path("client/remote-stop", evse.RemoteStops.as_view(), name="api_remote_stop"),
    path("evse/command", evse.EvseCommands.as_view(), name="api_evse_command"),
    path("commands/<uuid:command_id>", commands.CommandDetail.as_view(), name="api_command"),
    path("tariffs/assign", tariffs.AssignTariff.as_view(), name="api_tariff_assign"),
    path("tariffs/assignments", tariffs.Assignments.as_view(), name="api_tariff_assignments"),
    path(
        "tariffs/assignments/<int:assignment_id>",
        tariffs.AssignmentDetail.as_view(),
        name="api_tariff_assignment",
    ),
    path("tariffs/defaults", tariffs.Defaults.as_view(), name="api_tariff_defaults"),
    path(
        "tariffs/defaults/<int:default_id>",
        tariffs.DefaultDetail.as_view(),
        name="api_tariff_default",
    ),
    path(
        "tariffs/templates/<int:template_id>/comparison",
        tariffs.TemplateComparison.as_view(),
        name="api_tariff_comparison",
    ),
]
