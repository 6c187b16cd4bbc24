"""Commands to chargers: queue one, wait for the charger's own answer, look at one later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.api.serializers import CommandRequest, CommandView
from chargers.live import command_group
from chargers.models import Charger, Command, CommandStatus
from chargers.ocpp.schemas import ACTIONS_OUT, request_faults
from chargers.services.commands import queue_command
from chargers.services.payloads import check_payload
from chargers.services.reservations import using
from cpo.access import Actor, Right, audit_name, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, validated
from cpo.models import Scope
from cpo.services.idempotency import Answer
from unievp.lib.api.problems import ProblemError
from unievp.lib.api.waiting import wait_for
from unievp.lib.db import in_db
from unievp.lib.errors import NotFoundError

_OPEN = frozenset({CommandStatus.QUEUED, CommandStatus.SENT})


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the caller of a queued command wants to wait for."""

    command_id: UUID
    seconds: int


class ChargerCommands(Endpoint):
    scopes: ClassVar = {"POST": Scope.COMMANDS_WRITE}
    rights: ClassVar = {"POST": Right.OPERATE}

    @extend_schema(
        operation_id="command_send",
        request=CommandRequest,
        responses={200: CommandView, 202: CommandView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, charger_id: str) -> Response:
        """Queue a command. With `wait`, 200 and the charger's answer; 202 while it has none.

        A charger that is offline gets the command if it comes back before `deadline_at`; until
        then the status is `queued`. An answer of the charger, also a refusal, is 200: read
        `status`, `response` and `error`.
        """
        actor = self.actor
        values = validated(CommandRequest(data=request.data))
        charger = find_charger(actor, charger_id)
        self.require(charger.cpo)
        action, payload = values["action"], values.get("payload", {})
        check_command(action, payload, insist=values["insist"])

        def write() -> Answer:
            if not values["insist"]:
                using.check_command(charger, action, payload)
            command = queue_command(
                charger, action=action, payload=payload, actor=audit_name(actor)
            )
            return Answer(202, shown(command))

        response = self.once(request, write)
        if values["wait"]:
            waiting = Waiting(UUID(response.data["id"]), values["wait"])
            response.waiting = waiting  # type: ignore[attr-defined]  # for `charger_commands`
        return response


class CommandDetail(Endpoint):
    scopes: ClassVar = {"GET": Scope.COMMANDS_READ}
    rights: ClassVar = {"GET": Right.VIEW}

    @extend_schema(operation_id="command_read", responses=CommandView)
    def get(self, request: Request, command_id: UUID) -> Response:
        """A command's state, request, response and latency."""
        rows = visible(self.actor, Command.objects.select_related("charger"))
        command = rows.filter(pk=command_id).first()
        if command is None:
            raise NotFoundError(_("There is no such command."))
        return Response(shown(command))


_charger_commands = ChargerCommands.as_view()


@csrf_exempt  # as every view of REST framework: its session authentication checks by itself
async def charger_commands(request: HttpRequest, charger_id: str) -> Any:
    """`ChargerCommands`, and the waiting around it: no thread and no connection is held."""
    response = await in_db(_charger_commands, request, charger_id=charger_id)
    waiting: Waiting | None = getattr(response, "waiting", None)
    if waiting is None:
        return response
    ended = await wait_for(
        command_group(waiting.command_id),
        lambda: _shown_if_ended(waiting.command_id),
        seconds=waiting.seconds,
    )
    if ended is None:
        response.data = await in_db(_shown, waiting.command_id)
    else:
        response.data = ended
        response.status_code = 200
    return response


# What drf-spectacular looks for.
charger_commands.cls = ChargerCommands  # type: ignore[attr-defined]
charger_commands.initkwargs = {}  # type: ignore[attr-defined]


def find_charger(actor: Actor, identity: str, *, field: str | None = None) -> Charger:
    """By its OCPP identity in any case. Raises NotFoundError, also for another CPO's charger.

    `field`: where a body named it.
    """
    rows = visible(actor, Charger.objects.select_related("cpo"))
    charger = None
    if "\0" not in identity:
        charger = rows.filter(identity__lower=identity.lower()).first()
    if charger is None:
        raise NotFoundError(_("There is no such charger."), field=field)
    return charger


def check_command(action: str, payload: dict[str, Any], *, insist: bool) -> None:
    """Raise what is wrong with a command by OCPP's lists and schemas, unless `insist`ed on."""
    check_payload(payload)
    if insist:
        return
    if action not in ACTIONS_OUT:
        known = ", ".join(sorted(ACTIONS_OUT))
        raise ProblemError(
            422, {"action": [_("This is none of the operations: %(known)s.") % {"known": known}]}
        )
    faults: dict[str, list[str]] = {}
    for fault in request_faults(action, payload):
        place = f"payload.{fault.path}" if fault.path else "payload"
        faults.setdefault(place, []).append(fault.text)
    if faults:
        raise ProblemError(422, faults)


def shown(command: Command) -> dict[str, Any]:
    """JSON-ready, since it is kept under an Idempotency-Key."""
    data: dict[str, Any] = dict(CommandView(command).data)
    return data


def _shown(command_id: UUID) -> dict[str, Any]:
    return shown(Command.objects.select_related("charger").get(pk=command_id))


def _shown_if_ended(command_id: UUID) -> dict[str, Any] | None:
    rows = Command.objects.select_related("charger").exclude(status__in=_OPEN)
    command = rows.filter(pk=command_id).first()
    return shown(command) if command else None
