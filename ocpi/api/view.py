"""The base of every OCPI address: who calls, JSON in, the envelope out, one line in the log.

Plain Django: REST framework writes Decimals as text, times with microseconds, 403 for no token and
400 for wrong content, all of which OCPI has otherwise.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import override
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from ocpi.addresses import VERSION
from ocpi.api.answers import Answer, refusal, respond
from ocpi.models import Direction, Exchange, InboundTokenKind, Partner, PartnerStatus
from ocpi.services.calling.log import note_heard
from ocpi.services.partners.recognising import recognise
from ocpi.wire import json
from ocpi.wire.codes import Code, OcpiError
from ocpi.wire.redaction import redact
from ocpi.wire.tokens import tokens_in
from unievp.lib import clock
from unievp.lib.errors import DomainError

logger = logging.getLogger(__name__)

_WITH_BODY = ("POST", "PUT", "PATCH")


class OcpiView(View):
    """A handler (`get`, `put` …) returns an `Answer` or raises OcpiError.

    `functional` modules carry routing headers; versions and credentials, which alone open to a
    token to register with (`open_to_registration`), do not.
    """

    module: ClassVar[str] = ""
    functional: ClassVar[bool] = True
    open_to_registration: ClassVar[bool] = False
    body_may_be_absent: ClassVar[bool] = False
    # Of the address, by `as_view(version=…)`.
    version: str = VERSION

    partner: Partner
    # The token of this very request, as GET credentials repeats it.
    token: str = ""
    body: Any = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Partners carry tokens, not cookies. Said of the view as a whole: a subclass with a
        `dispatch` of its own is exempt, too.
        """
        return csrf_exempt(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        began = time.monotonic()
        # What partners read is English, whatever the office speaks.
        with override("en"):
            answer = self._answer(request, *args, **kwargs)
        response = respond(request, answer, functional=self.functional)
        self._log(request, response, answer, began)
        return response

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
        try:
            self._identify(request)
            handler = getattr(self, (request.method or "").lower(), None)
            if handler is None or request.method in ("OPTIONS", "HEAD", "TRACE"):
                raise OcpiError(Code.CLIENT_ERROR, f"No {request.method} here", http=405)
            _check_address(request)
            self.body = self.read(request)
            answer: Answer = handler(request, *args, **kwargs)
        except OcpiError as error:
            return refusal(error)
        except DomainError as error:
            said = f"{error.field}: {error}" if error.field else str(error)
            return refusal(OcpiError(Code.INVALID, said))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return Answer(http=500, code=Code.SERVER_ERROR, message="Something broke on our side")
        return answer

    def _identify(self, request: HttpRequest) -> None:
        """Raises 401 for no token, an unknown one, and one that only opens the door to register."""
        found = recognise(tokens_in(request.headers.get("Authorization", "")))
        if found is None:
            raise OcpiError(Code.CLIENT_ERROR, "Unknown or missing token", http=401)
        self.partner, kind, self.token = found
        note_heard(self.partner)
        if self.open_to_registration:
            return
        if kind != InboundTokenKind.ACCESS:
            raise OcpiError(Code.CLIENT_ERROR, "Register first: POST credentials", http=401)
        if self.partner.status == PartnerStatus.SUSPENDED:
            raise OcpiError(Code.CLIENT_ERROR, "This connection is paused", http=403)

    def read(self, request: HttpRequest) -> Any:
        """The body as JSON, None where there is none. Raises OcpiError: no JSON, too large."""
        if request.method not in _WITH_BODY:
            return None
        try:
            if self.body_may_be_absent and not request.body.strip():
                return None
            return json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise OcpiError(Code.INVALID, f"No JSON: {error}"[:200], http=400) from None
        except RequestDataTooBig:
            raise OcpiError(Code.INVALID, "This body is too large", http=413) from None

    def _log(
        self, request: HttpRequest, response: HttpResponse, answer: Answer, began: float
    ) -> None:
        if not hasattr(self, "partner"):
            # A stranger must not fill the log.
            return
        partner = Partner.objects.filter(pk=self.partner.pk).first()
        Exchange.objects.create(
            partner=partner,
            at=clock.now(),
            direction=Direction.IN,
            module=self.module,
            method=(request.method or "")[:8],
            url=request.get_full_path()[:500],
            request_id=response.headers["X-Request-ID"],
            correlation_id=response.headers["X-Correlation-ID"],
            http_status=answer.http,
            status_code=int(answer.code),
            duration_ms=round((time.monotonic() - began) * 1000),
            request=redact(request.body) if self.body is not None else "",
            response=redact(response.content),
            error=answer.message[:300],
        )


def _check_address(request: HttpRequest) -> None:
    """Raises 404 for what no id of anybody is: the database would stumble over a NUL."""
    if not request.path.isprintable():
        raise OcpiError(Code.CLIENT_ERROR, "There is nothing here", http=404)


class NothingHere(OcpiView):
    """Any other address below /ocpi/."""

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
        try:
            self._identify(request)
        except OcpiError as error:
            return refusal(error)
        return Answer(http=404, code=Code.CLIENT_ERROR, message="There is nothing here")
