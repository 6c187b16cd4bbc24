"""Tariff templates: listed, made, given new prices, archived; and the price of a session."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Actor, Right, audit_name, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.tenants import company_of
from cpo.models import Scope, User
from cpo.services.idempotency import Answer
from tariffs.api.rules import rules_from
from tariffs.api.serializers import (
    PreviewRequest,
    PreviewView,
    TemplateChange,
    TemplateRequest,
    TemplateView,
)
from tariffs.api.showing import prefetch_prices, show_preview, show_template
from tariffs.models import TariffTemplate, TariffVersion
from tariffs.preview import Described
from tariffs.pricing.simple import SimpleTariff, simple_rules
from tariffs.pricing.tariff import Rules, Snapshot
from tariffs.selectors.versions import newest_version, version_in_force
from tariffs.services.regulation import vat_percent
from tariffs.services.snapshots import rules_of
from tariffs.services.templates import (
    archive_template,
    change_template,
    create_template,
    publish_version,
)
from unievp.lib import clock
from unievp.lib.api.versions import check_if_match, etag_of
from unievp.lib.errors import InvalidError, NotFoundError

_MAX_ID = 2**63 - 1


class TemplateFilter(django_filters.FilterSet):
    """Archived tariffs are left out unless `archived=true` asks for them."""

    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")
    name = django_filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=100)
    archived = django_filters.BooleanFilter(method="archived_or_not")

    class Meta:
        model = TariffTemplate
        fields: ClassVar[list[str]] = []

    def archived_or_not(self, rows: QuerySet[Any], _name: str, value: object) -> QuerySet[Any]:
        return rows.filter(archived_at__isnull=not value)


class Templates(ListEndpoint[TariffTemplate]):
    scopes: ClassVar = {"GET": Scope.TARIFFS_READ, "POST": Scope.TARIFFS_WRITE}
    rights: ClassVar = {"GET": Right.VIEW, "POST": Right.PRICE}
    queryset = TariffTemplate.objects.prefetch_related("versions")
    serializer_class = TemplateView
    filterset_class = TemplateFilter
    ordering_fields = ("name", "created_at")
    ordering = ("name", "id")

    def rows(self, rows: QuerySet[TariffTemplate]) -> QuerySet[TariffTemplate]:
        mine = super().rows(rows)
        return mine if "archived" in self.request.query_params else mine.filter(archived_at=None)

    @extend_schema(operation_id="tariff_template_list", responses=TemplateView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The tariffs you may see, each with the prices of its newest version."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        prefetch_prices(rows)
        return self.get_paginated_response([show_template(row) for row in rows])

    @extend_schema(
        operation_id="tariff_template_create",
        request=TemplateRequest,
        responses={201: TemplateView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Make a tariff. Prices above a cap of the law are refused, with the rule named."""
        values = validated(TemplateRequest(data=request.data))
        cpo = company_of(self.actor, values.get("cpo_id"))
        self.require(cpo)
        rules = given_rules(values)

        def write() -> Answer:
            template = create_template(
                cpo,
                name=values["name"],
                description=values["description"],
                rules=rules,
                valid_from=values.get("valid_from"),
                note=values["note"],
                actor=audit_name(self.actor),
            )
            return Answer(201, show_template(template))

        return self.once(request, write)


class TemplateDetail(Endpoint):
    scopes: ClassVar = {
        "GET": Scope.TARIFFS_READ,
        "PUT": Scope.TARIFFS_WRITE,
        "DELETE": Scope.TARIFFS_WRITE,
    }
    rights: ClassVar = {"GET": Right.VIEW, "PUT": Right.PRICE, "DELETE": Right.PRICE}

    @extend_schema(operation_id="tariff_template_read", responses=TemplateView)
    def get(self, request: Request, template_id: int) -> Response:
        """One tariff, also an archived one."""
        body = show_template(find_template(self.actor, template_id))
        return Response(body, headers={"ETag": etag_of(body)})

    @extend_schema(
        operation_id="tariff_template_change",
        request=TemplateChange,
        responses=TemplateView,
    )
    def put(self, request: Request, template_id: int) -> Response:
        """Say all of it again. Other prices are a new version: what was sold keeps the old one."""
        template = find_template(self.actor, template_id)
        self.require(template.cpo)
        values = validated(TemplateChange(data=request.data))
        check_if_match(request, etag_of(show_template(template)))
        rules = given_rules(values)
        actor = audit_name(self.actor)
        with transaction.atomic():
            change_template(
                template, name=values["name"], description=values["description"], actor=actor
            )
            _publish(template, rules, values, actor)
        return Response(show_template(find_template(self.actor, template_id)))

    @extend_schema(operation_id="tariff_template_archive", responses={204: None})
    def delete(self, request: Request, template_id: int) -> Response:
        """Archive it: no charger may sell at it any more; bills and versions stay."""
        template = find_template(self.actor, template_id)
        self.require(template.cpo)
        archive_template(template, actor=audit_name(self.actor))
        return Response(status=204)


class TemplatePreview(Endpoint):
    # It reads, although it is a POST.
    scopes: ClassVar = {"POST": Scope.TARIFFS_READ}
    rights: ClassVar = {"POST": Right.VIEW}

    @extend_schema(
        operation_id="tariff_template_preview", request=PreviewRequest, responses=PreviewView
    )
    def post(self, request: Request, template_id: int) -> Response:
        """What a described session costs, line by line, by the version that is in force then."""
        template = find_template(self.actor, template_id)
        values = validated(PreviewRequest(data=request.data))
        described = Described(
            energy_wh=values["energy_wh"],
            starts_at=values["starts_at"],
            charging_s=values.get("duration_s"),
            idle_s=values["idle_s"],
            power_w=values["power_w"],
        )
        version = _version(template, values.get("version"))
        snapshot = Snapshot(rules_of(version), values["time_zone"], values["pbjt_percent"])
        return Response(show_preview(version, snapshot, described))


def find_template(actor: Actor, template_id: int) -> TariffTemplate:
    """Raises NotFoundError, also for another CPO's."""
    rows = visible(actor, TariffTemplate.objects.select_related("cpo"))
    found = rows.filter(pk=template_id).first() if template_id <= _MAX_ID else None
    if found is None:
        raise NotFoundError(_("There is no such tariff."), field="template_id")
    return found


def given_rules(values: dict[str, Any]) -> Rules:
    """Of a validated `TemplateChange`: its elements, or what its five numbers mean."""
    if "elements" in values:
        return rules_from(values)
    at = values.get("valid_from") or clock.now()
    simple = SimpleTariff(**values["simple"], fee_vat_percent=vat_percent(at))
    return simple_rules(simple)


def _publish(
    template: TariffTemplate, rules: Rules, values: dict[str, Any], actor: User | str
) -> None:
    """A new version, unless it would say what the newest one says already.

    Whoever reads, edits and writes it back sends the old time along: that is no wish for it.
    """
    newest = newest_version(template)
    at = values.get("valid_from")
    if newest is not None and at == newest.valid_from:
        at = None
    if newest is None or at is not None or rules_of(newest) != rules:
        publish_version(template, rules=rules, valid_from=at, note=values["note"], actor=actor)


def _version(template: TariffTemplate, number: int | None) -> TariffVersion:
    """The one that is asked for; or else what sells now, or will first."""
    if number is not None:
        found = template.versions.filter(number=number).first()
        if found is None:
            raise InvalidError(_("This tariff has no such version."), field="version")
        return found
    version = version_in_force(template, clock.now()) or newest_version(template)
    if version is None:
        raise InvalidError(_("This tariff has no prices yet."), field="version")
    return version
