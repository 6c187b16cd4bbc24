"""What drivers of the platform charge at other companies."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.api.endpoint import ListEndpoint
from cpo.api.rights import Platform
from cpo.models import Scope
from ocpi.api.roaming.base import RoamingEndpoint
from ocpi.api.roaming.finding import find_session
from ocpi.api.roaming.serializers import RoamingSessionView
from ocpi.models import ForeignSession, ForeignStatus
from ocpi.selectors.abroad import sessions_abroad


class RoamingSessionFilter(django_filters.FilterSet):
    """`from` and `to` are about the start; `to` itself is not included."""

    driver_id = django_filters.UUIDFilter(field_name="own_token__contract__driver_id")
    status = django_filters.ChoiceFilter(choices=ForeignStatus.choices)

    class Meta:
        model = ForeignSession
        fields: ClassVar[list[str]] = []


# "from" is no name in Python.
RoamingSessionFilter.base_filters["from"] = django_filters.IsoDateTimeFilter(
    field_name="started_at", lookup_expr="gte"
)
RoamingSessionFilter.base_filters["to"] = django_filters.IsoDateTimeFilter(
    field_name="started_at", lookup_expr="lt"
)


class RoamingSessions(RoamingEndpoint, ListEndpoint[ForeignSession]):
    scopes: ClassVar = {"GET": Scope.SESSIONS_READ}
    rights: ClassVar = {"GET": Platform()}
    drivers: ClassVar = frozenset({"GET"})
    queryset = ForeignSession.objects.select_related("own_token__contract").defer("body")
    serializer_class = RoamingSessionView
    filterset_class = RoamingSessionFilter
    ordering_fields = ("started_at", "ended_at", "energy_wh")
    ordering = ("-started_at", "-id")

    @extend_schema(operation_id="roaming_session_list", responses=RoamingSessionView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """Sessions elsewhere: a driver's own ones, with live energy and cost."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        views = RoamingSessionView(sessions_abroad(rows), many=True)
        return self.get_paginated_response(views.data)


class RoamingSession(RoamingEndpoint):
    scopes: ClassVar = {"GET": Scope.SESSIONS_READ}
    rights: ClassVar = {"GET": Platform()}
    drivers: ClassVar = frozenset({"GET"})

    @extend_schema(operation_id="roaming_session_read", responses=RoamingSessionView)
    def get(self, request: Request, roaming_session_id: int) -> Response:
        session = find_session(self.actor, roaming_session_id)
        (view,) = sessions_abroad([session])
        return Response(RoamingSessionView(view).data)
