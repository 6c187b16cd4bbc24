"""Reports as files, by the API: CSV while it is made, XLSX when it is whole."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django.core.files import File
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from chargers.models import SessionStatus
from chargers.models.location import validate_time_zone
from cpo.access import Right
from cpo.api.companies import find_company
from cpo.api.endpoint import Endpoint, validated
from cpo.models import Scope
from unievp.lib.api.negotiation import AnyType
from unievp.lib.downloads import attachment
from unievp.lib.streams import streamed
from unievp.lib.tables import CsvStyle, write_xlsx
from unievp.web.reports.transactions import COLUMNS, Wanted, transactions
from unievp.web.timezones import OFFICE_ZONE

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAME: Final = "transactions"


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
    to = Moment(required=False)
    cpo_id = serializers.UUIDField(required=False)
    charger_id = serializers.CharField(required=False, max_length=48)
    status = serializers.ChoiceField(required=False, choices=SessionStatus.choices)
    tz = serializers.CharField(required=False, max_length=48, validators=[validate_time_zone])
    decimal = serializers.ChoiceField(required=False, choices=["point", "comma"], default="point")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # "from" is no name in Python.
        return {"from": Moment(required=False), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        zone = ZoneInfo(attrs["tz"]) if "tz" in attrs else None
        place = zone or OFFICE_ZONE
        since = _instant("from", attrs.get("from"), place)
        until = _instant("to", attrs.get("to"), place)
        if since and until and since >= until:
            raise serializers.ValidationError({"to": [_("It has to be after from.")]})
        return attrs | {"since": since, "until": until, "zone": zone}


_PARAMETERS: Final = [
    OpenApiParameter("from", OpenApiTypes.STR, description="A day or an instant."),
    OpenApiParameter(
        "to", OpenApiTypes.STR, description="A day, which is included, or an instant, which is not."
    ),
    OpenApiParameter("cpo_id", OpenApiTypes.UUID),
    OpenApiParameter("charger_id", OpenApiTypes.STR),
    OpenApiParameter("status", OpenApiTypes.STR, enum=SessionStatus.values),
    OpenApiParameter(
        "tz",
        OpenApiTypes.STR,
        description="Of the times and days, such as Asia/Makassar; without it each location's own.",
    ),
    OpenApiParameter(
        "decimal",
        OpenApiTypes.STR,
        enum=["point", "comma"],
        description="comma: 1,5 and semicolons between cells.",
    ),
]


class _Transactions(Endpoint):
    scopes: ClassVar = {"GET": Scope.REPORTS_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    content_negotiation_class = AnyType

    def query(self, request: Request) -> tuple[Wanted, dict[str, Any]]:
        values = validated(ReportQuery(data=request.query_params))
        if "cpo_id" in values:
            find_company(self.actor, values["cpo_id"])
        wanted = Wanted(
            since=values["since"],
            until=values["until"],
            cpo_id=values.get("cpo_id"),
            charger_id=values.get("charger_id", ""),
            status=values.get("status", ""),
            zone=values["zone"],
        )
        return wanted, values


class TransactionsCsv(_Transactions):
    @extend_schema(
        operation_id="report_transactions_csv",
        parameters=_PARAMETERS,
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Every charging session of a time as CSV, sent while it is made."""
        wanted, values = self.query(request)
        style = CsvStyle(comma=values["decimal"] == "comma")
        rows = transactions(self.actor, wanted)
        response = StreamingHttpResponse(
            streamed(rows, style.lines, head=style.head(COLUMNS)),
            content_type="text/csv; charset=utf-8",
        )
        response["Content-Disposition"] = f'attachment; filename="{_NAME}.csv"'
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class TransactionsXlsx(_Transactions):
    @extend_schema(
        operation_id="report_transactions_xlsx",
        parameters=_PARAMETERS,
        responses={(200, XLSX): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The same as a workbook; at most 1,048,575 sessions."""
        wanted, _values = self.query(request)
        file = tempfile.TemporaryFile()  # noqa: SIM115  (the answer closes it)
        write_xlsx(file, COLUMNS, transactions(self.actor, wanted))
        size = file.tell()
        response = attachment(File(file), name=f"{_NAME}.xlsx", size=size)
        response["Content-Type"] = XLSX
        return response


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
