"""What the OpenAPI document says of every operation: its refusals, and how changes are guarded."""

from __future__ import annotations

from typing import Any, Final, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from unievp.lib.api.problems import CONTENT_TYPE

Direction = Literal["request", "response"]
_IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    location="header",
    description="The `ETag` of what was read; another version since then is 412.",
)
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    location="header",
    description="The same request again under this key gets the first one's answer.",
)
# Any operation can end in these; the others depend on what it takes.
_ALWAYS: Final = {
    400: "A value is malformed; `errors` names it.",
    401: "No credentials, or unknown, expired or revoked ones.",
    403: "Known, but without the right or the scope.",
    404: "There is no such row, or it is another company's.",
    406: "Answers are JSON.",
    429: "Too many requests; `Retry-After` says when to come back.",
}
_WRITES: Final = {
    409: "The present state does not allow it.",
    422: "Well formed, and refused by a rule.",
}
_BODIES: Final = {413: "The body is too large.", 415: "Bodies are JSON."}
_HEADERS: Final = {401: "WWW-Authenticate", 429: "Retry-After"}


class Problem(serializers.Serializer[Any]):
    """RFC 9457. `type` is `about:blank` or `urn:uniev:problem:<code>`, which programs may read."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="For people, in their language.")
    errors = serializers.DictField(  # type: ignore[assignment]  # the field is named as in RFC 9457
        child=serializers.ListField(child=serializers.CharField()),
        help_text='The path of a field ("payload.connectorId") → messages; "": the whole.',
    )
    instance = serializers.CharField(
        required=False, help_text="Of a fault of ours (500): what to ask us about."
    )


class OperationSchema(AutoSchema):
    """REST framework's DEFAULT_SCHEMA_CLASS."""

    def get_override_parameters(self) -> list[Any]:
        """A POST says itself whether it writes."""
        given: list[Any] = super().get_override_parameters()
        if self.method in ("PUT", "PATCH"):
            return [*given, _IF_MATCH, IDEMPOTENCY_KEY]
        return [*given, IDEMPOTENCY_KEY] if self.method == "DELETE" else given

    def get_summary(self) -> str | None:
        """The first sentence of the description: what a list of operations shows."""
        first, _point, _rest = " ".join(self.get_description().split()).partition(". ")
        return first.rstrip(".") or None

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, description in self._refusals().items():
            bodies.setdefault(str(status), self._refusal(status, description, direction))
        return dict(sorted(bodies.items()))

    def _refusals(self) -> dict[int, str]:
        found = dict(_ALWAYS)
        if self.method != "GET":
            found |= _WRITES
        if self.method in ("POST", "PUT", "PATCH"):
            found |= _BODIES
        if self.method in ("PUT", "PATCH"):
            found[412] = "It has been changed since it was read."
        return found

    def _refusal(self, status: int, description: str, direction: Direction) -> dict[str, Any]:
        body: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]  # as theirs
            Problem, str(status), media_types=[CONTENT_TYPE], direction=direction
        )
        body["description"] = description
        if header := _HEADERS.get(status):
            body["headers"] = {header: {"schema": {"type": "string"}}}
        return body
