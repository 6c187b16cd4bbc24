"""Tokens of partners' drivers: the Receiver interface (OCPI 2.2.1 §12.2.1)."""

from __future__ import annotations

from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.view import OcpiView
from ocpi.models import RoamingToken, TokenType
from ocpi.services.tokens.receiving import find_token, patch_token, put_token
from ocpi.wire import json


class TokenObject(OcpiView):
    module = "tokens"

    def get(self, request: HttpRequest, country_code: str, party_id: str, uid: str) -> Answer:
        return Answer(json.Fragment(self._find(request, country_code, party_id, uid).body))

    def put(self, request: HttpRequest, country_code: str, party_id: str, uid: str) -> Answer:
        is_new = put_token(
            self.partner,
            country_code=country_code,
            party_id=party_id,
            uid=uid,
            type_=_type(request),
            body=self.body,
            version=self.version,
        )
        return Answer(http=201 if is_new else 200)

    def patch(self, request: HttpRequest, country_code: str, party_id: str, uid: str) -> Answer:
        token = self._find(request, country_code, party_id, uid)
        patch_token(self.partner, token, self.body, version=self.version)
        return Answer()

    def _find(
        self, request: HttpRequest, country_code: str, party_id: str, uid: str
    ) -> RoamingToken:
        return find_token(
            self.partner,
            country_code=country_code,
            party_id=party_id,
            uid=uid,
            type_=_type(request),
            version=self.version,
        )


def _type(request: HttpRequest) -> str:
    return request.GET.get("type") or TokenType.RFID
