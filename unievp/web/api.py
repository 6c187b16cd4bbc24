"""The addresses of the REST API. What leads nowhere is a problem document, not a page."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularSwaggerSplitView

import cpo.api.openapi  # noqa: F401  (registers itself)
from cpo.api.rights import Need, Open
from unievp.lib.api.problems import problem_response
from unievp.lib.api.schema import SchemaView
from unievp.web.analytics.dashboard import Dashboard
from unievp.web.reports.api import urlpatterns as reports


class Schema(SchemaView):
    rights: ClassVar[dict[str, Need]] = {"GET": Open.EVERYBODY}


class Docs(SpectacularSwaggerSplitView):
    rights: ClassVar[dict[str, Need]] = {"GET": Open.EVERYBODY}


@csrf_exempt
def nowhere(_request: HttpRequest) -> HttpResponse:
    return problem_response(404, _("There is nothing here."))


urlpatterns = [
    path("schema", Schema.as_view(), name="api_schema"),
    path("docs", Docs.as_view(url_name="api_schema"), name="api_docs"),
    *reports,
    path("analytics/dashboard", Dashboard.as_view(), name="api_dashboard"),
    path("", include("cpo.api.urls")),
    path("", include("tariffs.api.urls")),
    path("", include("chargers.api.urls")),
    path("", include("payments.api.urls")),
    path("", include("tickets.api.urls")),
    path("", include("ocpi.api.roaming.urls")),
    re_path(r"^", nowhere),
]
