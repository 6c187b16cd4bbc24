"""The OpenAPI document: JSON unless YAML is asked for, by `?format=` or by Accept."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response


class FormatNegotiation(DefaultContentNegotiation):
    """A known `?format=` decides whatever the Accept header says; the rest is by that header."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        wanted = request.query_params.get("format")
        for renderer in renderers:
            if renderer.format == wanted:
                return renderer, renderer.media_type
        chosen: tuple[BaseRenderer, str] = super().select_renderer(
            request, renderers, format_suffix
        )
        return chosen


@cache
def drawn(language: str) -> dict[str, Any]:
    """The document, kept: to draw it takes most of a second, and anybody may ask for it."""
    with translation.override(language):
        generator: Any = SchemaGenerator
        document: dict[str, Any] = generator().get_schema(request=None, public=True)
    return document


class SchemaView(SpectacularAPIView):
    # The plain media types first: they are what a reader that accepts anything can show.
    renderer_classes = [
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer2,
        OpenApiYamlRenderer,
    ]
    content_negotiation_class = FormatNegotiation

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """In the language of `?lang=`, or of the request; one that we have."""
        asked = [request.query_params.get("lang"), translation.get_language()]
        known = [each for each in asked if each in dict(settings.LANGUAGES)]
        return Response(drawn((known or [settings.LANGUAGE_CODE])[0]))
