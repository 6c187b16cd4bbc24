"""What goes back: the envelope (OCPI 2.2.1 §4.1.7), ids, routing headers, pages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from ocpi.api.headers import printable
from ocpi.wire import json
from ocpi.wire.codes import Code, OcpiError
from unievp.lib import clock

NO_DATA: Final = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """Success, unless `code` says otherwise. Without `data` the envelope has none."""

    data: Any = NO_DATA
    http: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    code: Code = Code.SUCCESS
    message: str = ""


def refusal(error: OcpiError) -> Answer:
    data = NO_DATA if error.data is None else error.data
    headers = {"WWW-Authenticate": "Token"} if error.http == 401 else {}
    return Answer(data, error.http, headers, error.code, error.message)


def respond(request: HttpRequest, answer: Answer, *, functional: bool) -> HttpResponse:
    envelope: dict[str, Any] = {} if answer.data is NO_DATA else {"data": answer.data}
    envelope["status_code"] = int(answer.code)
    if answer.message:
        envelope["status_message"] = answer.message
    envelope["timestamp"] = clock.now()
    response = HttpResponse(
        json.dumps(envelope), status=answer.http, content_type="application/json"
    )
    for name, value in {**_ids(request), **answer.headers}.items():
        response.headers[name] = value
    if functional:
        for name, value in _routing(request).items():
            response.headers[name] = value
    return response


def _ids(request: HttpRequest) -> dict[str, str]:
    """The request's own, or new ones: a missing one is no reason to refuse."""
    return {
        name: printable(request.headers.get(name, "")) or str(uuid.uuid4())
        for name in ("X-Request-ID", "X-Correlation-ID")
    }


def _routing(request: HttpRequest) -> dict[str, str]:
    """Back to where it came from, from where it went to."""
    found: dict[str, str] = {}
    for ours, theirs in (("to", "from"), ("from", "to")):
        for part in ("country-code", "party-id"):
            value = printable(request.headers.get(f"OCPI-{theirs}-{part}", ""))
            if value:
                found[f"OCPI-{ours}-{part}"] = value
    return found
