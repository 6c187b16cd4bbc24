"""Charging sessions: listed, looked at, and their curve."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.api.session_serializers import ReadingView, SessionView
from chargers.models import BillingStatus, ChargingSession, MeterReading, SessionStatus
from chargers.selectors.quotes import costs_of
from cpo.access import Right, visible
from cpo.api.endpoint import Endpoint, ListEndpoint
from cpo.models import Scope
from unievp.lib.errors import NotFoundError

_PARTS = ("charger", "charger__location", "connector")
_MAX_ID = 2**63 - 1


class SessionFilter(django_filters.FilterSet):
    """`from` and `to` are about the start; `to` itself is not included."""

    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")
    charger_id = django_filters.CharFilter(field_name="charger__identity", method="in_any_case")
    location_id = django_filters.NumberFilter(field_name="charger__location_id")
    connector_id = django_filters.NumberFilter(field_name="connector__number")
    transaction_id = django_filters.NumberFilter(
        field_name="transaction_id", min_value=1, max_value=2**31 - 1
    )
    id_tag = django_filters.CharFilter(field_name="id_tag", method="in_any_case")
    driver_id = django_filters.UUIDFilter(field_name="driver_id")
    status = django_filters.ChoiceFilter(choices=SessionStatus.choices)
    billing_status = django_filters.ChoiceFilter(choices=BillingStatus.choices)

    class Meta:
        model = ChargingSession
        fields: ClassVar[list[str]] = []

    def in_any_case(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(**{f"{name}__lower": value.lower()})


# "from" is no name in Python.
SessionFilter.base_filters["from"] = django_filters.IsoDateTimeFilter(
    field_name="started_at", lookup_expr="gte"
)
SessionFilter.base_filters["to"] = django_filters.IsoDateTimeFilter(
    field_name="started_at", lookup_expr="lt"
)


class Sessions(ListEndpoint[ChargingSession]):
    scopes: ClassVar = {"GET": Scope.SESSIONS_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    drivers: ClassVar = frozenset({"GET"})
    queryset = ChargingSession.objects.select_related(*_PARTS)
    serializer_class = SessionView
    filterset_class = SessionFilter
    ordering_fields = ("started_at", "ended_at", "energy_wh", "cost")
    ordering = ("-started_at", "-id")

    def prepare(self, rows: list[ChargingSession]) -> None:
        note_costs(rows)

    @extend_schema(operation_id="session_list", responses=SessionView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The charging sessions you may see, with live energy and cost of running ones."""
        return super().get(request, **path)


class SessionDetail(Endpoint):
    scopes: ClassVar = {"GET": Scope.SESSIONS_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    drivers: ClassVar = frozenset({"GET"})

    @extend_schema(operation_id="session_read", responses=SessionView)
    def get(self, request: Request, session_id: int) -> Response:
        session = find_session(self, session_id)
        note_costs([session])
        return Response(SessionView(session).data)


class SessionReadings(ListEndpoint[MeterReading]):
    """The platform keeps readings in one stream; a session that may be seen opens its part."""

    scopes: ClassVar = {"GET": Scope.SESSIONS_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    drivers: ClassVar = frozenset({"GET"})
    queryset = MeterReading.objects.order_by("measured_at", "id")
    serializer_class = ReadingView
    filter_backends = ()

    def rows(self, rows: QuerySet[MeterReading]) -> QuerySet[MeterReading]:
        session = find_session(self, self.kwargs["session_id"])
        return rows.filter(session_id=session.pk)

    @extend_schema(operation_id="session_readings", responses=ReadingView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """What the charger measured during a session, in the order of its own times."""
        return super().get(request, **path)


def find_session(endpoint: Endpoint, session_id: int) -> ChargingSession:
    """Raises NotFoundError, also for another company's session."""
    rows = visible(endpoint.actor, ChargingSession.objects.select_related(*_PARTS))
    session = rows.filter(pk=session_id).first() if session_id <= _MAX_ID else None
    if session is None:
        raise NotFoundError(_("There is no such session."))
    return session


def note_costs(sessions: list[ChargingSession]) -> None:
    """What each costs, by one query for all."""
    costs = costs_of(sessions)
    for session in sessions:
        session.shown_cost = costs.get(session.pk, session.cost)  # type: ignore[attr-defined]
