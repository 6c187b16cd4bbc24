"""POST /api/client/remote-start: by an id tag or a driver, with a limit; or as it was paid for."""

from __future__ import annotations

import secrets
import string
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.api.commands import find_charger
from chargers.api.serializers import CommandQueued, queued
from chargers.models import Charger, Command, Connector, IdToken, IdTokenStatus
from cpo.access import Right, audit_name, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, validated
from cpo.models import Driver, Scope
from cpo.services.idempotency import Answer
from payments.models import PaymentIntent
from payments.services.limits.starting import Limit, start_limited
from payments.services.prepaid.promising import place_charge
from payments.services.prepaid.starting import start_paid
from unievp.lib import clock
from unievp.lib.api.examples import example
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError, RefusedError

_MOST: Final = 2**31 - 1
_LETTERS: Final = string.ascii_uppercase + string.digits
# Chargers are known that overrun a tag of the full 20 characters.
_TAG_LENGTH: Final = 16


class LimitRequest(serializers.Serializer[Any]):
    """The first one that is reached stops the charge."""

    energy_wh = serializers.IntegerField(required=False, min_value=1, max_value=_MOST)
    amount = serializers.IntegerField(
        required=False, min_value=1, max_value=2**53, help_text="In the tariff's currency."
    )
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=7 * 24 * 60)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(_("Give energy_wh, amount or minutes."))
        return attrs


@example(charger_id="SIM-0001", connector_id=1, id_tag="TAG1", limit={"energy_wh": 20000})
class RemoteStartRequest(serializers.Serializer[Any]):
    charger_id = serializers.CharField(max_length=255)
    connector_id = serializers.IntegerField(
        required=False, min_value=1, max_value=2**15 - 1, help_text="Absent: the charger chooses."
    )
    id_tag = serializers.CharField(required=False, max_length=20)
    user_id = serializers.UUIDField(required=False, help_text="The driver, instead of an id_tag.")
    payment_id = serializers.UUIDField(
        required=False,
        help_text="Start what was paid for: its tag and its limits are the payment's own.",
    )
    limit = LimitRequest(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in ("id_tag", "user_id") if name in attrs]
        if "payment_id" in attrs:
            if "limit" in attrs:
                raise serializers.ValidationError({"limit": _("A payment has its own limits.")})
        elif len(given) != 1:
            raise serializers.ValidationError({"id_tag": _("Give either id_tag or user_id.")})
        return attrs


class RemoteStarts(Endpoint):
    scopes: ClassVar = {"POST": Scope.COMMANDS_WRITE}
    rights: ClassVar = {"POST": Right.OPERATE}
    drivers: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="client_remote_start",
        request=RemoteStartRequest,
        responses={202: CommandQueued},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Ask a charger to start. What the charger says is in the command.

        409 while the same start is waiting already, or while the payment is not paid.
        """
        values = validated(RemoteStartRequest(data=request.data))
        if isinstance(self.actor, Driver) and "payment_id" not in values:
            detail = _("Drivers start what they have paid for.")
            raise RefusedError(detail, field="payment_id", code="payment_needed")
        charger = find_charger(self.actor, values["charger_id"], field="charger_id")
        self.require(charger.cpo)

        def write() -> Answer:
            if "payment_id" in values:
                command = self._paid(charger, values)
            else:
                command = self._started(charger, values)
            return Answer(202, queued(command))

        return self.once(request, write)

    def _started(self, charger: Charger, values: dict[str, Any]) -> Command:
        limit = values.get("limit")
        with transaction.atomic():
            tag = values.get("id_tag") or token_of_driver(charger, values["user_id"])
            try:
                wish = start_limited(
                    charger,
                    id_tag=tag,
                    actor=audit_name(self.actor),
                    connector_number=values.get("connector_id"),
                    limit=Limit(**limit) if limit else None,
                )
            except InvalidError as error:
                if error.field == "connector_number":
                    raise NotFoundError(error.detail, field="connector_id") from None
                raise
        return wish.command

    def _paid(self, charger: Charger, values: dict[str, Any]) -> Command:
        intents = visible(self.actor, PaymentIntent.objects.select_related("connector"))
        intent = intents.filter(pk=values["payment_id"], cpo=charger.cpo).first()
        if intent is None:
            raise NotFoundError(_("There is no such payment."), field="payment_id")
        if intent.paid_at is None:
            raise ConflictError(
                _("This payment is not paid yet."), field="payment_id", code="not_paid"
            )
        place_charge(intent.pk, _place(charger, values.get("connector_id"), intent))
        charge = start_paid(intent.pk)
        if charge is None:
            raise RefusedError(_("This payment buys no charge."), field="payment_id")
        if charge.remote_start is None:
            reason = _(charge.failure) if charge.failure else _("This payment starts nothing.")
            raise ConflictError(reason, field="payment_id", code="not_started")
        return charge.remote_start.command


def _place(charger: Charger, number: int | None, intent: PaymentIntent) -> Connector:
    """The connector that is named, else the payment's, else the charger's only one."""
    connectors = list(charger.connectors.order_by("number"))
    for connector in connectors:
        connector.charger = charger
        if number == connector.number or (number is None and connector == intent.connector):
            return connector
    if number is not None:
        raise NotFoundError(_("This charger has no such connector."), field="connector_id")
    if intent.connector is not None:
        raise RefusedError(_("This payment is for another connector."), field="payment_id")
    if len(connectors) != 1:
        raise InvalidError(_("Name the connector."), field="connector_id")
    return connectors[0]


def token_of_driver(charger: Charger, driver_id: UUID) -> str:
    """A token of the driver that is good at this charger; made if there is none yet."""
    driver = Driver.objects.select_for_update().filter(pk=driver_id).first()
    if driver is None:
        raise NotFoundError(gettext_lazy("There is no such driver."), field="user_id")
    now = clock.now()
    token = (
        IdToken.objects.filter(
            Q(cpo=None) | Q(cpo=charger.cpo_id),
            Q(expires_at=None) | Q(expires_at__gt=now),
            driver=driver,
            charger=None,
            status=IdTokenStatus.ACTIVE,
        )
        .order_by("cpo_id", "pk")
        .first()
    )
    if token is None:
        token = IdToken.objects.create(
            cpo_id=charger.cpo_id,
            token="".join(secrets.choice(_LETTERS) for _letter in range(_TAG_LENGTH)),
            label=driver.name[:120],
            driver=driver,
        )
    return token.token
