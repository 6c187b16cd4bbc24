"""Our drivers' tokens: the Sender interface (OCPI 2.2.1 §12.2.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.emsp_view import EmspView
from ocpi.api.paging import page
from ocpi.models import OwnToken, TokenType
from ocpi.objects.tokens import check_type
from ocpi.services.drivers.judging import authorize
from ocpi.wire import json


class OwnTokens(EmspView):
    module = "tokens"

    def get(self, request: HttpRequest) -> Answer:
        rows = OwnToken.objects.filter(contract__party=self.our_party(request))
        return page(request, rows.only("pk", "body"), _bodies)


class Authorize(EmspView):
    module = "tokens"
    body_may_be_absent = True

    def post(self, request: HttpRequest, uid: str) -> Answer:
        self.our_party(request)
        kind = check_type(request.GET.get("type") or TokenType.RFID, self.version)
        return Answer(authorize(self.partner, uid=uid, type_=kind, body=self.body))


def _bodies(rows: Iterable[OwnToken]) -> list[Any]:
    return [json.Fragment(row.body) for row in rows]
