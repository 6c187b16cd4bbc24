"""Commands to other companies' chargers as the API takes and shows them."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from ocpi.models import CommandType, SentCommand, SentStatus
from ocpi.selectors.abroad import session_of_start
from unievp.lib.api.examples import example

_MOST_ID: Final = 2**63 - 1
_DRIVER: Final = "8c9f2f6e-5d0e-4f0c-9c1b-1f8f3f0f7a11"


class PlaceRequest(serializers.Serializer[Any]):
    roaming_location_id = serializers.IntegerField(min_value=1, max_value=_MOST_ID)
    evse_uid = serializers.CharField(max_length=36, help_text="As the location's EVSEs have it.")
    connector_id = serializers.CharField(
        required=False, max_length=36, help_text="Absent: the EVSE's only one."
    )


class ForDriver(serializers.Serializer[Any]):
    driver_id = serializers.UUIDField(
        required=False, help_text="Whose charge it is; drivers leave it out."
    )


@example(roaming_location_id=1, evse_uid="E12", driver_id=_DRIVER)
class RoamingStartRequest(PlaceRequest, ForDriver):
    pass


@example(roaming_session_id=1)
class RoamingStopRequest(serializers.Serializer[Any]):
    roaming_session_id = serializers.IntegerField(min_value=1, max_value=_MOST_ID)


@example(roaming_location_id=1, evse_uid="E12", minutes=30, driver_id=_DRIVER)
class RoamingReserveRequest(PlaceRequest, ForDriver):
    minutes = serializers.IntegerField(min_value=1, max_value=24 * 60)


@example(roaming_command_id="3f0a5d3e-2f52-4a55-8f0f-7f3f2d9d1c22")
class CancelReservationRequest(serializers.Serializer[Any]):
    roaming_command_id = serializers.UUIDField(help_text="The command that reserved.")


@example(roaming_location_id=1, evse_uid="E12")
class RoamingUnlockRequest(PlaceRequest):
    pass


class SentCommandView(serializers.Serializer[SentCommand]):
    """`status` queued, sent and accepted are on their way; the others are the end, but a result
    that comes late still counts after timed_out.
    """

    id = serializers.UUIDField()
    command = serializers.ChoiceField(choices=CommandType.choices, source="type")
    status = serializers.ChoiceField(choices=SentStatus.choices)
    result = serializers.CharField(help_text="The other company's word, as OCPI has it.")
    message = serializers.CharField()
    driver_id = serializers.UUIDField(allow_null=True)
    evse_uid = serializers.CharField()
    connector_id = serializers.CharField()
    reserved_until = serializers.DateTimeField(source="expires_at", allow_null=True)
    created_at = serializers.DateTimeField()
    deadline_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    roaming_session_id = serializers.SerializerMethodField(
        help_text="The session that a start led to, once it is known."
    )

    def get_roaming_session_id(self, command: SentCommand) -> int | None:
        return session_of_start(command)
