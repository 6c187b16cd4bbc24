"""Outgoing webhooks: endpoints, their log, test events, secrets, sending again."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Actor, Right, visible, visible_with
from cpo.api.apikeys import company_of_key
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.webhook_serializers import (
    DeliveryView,
    ResendRequest,
    Resent,
    WebhookPatch,
    WebhookRequest,
    WebhookView,
)
from cpo.models import DeliveryStatus, EventDelivery, Scope, WebhookEndpoint
from cpo.services.idempotency import Answer
from cpo.services.webhooks.endpoints import (
    change_endpoint,
    check_may_manage,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    send_test,
)
from cpo.services.webhooks.resending import resend, resend_failed
from unievp.lib.api.versions import check_if_match, etag_of
from unievp.lib.errors import NotFoundError

_MAX_ID: Final = 2**63 - 1
_READ, _WRITE = Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE


class WebhookFilter(django_filters.FilterSet):
    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")
    is_enabled = django_filters.BooleanFilter(field_name="is_enabled")

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar[list[str]] = []


class Webhooks(ListEndpoint[WebhookEndpoint]):
    scopes: ClassVar = {"GET": _READ, "POST": _WRITE}
    rights: ClassVar = {"GET": Right.MANAGE, "POST": Right.MANAGE}
    queryset = WebhookEndpoint.objects.all()
    serializer_class = WebhookView
    filterset_class = WebhookFilter
    ordering_fields = ("name", "created_at")
    ordering = ("-created_at", "id")

    def rows(self, rows: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
        return visible_with(self.actor, rows, Right.MANAGE)

    @extend_schema(operation_id="webhook_list", responses=WebhookView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The endpoints that you manage; secrets are masked."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="webhook_create",
        request=WebhookRequest,
        responses={201: WebhookView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Make an endpoint: `secret` is in this answer and never again."""
        values = validated(WebhookRequest(data=request.data))
        cpo = company_of_key(self.actor, values.pop("cpo_id", None))
        made: list[WebhookEndpoint] = []

        def write() -> Answer:
            made.append(create_endpoint(cpo, actor=self.actor, **values))
            return Answer(201, dict(WebhookView(made[0]).data))

        return _with_secret(self.once(request, write), made)


class WebhookDetail(Endpoint):
    scopes: ClassVar = {"GET": _READ, "PATCH": _WRITE, "DELETE": _WRITE}
    rights: ClassVar = {"GET": Right.MANAGE, "PATCH": Right.MANAGE, "DELETE": Right.MANAGE}

    @extend_schema(operation_id="webhook_read", responses=WebhookView)
    def get(self, request: Request, webhook_id: UUID) -> Response:
        shown = WebhookView(find_endpoint(self.actor, webhook_id)).data
        return Response(shown, headers={"ETag": etag_of(shown)})

    @extend_schema(operation_id="webhook_change", request=WebhookPatch, responses=WebhookView)
    def patch(self, request: Request, webhook_id: UUID) -> Response:
        """Change what is given. Switching on forgets the failures; switching off gives up what
        waits (it can be sent again later).
        """
        endpoint = find_endpoint(self.actor, webhook_id)
        check_if_match(request, etag_of(WebhookView(endpoint).data))
        values = validated(WebhookPatch(data=request.data, partial=True))
        shown = WebhookView(change_endpoint(endpoint, actor=self.actor, **values)).data
        return Response(shown, headers={"ETag": etag_of(shown)})

    @extend_schema(operation_id="webhook_delete", responses={204: None})
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        """Nothing goes there any more; its log goes with it."""
        delete_endpoint(find_endpoint(self.actor, webhook_id), actor=self.actor)
        return Response(status=204)


