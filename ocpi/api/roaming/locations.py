"""Where drivers of the platform may charge at other companies."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import JSONField, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.api.endpoint import ListEndpoint
from cpo.api.rights import Platform
from cpo.models import Scope
from ocpi.api.roaming.base import RoamingEndpoint
from ocpi.api.roaming.finding import find_location
from ocpi.api.roaming.serializers import RoamingLocationDetailView, RoamingLocationView
from ocpi.models import ForeignLocation
from ocpi.selectors.abroad import location_detail, location_view
from ocpi.selectors.nearby import Point, around

_MOST_KM: Final = 500
_USUAL_KM: Final = 25


class PointField(forms.CharField):
    """`-6.2,106.8`: degrees north, degrees east."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        north, _comma, east = str(text).partition(",")
        try:
            point = Point(float(north), float(east))
        except ValueError:
            point = Point(float("nan"), 0.0)
        if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
            raise ValidationError(_("Latitude and longitude, such as -6.2,106.8."))
        return point


class PointFilter(django_filters.CharFilter):
    field_class = PointField


class RoamingLocationFilter(django_filters.FilterSet):
    near = PointFilter(
        method="nearby", max_length=40, label="Latitude and longitude, such as -6.2,106.8."
    )
    radius_km = django_filters.NumberFilter(
        method="ignored", min_value=1, max_value=_MOST_KM, label="Around `near`; 25 unless given."
    )
    search = django_filters.CharFilter(
        method="named", max_length=100, label="Part of its name, address or city."
    )
    country = django_filters.CharFilter(field_name="country", lookup_expr="iexact", max_length=3)
    standard = django_filters.CharFilter(
        method="with_plug", max_length=32, label="Plug, such as IEC_62196_T2_COMBO."
    )
    available = django_filters.BooleanFilter(
        method="with_free", label="true: at least one EVSE is free."
    )

    class Meta:
        model = ForeignLocation
        fields: ClassVar[list[str]] = []

    def nearby(self, rows: QuerySet[Any], _name: str, point: Point) -> QuerySet[Any]:
        radius = self.form.cleaned_data.get("radius_km") or _USUAL_KM
        return around(rows, point, radius_km=int(radius))

    def ignored(self, rows: QuerySet[Any], _name: str, _value: object) -> QuerySet[Any]:
        """`near` reads it."""
        return rows

    def named(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(name__icontains=value) | Q(address__icontains=value) | Q(city__icontains=value)
        )

    def with_plug(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return _holding(rows, {"evses": [{"connectors": [{"standard": value.upper()}]}]})

    def with_free(self, rows: QuerySet[Any], _name: str, value: object) -> QuerySet[Any]:
        return _holding(rows, {"evses": [{"status": "AVAILABLE"}]}) if value else rows


def _holding(rows: QuerySet[Any], part: dict[str, Any]) -> QuerySet[Any]:
    """Read from the partner's own words: what `near` left is a few hundred rows."""
    found: QuerySet[Any] = rows.annotate(told=Cast("body", JSONField())).filter(told__contains=part)
    return found


class RoamingLocations(RoamingEndpoint, ListEndpoint[ForeignLocation]):
    scopes: ClassVar = {"GET": Scope.CHARGERS_READ}
    rights: ClassVar = {"GET": Platform()}
    drivers: ClassVar = frozenset({"GET"})
    queryset = ForeignLocation.objects.all()
    serializer_class = RoamingLocationView
    filterset_class = RoamingLocationFilter
    ordering_fields = ("name", "city", "last_updated")
    ordering = ("city", "name", "id")

    def rows(self, rows: QuerySet[ForeignLocation]) -> QuerySet[ForeignLocation]:
        # Staff see what is gone, too, by its number; nobody looks for it.
        return super().rows(rows).filter(is_offered=True)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        if "distance_m" in rows.query.annotations and "ordering" not in self.request.query_params:
            return rows.order_by("distance_m", "pk")
        return rows

    @extend_schema(operation_id="roaming_location_list", responses=RoamingLocationView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """Other companies' locations; with `near` those around it, the nearest first."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        views = [location_view(row) for row in rows]
        return self.get_paginated_response(RoamingLocationView(views, many=True).data)


class RoamingLocation(RoamingEndpoint):
    scopes: ClassVar = {"GET": Scope.CHARGERS_READ}
    rights: ClassVar = {"GET": Platform()}
    drivers: ClassVar = frozenset({"GET"})

    @extend_schema(operation_id="roaming_location_read", responses=RoamingLocationDetailView)
    def get(self, request: Request, roaming_location_id: int) -> Response:
        """One location with its EVSEs, and what they cost in plain words."""
        row = find_location(self.actor, roaming_location_id)
        view = location_detail(row, (get_language() or "id")[:2])
        return Response(RoamingLocationDetailView(view).data)
