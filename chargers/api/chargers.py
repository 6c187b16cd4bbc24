"""Chargers: listed, registered, changed, retired, forced to a status."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.api.charger_serializers import (
    ChargerCreated,
    ChargerPatch,
    ChargerRequest,
    ChargerView,
    StatusRequest,
)
from chargers.api.commands import find_charger, shown
from chargers.api.serializers import CommandView
from chargers.models import Charger, ForcedStatus, Location
from chargers.selectors import tariffs
from chargers.services.chargers import (
    ConnectorSpec,
    change_charger,
    force_status,
    register_charger,
    retire_charger,
)
from chargers.services.locations import find_or_create_location
from cpo.access import Actor, Right, audit_name
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.tenants import company_of
from cpo.models import CPO, Scope
from cpo.services.idempotency import Answer
from unievp.lib.api.versions import check_if_match, etag_of
from unievp.lib.errors import InvalidError

_PARTS = ("cpo", "location", "presence")


class ChargerFilter(django_filters.FilterSet):
    """Retired chargers are left out unless `retired=true` asks for them."""

    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")
    location_id = django_filters.NumberFilter(field_name="location_id")
    online = django_filters.BooleanFilter(field_name="presence__online")
    status = django_filters.CharFilter(field_name="status")
    connector_status = django_filters.CharFilter(method="with_connector")
    retired = django_filters.BooleanFilter(method="retired_or_not")
    search = django_filters.CharFilter(
        method="named", max_length=100, label="Part of its id, name, location, vendor or model."
    )

    class Meta:
        model = Charger
        fields: ClassVar[list[str]] = []

    def with_connector(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(connectors__status=value).distinct()

    def retired_or_not(self, rows: QuerySet[Any], _name: str, value: object) -> QuerySet[Any]:
        return rows.filter(retired_at__isnull=not value)

    def named(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(identity__icontains=value)
            | Q(name__icontains=value)
            | Q(location__name__icontains=value)
            | Q(vendor__icontains=value)
            | Q(model__icontains=value)
        )


class Chargers(ListEndpoint[Charger]):
    scopes: ClassVar = {"GET": Scope.CHARGERS_READ, "POST": Scope.CHARGERS_WRITE}
    rights: ClassVar = {"GET": Right.VIEW, "POST": Right.OPERATE}
    drivers: ClassVar = frozenset({"GET"})
    queryset = Charger.objects.select_related(*_PARTS).prefetch_related("connectors")
    serializer_class = ChargerView
    filterset_class = ChargerFilter
    ordering_fields = ("identity", "name", "created_at")
    ordering = ("identity",)

    def rows(self, rows: QuerySet[Charger]) -> QuerySet[Charger]:
        mine = super().rows(rows)
        return mine if "retired" in self.request.query_params else mine.filter(retired_at=None)

    def prepare(self, rows: list[Charger]) -> None:
        name_tariffs(rows)

    @extend_schema(operation_id="charger_list", responses=ChargerView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The chargers you may see."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="charger_register",
        request=ChargerRequest,
        responses={201: ChargerCreated},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Register a charger. Its `authorization_key` is in this answer and never again."""
        values = validated(ChargerRequest(data=request.data))
        cpo = company_of(self.actor, values.get("cpo_id"))
        self.require(cpo)
        connectors = [_spec(part) for part in values.get("connectors", [{"connector_id": 1}])]

        def write() -> Answer:
            actor = audit_name(self.actor)
            charger, password = register_charger(
                _location_of(cpo, values, self.actor),
                identity=values["charger_id"],
                name=values["name"],
                connectors=connectors,
                max_power_w=values["max_power_w"],
                actor=actor,
            )
            return Answer(201, show_charger(charger) | {"authorization_key": password})

        return self.once(request, write)


