"""The driver's way to another company's charger: start, stop, reserve; unlock for the help desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.api.endpoint import IDEMPOTENCY_KEY, validated
from cpo.api.rights import Platform
from cpo.models import Driver, Scope
from cpo.services.idempotency import Answer
from ocpi.api.roaming.base import RoamingEndpoint, app_token
from ocpi.api.roaming.command_serializers import (
    CancelReservationRequest,
    RoamingReserveRequest,
    RoamingStartRequest,
    RoamingStopRequest,
    RoamingUnlockRequest,
    SentCommandView,
)
from ocpi.api.roaming.finding import find_command, find_session, target_at
from ocpi.models import CommandType, ForeignSession, ForeignStatus, SentCommand
from ocpi.services.sent_commands.asking import (
    Target,
    ask_cancellation,
    ask_reservation,
    ask_start,
    ask_stop,
    ask_unlock,
)
from unievp.lib import clock
from unievp.lib.errors import ConflictError, NotFoundError


class CommandingEndpoint(RoamingEndpoint):
    scopes: ClassVar = {"POST": Scope.COMMANDS_WRITE}
    rights: ClassVar = {"POST": Platform()}
    drivers: ClassVar = frozenset({"POST"})

    def queued(self, request: Request, ask: Callable[[], SentCommand]) -> Response:
        return self.once(request, lambda: Answer(202, shown(ask())))


class RoamingStart(CommandingEndpoint):
    @extend_schema(
        operation_id="roaming_start",
        request=RoamingStartRequest,
        responses={202: SentCommandView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Ask another company to start a charge. What it says is in the command; the session
        appears in `/api/roaming/sessions`. 409 while a start is under way.
        """
        values = validated(RoamingStartRequest(data=request.data))
        contract = self.contract(values.get("driver_id"))
        target = target_at(self.actor, values)

        def ask() -> SentCommand:
            return ask_start(app_token(contract), target, asker=self.asker(contract.driver))

        return self.queued(request, ask)


class RoamingStop(CommandingEndpoint):
    @extend_schema(
        operation_id="roaming_stop",
        request=RoamingStopRequest,
        responses={202: SentCommandView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Ask the other company to stop a session, however it was started."""
        values = validated(RoamingStopRequest(data=request.data))
        number = values["roaming_session_id"]
        session = find_session(self.actor, number, field="roaming_session_id")
        if session.status in (ForeignStatus.COMPLETED, ForeignStatus.INVALID):
            raise ConflictError(
                _("This session is over."), field="roaming_session_id", code="session_over"
            )
        target = Target(
            session.partner,
            session.country_code,
            session.party_id,
            session.location_id,
            session.evse_uid,
            session.connector_id,
        )
        asker = self.asker(_driver_of(session))
        return self.queued(request, lambda: ask_stop(session.ocpi_id, target, asker=asker))


class RoamingReserve(CommandingEndpoint):
    @extend_schema(
        operation_id="roaming_reserve",
        request=RoamingReserveRequest,
        responses={202: SentCommandView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Ask another company to keep an EVSE free for the driver; it may cost something."""
        values = validated(RoamingReserveRequest(data=request.data))
        contract = self.contract(values.get("driver_id"))
        target = target_at(self.actor, values)
        until = clock.now() + timedelta(minutes=values["minutes"])

        def ask() -> SentCommand:
            token, asker = app_token(contract), self.asker(contract.driver)
            return ask_reservation(token, target, until=until, asker=asker)

        return self.queued(request, ask)


class RoamingCancelReservation(CommandingEndpoint):
    @extend_schema(
        operation_id="roaming_cancel_reservation",
        request=CancelReservationRequest,
        responses={202: SentCommandView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Give a reservation back."""
        values = validated(CancelReservationRequest(data=request.data))
        field = "roaming_command_id"
        reserved = find_command(self.actor, values[field], field=field)
        if reserved.type != CommandType.RESERVE_NOW:
            raise NotFoundError(_("This command reserved nothing."), field=field)
        asker = self.asker(reserved.driver)
        return self.queued(request, lambda: ask_cancellation(reserved, asker=asker))


class RoamingUnlock(CommandingEndpoint):
    """OCPI keeps it from drivers (§13.3): the cable of somebody else might be freed."""

    drivers: ClassVar = frozenset()

    @extend_schema(
        operation_id="roaming_unlock",
        request=RoamingUnlockRequest,
        responses={202: SentCommandView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Help a driver whose cable is stuck."""
        values = validated(RoamingUnlockRequest(data=request.data))
        target = target_at(self.actor, values)
        return self.queued(request, lambda: ask_unlock(target, asker=self.asker(None)))


class RoamingCommand(RoamingEndpoint):
    scopes: ClassVar = {"GET": Scope.COMMANDS_READ}
    rights: ClassVar = {"GET": Platform()}
    drivers: ClassVar = frozenset({"GET"})

    @extend_schema(operation_id="roaming_command_read", responses=SentCommandView)
    def get(self, request: Request, roaming_command_id: UUID) -> Response:
        """What became of a start, a stop or a reservation elsewhere."""
        return Response(shown(find_command(self.actor, roaming_command_id)))


def shown(command: SentCommand) -> dict[str, Any]:
    body: dict[str, Any] = SentCommandView(command).data
    return body


def _driver_of(session: ForeignSession) -> Driver | None:
    return session.own_token.contract.driver if session.own_token else None
