"""Tariffs where they are sold: assigned, by default, and compared over past sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import django_filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.api.commands import find_charger
from chargers.api.tariff_serializers import (
    AssignmentView,
    AssignRequest,
    ComparisonRequest,
    ComparisonView,
    DefaultRequest,
    DefaultView,
)
from chargers.models import (
    Charger,
    ChargingSession,
    Connector,
    Location,
    TariffAssignment,
    TariffDefault,
)
from chargers.selectors.tariff_comparison import compare_prices, last_month
from chargers.services.assignments import assign_tariff, end_assignment
from chargers.services.tariff_defaults import set_default_tariff, withdraw_default
from cpo.access import Actor, Right, audit_name, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.tenants import company_of
from cpo.models import Scope
from cpo.services.idempotency import Answer
from tariffs.api.templates import find_template, given_rules
from tariffs.models import TariffTemplate
from tariffs.pricing import Rules
from tariffs.selectors.versions import newest_version
from tariffs.services.snapshots import rules_of
from unievp.lib import clock
from unievp.lib.errors import InvalidError, NotFoundError

_JAKARTA = ZoneInfo("Asia/Jakarta")
_MAX_ID = 2**63 - 1


class AssignTariff(Endpoint):
    scopes: ClassVar = {"POST": Scope.TARIFFS_WRITE}
    rights: ClassVar = {"POST": Right.PRICE}

    @extend_schema(
        operation_id="tariff_assign",
        request=AssignRequest,
        responses={201: AssignmentView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Sell at a tariff; what held until then ends. A price above a cap there is refused."""
        values = validated(AssignRequest(data=request.data))
        charger = find_charger(self.actor, values["charger_id"])
        self.require(charger.cpo)
        template = find_template(self.actor, values["template_id"])
        connector = _connector(charger, values.get("connector_id"))

        def write() -> Answer:
            assignment = assign_tariff(
                charger,
                template=template,
                connector=connector,
                valid_from=values.get("valid_from"),
                valid_to=values.get("valid_to"),
                actor=audit_name(self.actor),
            )
            return Answer(201, dict(AssignmentView(assignment).data))

        return self.once(request, write)


class AssignmentFilter(django_filters.FilterSet):
    cpo_id = django_filters.UUIDFilter(field_name="template__cpo_id")
    charger_id = django_filters.CharFilter(field_name="charger__identity", lookup_expr="iexact")
    template_id = django_filters.NumberFilter(
        field_name="template_id", min_value=1, max_value=_MAX_ID
    )

    class Meta:
        model = TariffAssignment
        fields: ClassVar[list[str]] = []