class ChargerDetail(Endpoint):
    scopes: ClassVar = {
        "GET": Scope.CHARGERS_READ,
        "PATCH": Scope.CHARGERS_WRITE,
        "DELETE": Scope.CHARGERS_WRITE,
    }
    rights: ClassVar = {"GET": Right.VIEW, "PATCH": Right.OPERATE, "DELETE": Right.MANAGE}
    drivers: ClassVar = frozenset({"GET"})

    @extend_schema(operation_id="charger_read", responses=ChargerView)
    def get(self, request: Request, charger_id: str) -> Response:
        """One charger, also a retired one."""
        body = show_charger(find_charger(self.actor, charger_id))
        return Response(body, headers={"ETag": _etag(body)})

    @extend_schema(operation_id="charger_change", request=ChargerPatch, responses=ChargerView)
    def patch(self, request: Request, charger_id: str) -> Response:
        """Change its name, location, power or clock. `If-Match` refuses to overwrite others."""
        charger = find_charger(self.actor, charger_id)
        self.require(charger.cpo)
        values = validated(ChargerPatch(data=request.data, partial=True))
        check_if_match(request, _etag(show_charger(charger)))
        if "location_id" in values:
            values["location"] = _location(charger.cpo, values.pop("location_id"))
        if values:
            change_charger(charger, actor=audit_name(self.actor), **values)
        body = show_charger(find_charger(self.actor, charger_id))
        return Response(body, headers={"ETag": _etag(body)})

    @extend_schema(operation_id="charger_retire", responses={204: None})
    def delete(self, request: Request, charger_id: str) -> Response:
        """Retire it: it may not connect any more, its history stays."""
        charger = find_charger(self.actor, charger_id)
        self.require(charger.cpo)
        retire_charger(charger, actor=audit_name(self.actor))
        return Response(status=204)


class ChargerForcedStatus(Endpoint):
    scopes: ClassVar = {"PUT": Scope.COMMANDS_WRITE}
    rights: ClassVar = {"PUT": Right.OPERATE}

    @extend_schema(
        operation_id="charger_force_status",
        request=StatusRequest,
        responses={200: CommandView},
    )
    def put(self, request: Request, charger_id: str) -> Response:
        """Keep the status you want and ask the charger for it; the answer is that command."""
        charger = find_charger(self.actor, charger_id)
        self.require(charger.cpo)
        values = validated(StatusRequest(data=request.data))
        check_if_match(request, _etag(show_charger(charger)))
        command = force_status(
            charger,
            status=ForcedStatus(values["status"]),
            connector_number=values["connector_id"],
            reason=values["reason"],
            actor=audit_name(self.actor),
        )
        return Response(shown(command))


def name_tariffs(chargers: list[Charger]) -> None:
    """Note on each charger the names of the tariffs that its connectors sell at now."""
    names = tariffs.name_tariffs(chargers)
    for charger in chargers:
        charger.tariff_name = names.get(charger.pk)  # type: ignore[attr-defined]  # for the view


def show_charger(charger: Charger) -> dict[str, Any]:
    """JSON-ready, as it is now in the database."""
    row = Charger.objects.select_related(*_PARTS).prefetch_related("connectors").get(pk=charger.pk)
    name_tariffs([row])
    data: dict[str, Any] = dict(ChargerView(row).data)
    return data


def _etag(body: dict[str, Any]) -> str:
    """Of what people change: a heartbeat makes no new version."""
    moving = ("online", "last_seen_at", "connectors", "status")
    return etag_of({name: value for name, value in body.items() if name not in moving})


def _spec(values: dict[str, Any]) -> ConnectorSpec:
    return ConnectorSpec(
        number=values["connector_id"],
        **{name: value for name, value in values.items() if name != "connector_id"},
    )


def _location_of(cpo: CPO, values: dict[str, Any], actor: Actor) -> Location:
    if "location_id" in values:
        return _location(cpo, values["location_id"])
    if "location" not in values:
        raise InvalidError(_("Say where it stands: location_id, or location."), field="location")
    return find_or_create_location(cpo, actor=audit_name(actor), **values["location"])


def _location(cpo: CPO, location_id: int) -> Location:
    found = Location.objects.filter(cpo=cpo, pk=location_id).first()
    if found is None:
        raise InvalidError(_("This company has no such location."), field="location_id")
    return found
