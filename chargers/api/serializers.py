"""Commands as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chargers.models import Command, CommandStatus
from chargers.selectors.commands import shown_payload
from unievp.lib.api.examples import example

LONGEST_WAIT_S = 120


@example(action="GetConfiguration", payload={"key": ["HeartbeatInterval"]}, wait=0)
class CommandRequest(serializers.Serializer[Any]):
    """An operation of OCPP 1.6 to ask of a charger."""

    action = serializers.CharField(
        max_length=64, help_text="One of the 26 operations a central system can send."
    )
    payload = serializers.DictField(
        required=False, help_text="As OCPP 1.6 defines the request; its own words and times."
    )
    wait = serializers.IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=LONGEST_WAIT_S,
        help_text="Seconds to wait for the charger's answer before answering 202.",
    )
    insist = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Send it although OCPP's schema or the list of operations forbids it.",
    )


class CommandView(serializers.Serializer[Command]):
    """A command's state; `response` is the charger's own answer, as it came."""

    id = serializers.UUIDField()
    command_id = serializers.UUIDField(source="id", help_text="The same as `id`.")
    charger_id = serializers.CharField(source="charger.identity")
    action = serializers.CharField()
    status = serializers.ChoiceField(choices=CommandStatus.choices)
    request = serializers.SerializerMethodField()
    response = serializers.JSONField(help_text="Any JSON; null: none yet.")
    response_status = serializers.CharField(
        help_text="The `status` in the charger's answer; empty where it has none."
    )
    error = serializers.CharField(help_text="The charger's error, or why it was not asked.")
    requested_by = serializers.CharField(source="requested_label")
    created_at = serializers.DateTimeField()
    deadline_at = serializers.DateTimeField(help_text="Never sent after this time.")
    sent_at = serializers.DateTimeField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    latency_ms = serializers.SerializerMethodField()

    def get_request(self, command: Command) -> dict[str, Any]:
        return shown_payload(command)

    def get_latency_ms(self, command: Command) -> int | None:
        if command.sent_at is None or command.answered_at is None:
            return None
        return round((command.answered_at - command.sent_at).total_seconds() * 1000)


class CommandQueued(serializers.Serializer[Any]):
    """It waits for its charger; `GET /api/commands/{command_id}` tells what became of it."""

    command_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=CommandStatus.choices)


def queued(command: Command) -> dict[str, Any]:
    """JSON-ready."""
    data: dict[str, Any] = dict(
        CommandQueued({"command_id": command.pk, "status": command.status}).data
    )
    return data