class Assignments(ListEndpoint[TariffAssignment]):
    scopes: ClassVar = {"GET": Scope.TARIFFS_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    queryset = TariffAssignment.objects.select_related("template", "charger", "connector")
    serializer_class = AssignmentView
    filterset_class = AssignmentFilter
    ordering_fields = ("valid_from",)
    ordering = ("charger__identity", "connector__number", "valid_from")

    @extend_schema(operation_id="tariff_assignment_list", responses=AssignmentView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """What was, is and will be assigned."""
        return super().get(request, **path)


class AssignmentDetail(Endpoint):
    scopes: ClassVar = {"DELETE": Scope.TARIFFS_WRITE}
    rights: ClassVar = {"DELETE": Right.PRICE}

    @extend_schema(operation_id="tariff_assignment_end", responses={204: None})
    def delete(self, request: Request, assignment_id: int) -> Response:
        """Sell at it no longer, from now on; one that has not begun is removed."""
        rows = visible(self.actor, TariffAssignment.objects.select_related("charger__cpo"))
        row = rows.filter(pk=assignment_id).first() if assignment_id <= _MAX_ID else None
        if row is None:
            raise NotFoundError(_("There is no such assignment."))
        self.require(row.charger.cpo)
        end_assignment(row, actor=audit_name(self.actor))
        return Response(status=204)


class DefaultFilter(django_filters.FilterSet):
    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")

    class Meta:
        model = TariffDefault
        fields: ClassVar[list[str]] = []


class Defaults(ListEndpoint[TariffDefault]):
    scopes: ClassVar = {"GET": Scope.TARIFFS_READ, "POST": Scope.TARIFFS_WRITE}
    rights: ClassVar = {"GET": Right.VIEW, "POST": Right.PRICE}
    queryset = TariffDefault.objects.select_related("template")
    serializer_class = DefaultView
    filterset_class = DefaultFilter
    ordering_fields = ("valid_from",)
    ordering = ("cpo", "location", "-valid_from")

    @extend_schema(operation_id="tariff_default_list", responses=DefaultView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """Defaults of companies and locations, the newest of each first."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="tariff_default_set",
        request=DefaultRequest,
        responses={201: DefaultView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Set what chargers without a tariff of their own sell at."""
        values = validated(DefaultRequest(data=request.data))
        template = None
        if values["template_id"] is not None:
            template = find_template(self.actor, values["template_id"])
        named = values.get("cpo_id")
        cpo = template.cpo if template and named is None else company_of(self.actor, named)
        self.require(cpo)
        location = _location(self.actor, values.get("location_id"))

        def write() -> Answer:
            made = set_default_tariff(
                cpo,
                template=template,
                location=location,
                valid_from=values.get("valid_from"),
                actor=audit_name(self.actor),
            )
            return Answer(201, dict(DefaultView(made).data))

        return self.once(request, write)


class DefaultDetail(Endpoint):
    scopes: ClassVar = {"DELETE": Scope.TARIFFS_WRITE}
    rights: ClassVar = {"DELETE": Right.PRICE}

    @extend_schema(operation_id="tariff_default_withdraw", responses={204: None})
    def delete(self, request: Request, default_id: int) -> Response:
        """Take back a default that has not begun."""
        rows = visible(self.actor, TariffDefault.objects.select_related("cpo"))
        row = rows.filter(pk=default_id).first() if default_id <= _MAX_ID else None
        if row is None:
            raise NotFoundError(_("There is no such default tariff."))
        self.require(row.cpo)
        withdraw_default(row, actor=audit_name(self.actor))
        return Response(status=204)


class TemplateComparison(Endpoint):
    # It reads, although it is a POST.
    scopes: ClassVar = {"POST": Scope.TARIFFS_READ}
    rights: ClassVar = {"POST": Right.VIEW}

    @extend_schema(
        operation_id="tariff_template_comparison",
        request=ComparisonRequest,
        responses=ComparisonView,
    )
    def post(self, request: Request, template_id: int) -> Response:
        """What past sessions would have cost: at its newest prices, or at those in the request."""
        template = find_template(self.actor, template_id)
        values = validated(ComparisonRequest(data=request.data))
        since, until = _span(values)
        sessions = visible(self.actor, ChargingSession.objects.all()).filter(
            cpo=template.cpo_id, started_at__gte=since, started_at__lt=until
        )
        if values["only_this_tariff"]:
            sessions = sessions.filter(tariff_version__template=template)
        found = compare_prices(sessions, _compared(template, values))
        return Response(ComparisonView(found).data)


def _compared(template: TariffTemplate, values: dict[str, Any]) -> Rules:
    if "elements" in values or "simple" in values:
        return given_rules(values)
    newest = newest_version(template)
    if newest is None:
        raise InvalidError(_("This tariff has no prices yet."), field="elements")
    return rules_of(newest)


def _span(values: dict[str, Any]) -> tuple[datetime, datetime]:
    first, last = last_month(clock.now().astimezone(_JAKARTA))
    since, until = values.get("from") or first, values.get("to") or last
    if until <= since:
        raise InvalidError(_("It has to end after it begins."), field="to")
    return since, until


def _connector(charger: Charger, number: int | None) -> Connector | None:
    if number is None:
        return None
    found = charger.connectors.filter(number=number).first()
    if found is None:
        raise InvalidError(_("This charger has no such connector."), field="connector_id")
    return found


def _location(actor: Actor, location_id: int | None) -> Location | None:
    if location_id is None:
        return None
    found = visible(actor, Location.objects.all()).filter(pk=location_id).first()
    if found is None:
        raise NotFoundError(_("There is no such location."), field="location_id")
    return found
