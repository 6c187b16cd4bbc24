"""Stop what is charging, and five common commands by simple names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.api.commands import find_charger, shown
from chargers.api.serializers import CommandQueued, CommandView, queued
from chargers.models import Charger, ChargingSession, Command, SessionStatus
from chargers.services.commands import queue_command
from chargers.services.configuration.changing import change_configuration
from chargers.services.firmware.asking import knows_signed_form
from cpo.access import Right, audit_name, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, validated
from cpo.models import Scope, User
from cpo.services.idempotency import Answer
from unievp.lib import clock
from unievp.lib.api.examples import example
from unievp.lib.api.problems import ProblemError
from unievp.lib.errors import ConflictError, DomainError, NotFoundError, RefusedError

_MOST_ID: Final = 2**31 - 1
_MOST_CONNECTORS: Final = 2**15 - 1


@example(transaction_id=1001)
class RemoteStopRequest(serializers.Serializer[Any]):
    """`transaction_id`, or where: `charger_id` and `connector_id`."""

    transaction_id = serializers.IntegerField(required=False, min_value=1, max_value=_MOST_ID)
    charger_id = serializers.CharField(required=False, max_length=255)
    connector_id = serializers.IntegerField(required=False, min_value=1, max_value=_MOST_CONNECTORS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "transaction_id" in attrs:
            return attrs
        for name in ("charger_id", "connector_id"):
            if name not in attrs:
                raise serializers.ValidationError(
                    {name: _("Give transaction_id, or charger_id and connector_id.")}
                )
        return attrs


class RemoteStops(Endpoint):
    scopes: ClassVar = {"POST": Scope.COMMANDS_WRITE}
    rights: ClassVar = {"POST": Right.OPERATE}
    drivers: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="client_remote_stop",
        request=RemoteStopRequest,
        responses={202: CommandQueued},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Ask a charger to stop a session; it ends when the charger says that it has.

        409 when nothing runs there, or the session is over.
        """
        values = validated(RemoteStopRequest(data=request.data))
        session = self._session(values)
        self.require(session.cpo)

        def write() -> Answer:
            if session.status == SessionStatus.ENDED:
                raise ConflictError(_("This session has ended."), code="session_ended")
            command = queue_command(
                session.charger,
                action="RemoteStopTransaction",
                payload={"transactionId": session.transaction_id},
                actor=audit_name(self.actor),
            )
            return Answer(202, queued(command))

        return self.once(request, write)

    def _session(self, values: dict[str, Any]) -> ChargingSession:
        rows = visible(self.actor, ChargingSession.objects.select_related("charger", "cpo"))
        if "charger_id" in values:
            charger = find_charger(self.actor, values["charger_id"], field="charger_id")
            rows = rows.filter(charger=charger)
        if "connector_id" in values:
            rows = rows.filter(connector__number=values["connector_id"])
        if "transaction_id" in values:
            session = rows.filter(transaction_id=values["transaction_id"]).first()
            if session is None:
                raise NotFoundError(_("There is no such session."), field="transaction_id")
            return session
        session = rows.filter(status=SessionStatus.ACTIVE).order_by("-started_at").first()
        if session is None:
            if not charger.connectors.filter(number=values["connector_id"]).exists():
                raise NotFoundError(_("This charger has no such connector."), field="connector_id")
            raise ConflictError(_("Nothing is charging there."), code="no_session")
        return session


# --- POST /api/evse/command -------------------------------------------------------------------


@example(charger_id="SIM-0001", command="REBOOT", parameters={"type": "Soft"})
class EvseRequest(serializers.Serializer[Any]):
    charger_id = serializers.CharField(max_length=255)
    connector_id = serializers.IntegerField(required=False, min_value=0, max_value=_MOST_CONNECTORS)
    command = serializers.ChoiceField(
        choices=["REBOOT", "UNLOCK", "LOCK", "UPDATE_FIRMWARE", "UPDATE_CONFIG"]
    )
    parameters = serializers.DictField(
        required=False,
        help_text=(
            "REBOOT: type (Soft, Hard). UPDATE_FIRMWARE: location, retrieve_date, retries,"
            " retry_interval, and for a signed file signing_certificate and signature."
            " UPDATE_CONFIG: key, value. The others have none."
        ),
    )


class RebootParameters(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["Soft", "Hard"], default="Soft")


class FirmwareParameters(serializers.Serializer[Any]):
    location = serializers.RegexField(
        r"\A(?:https?|s?ftps?)://\S+\Z",
        max_length=512,
        error_messages={"invalid": "An address with http, https, ftp or sftp."},
    )
    retrieve_date = serializers.DateTimeField(required=False, help_text="Absent: now.")
    retries = serializers.IntegerField(required=False, min_value=0, max_value=100)
    retry_interval = serializers.IntegerField(required=False, min_value=0, max_value=86_400)
    signing_certificate = serializers.CharField(required=False, max_length=5500)
    signature = serializers.CharField(required=False, max_length=800)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name, other in (
            ("signature", "signing_certificate"),
            ("signing_certificate", "signature"),
        ):
            if other in attrs and name not in attrs:
                raise serializers.ValidationError({name: _("A signed file needs both.")})
        return attrs


