from __future__ import annotations

from django.urls import path

from chargers.api import commands

# An identity may hold slashes; they arrive decoded.
urlpatterns = [
    path("chargers/<path:charger_id>/commands", commands.charger_commands, name="api_commands"),
    path("commands/<uuid:command_id>", commands.CommandDetail.as_view(), name="api_command"),
]
