"""Reports as files, by the API: CSV while it is made, XLSX when it is whole."""

from __future__ import annotations

import tempfile
from typing import Any, ClassVar, Final

from django.core.files import File
from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request

from cpo.api.endpoint import Endpoint, validated
from cpo.models import Scope
from unievp.lib.api.negotiation import AnyType
from unievp.lib.downloads import attachment
from unievp.lib.streams import streamed
from unievp.lib.tables import CsvStyle, write_xlsx
from unievp.web.reports.query import ReportQuery, parameters_of, wanted_of
from unievp.web.reports.registry import REPORTS
from unievp.web.reports.report import Report
from unievp.web.reports.wanted import Wanted

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _File(Endpoint):
    report: ClassVar[Report]
    scopes: ClassVar = {"GET": Scope.REPORTS_READ}
    content_negotiation_class = AnyType

    def query(self, request: Request) -> tuple[Wanted, dict[str, Any]]:
        values = validated(ReportQuery(self.report, data=request.query_params))
        return wanted_of(self.actor, self.report, values), values

    def answer(self, request: Request) -> HttpResponseBase:
        raise NotImplementedError


class _Csv(_File):
    def answer(self, request: Request) -> HttpResponseBase:
        wanted, values = self.query(request)
        style = CsvStyle(comma=values["decimal"] == "comma")
        rows = self.report.rows(self.actor, wanted)
        response = StreamingHttpResponse(
            streamed(rows, style.lines, head=style.head(self.report.columns)),
            content_type="text/csv; charset=utf-8",
        )
        response["Content-Disposition"] = f'attachment; filename="{self.report.name}.csv"'
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class _Xlsx(_File):
    def answer(self, request: Request) -> HttpResponseBase:
        wanted, _values = self.query(request)
        file = tempfile.TemporaryFile()  # noqa: SIM115  (the answer closes it)
        write_xlsx(file, self.report.columns, self.report.rows(self.actor, wanted))
        response = attachment(File(file), name=f"{self.report.name}.xlsx", size=file.tell())
        response["Content-Type"] = XLSX
        return response


_FORMS: Final[dict[str, tuple[type[_File], str, Any, str]]] = {
    "csv": (_Csv, "text/csv", OpenApiTypes.STR, "As CSV, sent while it is made."),
    "xlsx": (_Xlsx, XLSX, OpenApiTypes.BINARY, "As a workbook; at most 1,048,575 rows."),
}


def _endpoint(report: Report, kind: str) -> type[Endpoint]:
    base, media_type, content, form = _FORMS[kind]

    @extend_schema(
        operation_id=f"report_{report.name}_{kind}",
        description=f"{report.about} {form}",
        parameters=parameters_of(report),
        responses={(200, media_type): OpenApiResponse(content)},
    )
    def get(self: _File, request: Request) -> HttpResponseBase:
        return self.answer(request)

    members = {"report": report, "rights": {"GET": report.right}, "get": get}
    name = f"{report.name.title()}{kind.title()}"
    return type(name, (base,), {**members, "__module__": __name__})


urlpatterns: list[URLPattern] = [
    path(
        f"reports/{name}.{kind}",
        _endpoint(report, kind).as_view(),
        name=f"api_report_{name}_{kind}",
    )
    for name, report in REPORTS.items()
    for kind in _FORMS
]
