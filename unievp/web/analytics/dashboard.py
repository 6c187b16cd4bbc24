"""The figures a CPO opens the day with, and their endpoint."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.selectors.board import Kpis, kpis
from chargers.selectors.session_sums import Totals
from chargers.selectors.totals import month, totals_between, totals_since, utilisation
from cpo.access import Actor, Right
from cpo.api.companies import find_company
from cpo.api.endpoint import Endpoint, validated
from cpo.models import Scope
from unievp.lib import clock
from unievp.web.analytics.uptimes import USUAL, uptime_percent


class DashboardQuery(serializers.Serializer[Any]):
    cpo_id = serializers.UUIDField(required=False)
    to = serializers.DateTimeField(required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # "from" is no name in Python.
        return {"from": serializers.DateTimeField(required=False), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        until = attrs.get("to") or clock.now()
        since = attrs.get("from") or until - USUAL
        if since >= until:
            raise serializers.ValidationError({"to": ["It has to be after from."]})
        return attrs | {"since": since, "until": until}


class ChargerFigures(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    online = serializers.IntegerField()
    charging = serializers.IntegerField(help_text="With a running session.")
    faulted = serializers.IntegerField()


class SessionFigures(serializers.Serializer[Any]):
    active = serializers.IntegerField()
    today = serializers.IntegerField()
    month = serializers.IntegerField()


class DayAndMonth(serializers.Serializer[Any]):
    today = serializers.IntegerField()
    month = serializers.IntegerField()


class PeriodFigures(serializers.Serializer[Any]):
    sessions = serializers.IntegerField()
    energy_wh = serializers.IntegerField()
    revenue = serializers.IntegerField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        times = {name: serializers.DateTimeField() for name in ("from", "to")}
        return {**times, **super().get_fields()}


class DashboardView(serializers.Serializer[Any]):
    """Days and months are each location's own. `revenue` is what is billed of these sessions.
    `utilisation` and `uptime` (%) and `period` are about `from` to `to`, 30 days unless told.
    """

    as_of = serializers.DateTimeField()
    currency = serializers.CharField()
    chargers = ChargerFigures()
    sessions = SessionFigures()
    energy_wh = DayAndMonth()
    revenue = DayAndMonth()
    period = PeriodFigures()
    utilisation = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    uptime = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)


class Dashboard(Endpoint):
    scopes: ClassVar = {"GET": Scope.REPORTS_READ}
    rights: ClassVar = {"GET": Right.VIEW}

    @extend_schema(
        operation_id="dashboard",
        parameters=[OpenApiParameter("from", datetime), DashboardQuery],
        responses=DashboardView,
    )
    def get(self, request: Request) -> Response:
        """Chargers now; sessions, energy and revenue of today, this month and a period."""
        query = validated(DashboardQuery(data=request.query_params))
        cpo_id: UUID | None = query.get("cpo_id")
        if cpo_id is not None:
            find_company(self.actor, cpo_id)
        figures = dashboard(self.actor, cpo_id, query["since"], query["until"])
        return Response(DashboardView(figures).data)


def dashboard(
    actor: Actor, cpo_id: UUID | None, since: datetime, until: datetime
) -> dict[str, Any]:
    now_figures = kpis(actor, cpo_id)
    this_month = totals_since(actor, cpo_id, month)
    period = totals_between(actor, cpo_id, since, until)
    return {
        "as_of": clock.now(),
        "currency": settings.CURRENCY,
        **_field(now_figures, this_month),
        "period": {"from": since, "to": until, **asdict(period)},
        "utilisation": utilisation(actor, cpo_id, since, until),
        "uptime": uptime_percent(actor, cpo_id, since, until),
    }


def _field(now: Kpis, this_month: Totals) -> dict[str, Any]:
    return {
        "chargers": {
            "total": now.total,
            "online": now.online,
            "charging": now.charging,
            "faulted": now.faulted,
        },
        "sessions": {
            "active": now.running,
            "today": now.sessions,
            "month": this_month.sessions,
        },
        "energy_wh": {"today": now.energy_wh, "month": this_month.energy_wh},
        "revenue": {"today": now.revenue, "month": this_month.revenue},
    }
