"""Every refusal under /api is a problem document (RFC 9457), whoever refuses."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    ValidationError,
)
from django.db import DataError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from unievp.lib.errors import DomainError

logger = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
PREFIX: Final = "/api/"


class ProblemError(exceptions.APIException):
    """A refusal that blames several fields at once: path → messages."""

    def __init__(self, status: int, errors: Mapping[str, list[str]]) -> None:
        super().__init__(_sentence(errors))
        self.status_code = status
        self.errors = errors


def titles() -> Mapping[int, str]:
    return {
        400: _("Invalid input"),
        401: _("Not signed in"),
        403: _("Forbidden"),
        404: _("Not found"),
        405: _("Method not allowed"),
        406: _("Not acceptable"),
        409: _("Conflict"),
        412: _("Changed meanwhile"),
        413: _("Too large"),
        415: _("Unsupported media type"),
        422: _("Refused"),
        429: _("Too many requests"),
        500: _("Something broke on our side"),
    }


def problem(
    status: int,
    detail: str,
    *,
    errors: Mapping[str, list[str]] | None = None,
    code: str | None = None,
    instance: str | None = None,
) -> dict[str, Any]:
    """The body: `errors` maps a field's path ("payload.connectorId") to messages."""
    named = {"instance": instance} if instance else {}
    return {
        "type": f"urn:uniev:problem:{code}" if code else "about:blank",
        "title": titles().get(status) or detail,
        "status": status,
        "detail": detail,
        "errors": dict(errors or {}),
        **named,
    }


def problem_response(status: int, detail: str) -> JsonResponse:
    """For Django's own error handlers and addresses that lead nowhere."""
    instance = _told_fault("the site") if status >= 500 else None
    body = problem(status, detail, instance=instance)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def _told_fault(where: object, error: Exception | None = None) -> str:
    """A name for a fault of ours; the log has it beside the traceback."""
    instance = uuid.uuid4().urn
    logger.error("%s failed: %s", where, instance, exc_info=error)
    return instance


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(PREFIX)


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """REST framework's EXCEPTION_HANDLER. The unforeseen is logged and told without details."""
    set_rollback()
    body, headers = _describe(error)
    if body["status"] >= 500:
        body["instance"] = _told_fault(context.get("view"), error)
    response = Response(body, status=body["status"], headers=headers)
    renderer = getattr(context.get("request"), "accepted_renderer", None)
    if getattr(renderer, "format", "json") == "json":
        response.content_type = CONTENT_TYPE
    return response


def _describe(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    """The problem and the headers that belong to it."""
    if isinstance(error, DomainError):
        return error.as_problem(), {}
    if isinstance(error, exceptions.APIException):
        return _of_framework(error), _headers(error)
    if isinstance(error, ValidationError):
        errors: dict[str, list[str]] = dict(ValidationError(_by_field(error)).message_dict)
        return problem(400, _sentence(errors), errors=errors), {}
    return _of_others(error), {}


def _of_others(error: Exception) -> dict[str, Any]:
    if isinstance(error, OverflowError | DataError):
        # A time at the edge of the calendar, moved over it by its offset.
        return problem(400, _("A number or a time is out of range."))
    if isinstance(error, RequestDataTooBig):
        return problem(413, _("The body is too large."))
    if isinstance(error, Http404):
        return problem(404, _("There is nothing here."))
    if isinstance(error, PermissionDenied):
        return problem(403, _("This is not yours to do."))
    return problem(500, _("The request failed; it can be tried again."))


def _by_field(error: ValidationError) -> dict[str, Any]:
    """A model's complaints; those about the whole row are under ""."""
    if hasattr(error, "error_dict"):
        found = dict(error.error_dict)
        return {"" if name == NON_FIELD_ERRORS else name: found[name] for name in found}
    return {"": error.error_list}


def _of_framework(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        errors: Mapping[str, list[str]] = _flat(error.detail)
        return problem(400, _sentence(errors), errors=errors)
    errors = error.errors if isinstance(error, ProblemError) else {}
    return problem(error.status_code, str(error.detail), errors=errors)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = str(challenge)
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, round(wait)))
    return headers


def _sentence(errors: Mapping[str, list[str]]) -> str:
    return "; ".join(
        f"{field}: {text}" if field else text for field, texts in errors.items() for text in texts
    )


def _flat(detail: Any) -> dict[str, list[str]]:
    """REST framework's nested errors by path; faults of the whole are under ""."""
    errors: dict[str, list[str]] = {}
    for path, text in _walk(detail, ()):
        errors.setdefault(".".join(path), []).append(text)
    return errors


def _walk(detail: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(detail, dict):
        for name, part in detail.items():
            inside = path if name == "non_field_errors" else (*path, str(name))
            yield from _walk(part, inside)
    elif isinstance(detail, list):
        for part in detail:
            yield from _walk(part, path)
    else:
        yield path, str(detail)
