"""Payments by the REST API: begun, looked at, taken back, given back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.api.commands import find_charger
from chargers.models import Charger, Connector
from cpo.access import Actor, Right, audit_name, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, validated
from cpo.api.tenants import company_of
from cpo.models import CPO, Driver, Scope
from cpo.services.idempotency import Answer
from payments.api.payment_serializers import (
    PENDING,
    PaymentRequest,
    PaymentView,
    RefundRequest,
    shown_payment,
)
from payments.live import payment_group
from payments.models import PaymentIntent
from payments.services.intents.creating import Wish, create_intent
from payments.services.intents.ending import withdraw_intent
from payments.services.prepaid.stopping import stop_charging
from payments.services.refunds.starting import request_refund
from unievp.lib.api.waiting import wait_for
from unievp.lib.db import in_db
from unievp.lib.errors import InvalidError, NotFoundError

# The contract's patience with a gateway (contract §3).
CHECKOUT_WITHIN_S: Final = 8
# News come by the channel layer; this finds what was lost there.
LOOK_EVERY_S: Final = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """The payment whose checkout the caller waits for."""

    intent_id: UUID


class Payments(Endpoint):
    scopes: ClassVar = {"POST": Scope.PAYMENTS_WRITE}
    rights: ClassVar = {"POST": Right.OPERATE}
    drivers: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="payment_create",
        request=PaymentRequest,
        responses={201: PaymentView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Begin a payment. 201 with `checkout` as soon as the gateway has answered, at most 8 s
        later; with `checkout: null` and `status: pending` where it takes longer: then read it.
        """
        actor = self.actor
        values = validated(PaymentRequest(data=request.data))
        cpo, wish = _wish(actor, values)
        self.require(cpo)

        def write() -> Answer:
            intent = create_intent(cpo, wish, created_by=str(audit_name(actor)))
            return Answer(201, shown_payment(intent))

        response = self.once(request, write)
        waiting = Waiting(UUID(response.data["payment_id"]))
        response.waiting = waiting  # type: ignore[attr-defined]  # for `payments`
        return response


_payments = Payments.as_view()


@csrf_exempt  # as every view of REST framework: its session authentication checks by itself
async def payments(request: HttpRequest) -> Any:
    """`Payments`, and the waiting for the gateway: no thread and no connection is held."""
    response = await in_db(_payments, request)
    waiting: Waiting | None = getattr(response, "waiting", None)
    if waiting is None:
        return response
    answered = await wait_for(
        payment_group(waiting.intent_id),
        lambda: _shown_if_answered(waiting.intent_id),
        seconds=CHECKOUT_WITHIN_S,
        poll=LOOK_EVERY_S,
    )
    if answered is not None:
        response.data = answered
    return response


# What drf-spectacular looks for.
payments.cls = Payments  # type: ignore[attr-defined]
payments.initkwargs = {}  # type: ignore[attr-defined]


class PaymentDetail(Endpoint):
    scopes: ClassVar = {"GET": Scope.PAYMENTS_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    drivers: ClassVar = frozenset({"GET"})

    @extend_schema(operation_id="payment_read", responses=PaymentView)
    def get(self, request: Request, payment_id: UUID) -> Response:
        """A payment, and the charge that it pays for, as they stand."""
        return Response(shown_payment(find_payment(self.actor, payment_id)))


class PaymentCancel(Endpoint):
    scopes: ClassVar = {"POST": Scope.PAYMENTS_WRITE}
    rights: ClassVar = {"POST": Right.OPERATE}
    drivers: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="payment_cancel",
        request=None,
        responses=PaymentView,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, payment_id: UUID) -> Response:
        """Take back a payment that is not paid. What is paid all the same goes back by itself."""
        intent = _own(self, payment_id)

        def write() -> Answer:
            withdraw_intent(intent, source="api")
            return Answer(200, shown_payment(intent))

        return self.once(request, write)


