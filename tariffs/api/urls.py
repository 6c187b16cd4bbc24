from __future__ import annotations

from django.urls import path

from tariffs.api import templates

urlpatterns = [
    path("tariffs/templates", templates.Templates.as_view(), name="api_tariff_templates"),
    path(
        "tariffs/templates/<int:template_id>",
        templates.TemplateDetail.as_view(),
        name="api_tariff_template",
    ),
    path(
        "tariffs/templates/<int:template_id>/preview",
        templates.TemplatePreview.as_view(),
        name="api_tariff_preview",
    ),
]