class WebhookSecret(Endpoint):
    scopes: ClassVar = {"POST": _WRITE}
    rights: ClassVar = {"POST": Right.MANAGE}

    @extend_schema(
        operation_id="webhook_rotate_secret",
        request=None,
        responses=WebhookView,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """A new `secret`, in this answer only. For 24 hours the former one signs beside it."""
        endpoint = find_endpoint(self.actor, webhook_id)
        made: list[WebhookEndpoint] = []

        def write() -> Answer:
            made.append(rotate_secret(endpoint, actor=self.actor))
            return Answer(200, dict(WebhookView(made[0]).data))

        return _with_secret(self.once(request, write), made)


class WebhookTest(Endpoint):
    scopes: ClassVar = {"POST": _WRITE}
    rights: ClassVar = {"POST": Right.MANAGE}

    @extend_schema(
        operation_id="webhook_test",
        request=None,
        responses={202: DeliveryView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Send a `webhook.test`; read its delivery to see what came of it."""
        endpoint = find_endpoint(self.actor, webhook_id)

        def write() -> Answer:
            delivery = send_test(endpoint, actor=self.actor)
            return Answer(202, dict(DeliveryView(delivery).data))

        return self.once(request, write)


class DeliveryFilter(django_filters.FilterSet):
    """`since` and `until` are about when the event was queued."""

    status = django_filters.ChoiceFilter(choices=DeliveryStatus.choices)
    event_type = django_filters.CharFilter(field_name="event__type")
    since = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = EventDelivery
        fields: ClassVar[list[str]] = []


class Deliveries(ListEndpoint[EventDelivery]):
    scopes: ClassVar = {"GET": _READ}
    rights: ClassVar = {"GET": Right.MANAGE}
    queryset = EventDelivery.objects.select_related("event").prefetch_related("attempts")
    serializer_class = DeliveryView
    filterset_class = DeliveryFilter
    ordering_fields = ("created_at",)
    ordering = ("-id",)

    def rows(self, rows: QuerySet[EventDelivery]) -> QuerySet[EventDelivery]:
        endpoint = find_endpoint(self.actor, self.kwargs["webhook_id"])
        return visible(self.actor, rows).filter(endpoint=endpoint)

    @extend_schema(operation_id="webhook_delivery_list", responses=DeliveryView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """What went, or is to go, to an endpoint, with every try; the newest first."""
        return super().get(request, **path)


class DeliveryResend(Endpoint):
    scopes: ClassVar = {"POST": _WRITE}
    rights: ClassVar = {"POST": Right.MANAGE}

    @extend_schema(
        operation_id="webhook_delivery_resend",
        request=None,
        responses={202: DeliveryView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, webhook_id: UUID, delivery_id: int) -> Response:
        """Send it once more, under the same id, whether it arrived before or not."""
        endpoint = find_endpoint(self.actor, webhook_id)
        rows = visible(self.actor, EventDelivery.objects.select_related("endpoint__cpo"))
        mine = rows.filter(endpoint=endpoint)
        delivery = mine.filter(pk=delivery_id).first() if delivery_id <= _MAX_ID else None
        if delivery is None:
            raise NotFoundError(_("There is no such delivery."))

        def write() -> Answer:
            again = resend(delivery, actor=self.actor)
            return Answer(202, dict(DeliveryView(again).data))

        return self.once(request, write)


class WebhookResend(Endpoint):
    scopes: ClassVar = {"POST": _WRITE}
    rights: ClassVar = {"POST": Right.MANAGE}

    @extend_schema(
        operation_id="webhook_resend_failed",
        request=ResendRequest,
        responses={202: Resent},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Send everything again that was given up since a time."""
        endpoint = find_endpoint(self.actor, webhook_id)
        since = validated(ResendRequest(data=request.data))["since"]

        def write() -> Answer:
            return Answer(202, {"count": resend_failed(endpoint, since=since, actor=self.actor)})

        return self.once(request, write)


def find_endpoint(actor: Actor, webhook_id: UUID) -> WebhookEndpoint:
    """Raises NotFoundError, also for another company's and, to its members, the platform's."""
    rows = visible(actor, WebhookEndpoint.objects.select_related("cpo"))
    endpoint = rows.filter(pk=webhook_id).first()
    if endpoint is None:
        raise NotFoundError(_("There is no such webhook."))
    check_may_manage(endpoint.cpo, actor)
    return endpoint


def _with_secret(response: Response, made: list[WebhookEndpoint]) -> Response:
    """Not part of the answer that is kept for repetitions."""
    if made:
        response.data = {**response.data, "secret": made[0].secret}
    response["Cache-Control"] = "no-store"
    return response