class ConfigParameters(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=50)
    value = serializers.CharField(
        max_length=500, allow_blank=True, trim_whitespace=False, help_text="As OCPP has it: text."
    )


class EvseCommands(Endpoint):
    scopes: ClassVar = {"POST": Scope.COMMANDS_WRITE}
    rights: ClassVar = {"POST": Right.OPERATE}

    @extend_schema(
        operation_id="evse_command",
        request=EvseRequest,
        responses={202: CommandView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Restart, unlock, take out of service, update firmware or change one setting."""
        values = validated(EvseRequest(data=request.data))
        charger = find_charger(self.actor, values["charger_id"], field="charger_id")
        self.require(charger.cpo)
        make = _COMMANDS[values["command"]]
        connector, parameters = values.get("connector_id"), values.get("parameters", {})

        def write() -> Answer:
            command = make(charger, connector, parameters, audit_name(self.actor))
            return Answer(202, shown(command))

        return self.once(request, write)


def _reboot(charger: Charger, _number: int | None, parameters: Any, actor: User | str) -> Command:
    payload = {"type": _read(RebootParameters, parameters)["type"]}
    return queue_command(charger, action="Reset", payload=payload, actor=actor)


def _unlock(charger: Charger, number: int | None, parameters: Any, actor: User | str) -> Command:
    _read(serializers.Serializer, parameters)
    numbers = list(charger.connectors.order_by("number").values_list("number", flat=True))
    if number is None and len(numbers) == 1:
        number = numbers[0]
    if number is None or number == 0:
        raise RefusedError(_("Say which connector to unlock."), field="connector_id")
    _check_connector(charger, number)
    payload = {"connectorId": number}
    return queue_command(charger, action="UnlockConnector", payload=payload, actor=actor)


def _lock(charger: Charger, number: int | None, parameters: Any, actor: User | str) -> Command:
    _read(serializers.Serializer, parameters)
    _check_connector(charger, number or 0)
    payload = {"connectorId": number or 0, "type": "Inoperative"}
    return queue_command(charger, action="ChangeAvailability", payload=payload, actor=actor)


def _update_firmware(
    charger: Charger, _number: int | None, parameters: Any, actor: User | str
) -> Command:
    values = _read(FirmwareParameters, parameters)
    now = clock.now()
    moment = clock.isoformat_z(values.get("retrieve_date") or now)
    common = {
        name: values[key]
        for name, key in (("retries", "retries"), ("retryInterval", "retry_interval"))
        if key in values
    }
    if "signature" in values and knows_signed_form(charger) is not False:
        firmware = {
            "location": values["location"],
            "retrieveDateTime": moment,
            "signingCertificate": values["signing_certificate"],
            "signature": values["signature"],
        }
        payload = {"requestId": int(now.timestamp()), "firmware": firmware, **common}
        return queue_command(charger, action="SignedUpdateFirmware", payload=payload, actor=actor)
    payload = {"location": values["location"], "retrieveDate": moment, **common}
    return queue_command(charger, action="UpdateFirmware", payload=payload, actor=actor)


def _update_config(
    charger: Charger, _number: int | None, parameters: Any, actor: User | str
) -> Command:
    values = _read(ConfigParameters, parameters)
    try:
        return change_configuration(charger, key=values["key"], value=values["value"], actor=actor)
    except DomainError as error:
        if error.field in values:
            raise ProblemError(422, {f"parameters.{error.field}": [str(error)]}) from None
        raise


_COMMANDS: Mapping[str, Callable[[Charger, int | None, Any, User | str], Command]] = (
    MappingProxyType(
        {
            "REBOOT": _reboot,
            "UNLOCK": _unlock,
            "LOCK": _lock,
            "UPDATE_FIRMWARE": _update_firmware,
            "UPDATE_CONFIG": _update_config,
        }
    )
)


def _read(kind: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters, or a 400 that names each wrong one as `parameters.name`."""
    serializer = kind(data=parameters)
    unknown = sorted(set(parameters) - set(serializer.fields))
    if unknown:
        raise ProblemError(400, {f"parameters.{name}": [_("Not known here.")] for name in unknown})
    if not serializer.is_valid():
        raise serializers.ValidationError({"parameters": serializer.errors})
    values: dict[str, Any] = serializer.validated_data
    return values


def _check_connector(charger: Charger, number: int) -> None:
    if number and not charger.connectors.filter(number=number).exists():
        raise NotFoundError(_("This charger has no such connector."), field="connector_id")
