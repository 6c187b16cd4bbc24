"""Gateway configurations by the REST API: of one company, or the platform's for staff."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Actor, Right, is_platform_staff, require_right, visible, visible_with
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.tenants import company_of
from cpo.models import CPO, Scope
from cpo.services.idempotency import Answer
from payments.api.provider_serializers import (
    ProviderPatch,
    ProviderRequest,
    ProviderTested,
    ProviderView,
    shown_provider,
)
from payments.models import ProviderConfig
from payments.services.providers import retire_provider, save_provider
from payments.services.providers import test_provider as ask_gateway
from unievp.lib.api.problems import ProblemError
from unievp.lib.api.versions import check_if_match, etag_of
from unievp.lib.errors import NotFoundError


class ProviderFilter(django_filters.FilterSet):
    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")
    is_active = django_filters.BooleanFilter(field_name="is_active")

    class Meta:
        model = ProviderConfig
        fields: ClassVar[list[str]] = []


class Providers(ListEndpoint[ProviderConfig]):
    scopes: ClassVar = {"GET": Scope.PROVIDERS_READ, "POST": Scope.PROVIDERS_WRITE}
    rights: ClassVar = {"GET": Right.MONEY, "POST": Right.MONEY}
    queryset = ProviderConfig.objects.select_related("cpo")
    serializer_class = ProviderView
    filterset_class = ProviderFilter
    ordering_fields = ("priority", "created_at")

    def rows(self, rows: QuerySet[ProviderConfig]) -> QuerySet[ProviderConfig]:
        return visible_with(self.actor, rows, Right.MONEY)

    @extend_schema(operation_id="provider_list", responses=ProviderView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The configurations that you may see, retired ones, too; keys are masked."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response([shown_provider(config) for config in rows])

    @extend_schema(
        operation_id="provider_create",
        request=ProviderRequest,
        responses={201: ProviderView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        actor = self.actor
        values = validated(ProviderRequest(data=request.data))
        cpo = _owner(actor, values)
        config = ProviderConfig(
            cpo=cpo,
            provider=values.pop("provider"),
            environment=values.pop("environment"),
        )
        values.setdefault("name", config.get_provider_display())

        def write() -> Answer:
            return Answer(201, shown_provider(_save(config, actor, values)))

        return self.once(request, write)


class ProviderDetail(Endpoint):
    scopes: ClassVar = {
        "GET": Scope.PROVIDERS_READ,
        "PATCH": Scope.PROVIDERS_WRITE,
        "DELETE": Scope.PROVIDERS_WRITE,
    }
    rights: ClassVar = {"GET": Right.MONEY, "PATCH": Right.MONEY, "DELETE": Right.MONEY}

    @extend_schema(operation_id="provider_read", responses=ProviderView)
    def get(self, request: Request, provider_id: UUID) -> Response:
        shown = shown_provider(_find(self.actor, provider_id))
        return Response(shown, headers={"ETag": etag_of(shown)})

    @extend_schema(operation_id="provider_change", request=ProviderPatch, responses=ProviderView)
    def patch(self, request: Request, provider_id: UUID) -> Response:
        """Change what is given. A secret that comes back masked or empty stays as it is."""
        config = _find(self.actor, provider_id)
        check_if_match(request, etag_of(shown_provider(config)))
        values = validated(ProviderPatch(data=request.data, partial=True))
        shown = shown_provider(_save(config, self.actor, values))
        return Response(shown, headers={"ETag": etag_of(shown)})

    @extend_schema(operation_id="provider_retire", responses={204: None})
    def delete(self, request: Request, provider_id: UUID) -> Response:
        """No new payments go there; open ones are followed to their end, so the row stays."""
        retire_provider(_find(self.actor, provider_id), actor=self.actor)
        return Response(status=204)


class ProviderTest(Endpoint):
    scopes: ClassVar = {"POST": Scope.PROVIDERS_WRITE}
    rights: ClassVar = {"POST": Right.MONEY}

    @extend_schema(operation_id="provider_test", request=None, responses=ProviderTested)
    def post(self, request: Request, provider_id: UUID) -> Response:
        """Ask the gateway something harmless with these keys; `ok` says whether it answered."""
        config = _find(self.actor, provider_id)
        good, result = ask_gateway(config, actor=self.actor)
        tested = {"ok": good, "result": result, "tested_at": config.tested_at}
        return Response(ProviderTested(tested).data)


def _find(actor: Actor, provider_id: UUID) -> ProviderConfig:
    """Raises NotFoundError, also for another company's and, to its members, the platform's."""
    rows = visible(actor, ProviderConfig.objects.select_related("cpo"))
    config = rows.filter(pk=provider_id).first()
    if config is None:
        raise NotFoundError(_("There is no such provider."))
    if config.cpo is not None:
        require_right(actor, config.cpo, Right.MONEY)
    return config


def _owner(actor: Actor, values: dict[str, Any]) -> CPO | None:
    """Named, or the caller's only one; nobody, the platform, where staff names none."""
    cpo_id = values.pop("cpo_id", None)
    if cpo_id is None and is_platform_staff(actor):
        return None
    cpo = company_of(actor, cpo_id)
    require_right(actor, cpo, Right.MONEY)
    return cpo


def _save(config: ProviderConfig, actor: Actor, values: dict[str, Any]) -> ProviderConfig:
    try:
        return save_provider(config, actor=actor, **values)
    except ValidationError as error:
        errors = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
        raise ProblemError(422, errors) from error