class PaymentStop(Endpoint):
    scopes: ClassVar = {"POST": Scope.PAYMENTS_WRITE}
    rights: ClassVar = {"POST": Right.OPERATE}
    drivers: ClassVar = frozenset({"POST"})

    @extend_schema(
        operation_id="payment_stop",
        request=None,
        responses=PaymentView,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, payment_id: UUID) -> Response:
        """Stop the charge that was paid for; the rest goes back when it has ended."""
        actor = self.actor
        intent = _own(self, payment_id)

        def write() -> Answer:
            stop_charging(intent, actor=actor)
            return Answer(200, shown_payment(intent))

        return self.once(request, write)


class PaymentRefund(Endpoint):
    scopes: ClassVar = {"POST": Scope.PAYMENTS_WRITE}
    rights: ClassVar = {"POST": Right.MONEY}

    @extend_schema(
        operation_id="payment_refund",
        request=RefundRequest,
        responses=PaymentView,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, payment_id: UUID) -> Response:
        """Give back what no bill has taken: all of it, or `amount`.

        409 while the charge is under way: stop it, and the rest goes back by itself.
        """
        actor = self.actor
        values = validated(RefundRequest(data=request.data))
        intent = _own(self, payment_id)

        def write() -> Answer:
            request_refund(intent, actor=actor, **values)
            return Answer(200, shown_payment(intent))

        return self.once(request, write)


def find_payment(actor: Actor, payment_id: UUID) -> PaymentIntent:
    """Raises NotFoundError, also for another company's payment."""
    rows = visible(actor, PaymentIntent.objects.select_related("cpo"))
    intent = rows.filter(pk=payment_id).first()
    if intent is None:
        raise NotFoundError(_("There is no such payment."))
    return intent


def find_connector(charger: Charger, number: int) -> Connector:
    connector = charger.connectors.filter(number=number).first()
    if connector is None:
        detail = _("This charger has no connector %(number)s.") % {"number": number}
        raise InvalidError(detail, field="connector_id")
    connector.charger = charger
    return connector


def _own(endpoint: Endpoint, payment_id: UUID) -> PaymentIntent:
    intent = find_payment(endpoint.actor, payment_id)
    endpoint.require(intent.cpo)
    return intent


def _wish(actor: Actor, values: dict[str, Any]) -> tuple[CPO, Wish]:
    """Who sells, and what. Raises NotFoundError, InvalidError, which name the field."""
    charger = find_charger(actor, values["charger_id"]) if "charger_id" in values else None
    cpo_id = values.get("cpo_id")
    if charger is not None and cpo_id not in (None, charger.cpo_id):
        raise InvalidError(_("This charger is another company's."), field="cpo_id")
    cpo = charger.cpo if charger else company_of(actor, cpo_id)
    number = values.get("connector_id")
    limit = values.get("limit", {})
    wish = Wish(
        amount=values["amount"],
        method=values["method"],
        charger=charger,
        connector=find_connector(charger, number) if charger and number else None,
        driver=_driver(actor, values.get("user_id")),
        description=values["description"],
        limit_energy_wh=limit.get("energy_wh"),
        limit_minutes=limit.get("minutes"),
        email=values["email"],
        language=values["language"],
    )
    return cpo, wish


def _driver(actor: Actor, user_id: UUID | None) -> Driver | None:
    """A driver pays for themselves and for nobody else."""
    if isinstance(actor, Driver):
        if user_id not in (None, actor.pk):
            raise InvalidError(_("Leave it out, or give your own."), field="user_id")
        return actor
    if user_id is None:
        return None
    driver = Driver.objects.filter(pk=user_id).first()
    if driver is None:
        raise InvalidError(_("There is no such driver."), field="user_id")
    return driver


def _shown_if_answered(intent_id: UUID) -> dict[str, Any] | None:
    """As soon as the gateway has said anything."""
    shown = shown_payment(PaymentIntent.objects.get(pk=intent_id))
    return shown if shown["status"] != PENDING else None
