"""How the schema describes our way of signing in; importing it registers it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from cpo.api.authentication import KEYWORD


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # a metaclass
    target_class = "cpo.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`{KEYWORD} uniev_…`",
        }


class DriverScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # a metaclass
    target_class = "cpo.api.bearer.DriverAuthentication"
    name = "driver"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A driver's access token of Supabase Auth.",
        }
