"""The query of a report, from text to what is wanted; a wrong part is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from chargers.models import Location
from chargers.models.location import validate_time_zone
from cpo.access import Actor, require_right, visible, visible_with
from cpo.api.companies import find_company
from cpo.models import CPO
from unievp.lib.errors import NotFoundError
from unievp.web.reports.report import Report
from unievp.web.reports.wanted import Wanted
from unievp.web.timezones import OFFICE_ZONE

BY: Final = ("hour", "day", "month")
_MOST_KEY: Final = 2**63 - 1


class Moment(serializers.Field[Any, Any, Any, Any]):
    """A day (2026-11-30) or an instant (2026-11-30T07:00:00Z)."""

    def to_internal_value(self, data: Any) -> date | datetime:
        try:
            found = parse_date(str(data)) or parse_datetime(str(data))
        except ValueError:
            found = None
        if found is None:
            raise serializers.ValidationError(_("A day or an instant, such as 2026-11-30."))
        return found


class ReportQuery(serializers.Serializer[Any]):
    """`report` decides which of the filters there are; others are ignored, as everywhere."""

    to = Moment(required=False)
    cpo_id = serializers.UUIDField(required=False)
    location_id = serializers.IntegerField(required=False, min_value=1, max_value=_MOST_KEY)
    charger_id = serializers.CharField(required=False, max_length=48)
    by = serializers.ChoiceField(required=False, choices=BY, default="day")
    tz = serializers.CharField(required=False, max_length=48, validators=[validate_time_zone])
    decimal = serializers.ChoiceField(required=False, choices=["point", "comma"], default="point")

    def __init__(self, report: Report, **kwargs: Any) -> None:
        self.report = report
        super().__init__(**kwargs)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # "from" is no name in Python.
        fields = {"from": Moment(required=False), **super().get_fields()}
        if self.report.statuses:
            statuses = list(self.report.statuses)
            fields["status"] = serializers.ChoiceField(required=False, choices=statuses)
        missing = {"location_id", "charger_id", "status", "by"} - self.report.filters
        return {name: field for name, field in fields.items() if name not in missing}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        zone = ZoneInfo(attrs["tz"]) if "tz" in attrs else None
        place = zone or OFFICE_ZONE
        since = _instant("from", attrs.get("from"), place)
        until = _instant("to", attrs.get("to"), place)
        if since and until and since >= until:
            raise serializers.ValidationError({"to": [_("It has to be after from.")]})
        return attrs | {"since": since, "until": until, "zone": zone}


def wanted_of(actor: Actor, report: Report, values: dict[str, Any]) -> Wanted:
    """Raises NotFoundError (a company or location out of sight), ForbiddenError (no right there).

    `values` are a valid query's.
    """
    cpo_id = values.get("cpo_id")
    if cpo_id is not None:
        require_right(actor, find_company(actor, cpo_id), report.right)
    else:
        # Asked now: once the answer has begun nothing can be refused any more.
        visible_with(actor, CPO.objects.all(), report.right)
    location_id = values.get("location_id")
    if location_id is not None and not (
        visible(actor, Location.objects.all()).filter(pk=location_id).exists()
    ):
        raise NotFoundError(_("There is no such location."), field="location_id")
    return Wanted(
        since=values["since"],
        until=values["until"],
        cpo_id=cpo_id,
        location_id=location_id,
        charger_id=values.get("charger_id", ""),
        status=values.get("status", ""),
        zone=values["zone"],
        by=values.get("by", "day"),
    )


def parameters_of(report: Report) -> list[OpenApiParameter]:
    known = {
        "location_id": OpenApiParameter("location_id", OpenApiTypes.INT64),
        "charger_id": OpenApiParameter("charger_id", OpenApiTypes.STR),
        "status": OpenApiParameter(
            "status", OpenApiTypes.STR, enum=[value for value, _label in report.statuses]
        ),
        "by": OpenApiParameter(
            "by", OpenApiTypes.STR, enum=BY, description="What one row sums up; day unless told."
        ),
    }
    missing = f"; without it {report.usual_days} days ago" if report.usual_days else ""
    return [
        OpenApiParameter("from", OpenApiTypes.STR, description=f"A day or an instant{missing}."),
        OpenApiParameter(
            "to",
            OpenApiTypes.STR,
            description="A day, which is included, or an instant, which is not.",
        ),
        OpenApiParameter("cpo_id", OpenApiTypes.UUID),
        *(parameter for name, parameter in known.items() if name in report.filters),
        OpenApiParameter(
            "tz",
            OpenApiTypes.STR,
            description="Of the times and days, such as Asia/Makassar; else each location's own.",
        ),
        OpenApiParameter(
            "decimal",
            OpenApiTypes.STR,
            enum=["point", "comma"],
            description="comma: 1,5 and semicolons between cells.",
        ),
    ]


def _instant(field: str, value: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    """A day begins `from` and ends `to`."""
    if value is None:
        return None
    try:
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
        day = value + timedelta(days=1) if field == "to" else value
        return datetime.combine(day, time.min, zone).astimezone(UTC)
    except OverflowError:
        raise serializers.ValidationError({field: [_("This time is out of range.")]}) from None
