"""Which rows with `latitude` and `longitude` lie around a point, and how far (great circle)."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple, TypeVar

from django.db.models import (
    F,
    FloatField,  # noqa: TID251 (degrees and metres, no money)
    Model,
    QuerySet,
    Value,
)
from django.db.models.functions import ASin, Cast, Cos, Least, Power, Radians, Sin, Sqrt

_Row = TypeVar("_Row", bound=Model)
EARTH_M: Final = 6_371_000
_KM_PER_DEGREE: Final = 111.2
_MOST_SOUTH: Final = 89.0


class Point(NamedTuple):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


def around(rows: QuerySet[_Row], point: Point, *, radius_km: int) -> QuerySet[Any]:
    """Rows within the radius, with `distance_m`. An index on latitude narrows them first."""
    north = radius_km / _KM_PER_DEGREE
    boxed = rows.filter(latitude__range=(point.latitude - north, point.latitude + north))
    if abs(point.latitude) + north < _MOST_SOUTH:
        east = north / math.cos(math.radians(abs(point.latitude) + north))
        if point.longitude - east > -180 and point.longitude + east < 180:
            # Elsewhere the box would reach over the date line.
            boxed = boxed.filter(longitude__range=(point.longitude - east, point.longitude + east))
    return boxed.annotate(distance_m=_distance(point)).filter(distance_m__lte=radius_km * 1000)


def _distance(point: Point) -> Any:
    """Haversine; what rounding lifts above 1 is cut, as asin has no value there."""
    here, latitude = math.radians(point.latitude), _radians("latitude")
    half_north = (latitude - Value(here)) / 2.0
    half_east = (_radians("longitude") - Value(math.radians(point.longitude))) / 2.0
    square = Power(Sin(half_north), 2.0) + Value(math.cos(here)) * Cos(latitude) * Power(
        Sin(half_east), 2.0
    )
    return Value(2.0 * EARTH_M) * ASin(Least(Sqrt(square), Value(1.0)), output_field=FloatField())


def _radians(field: str) -> Any:
    return Radians(Cast(F(field), FloatField()))
