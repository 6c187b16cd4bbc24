"""What other operators tell us: the Receiver interfaces of locations, tariffs, sessions, CDRs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ocpi.addresses import absolute, emsp_root
from ocpi.api.answers import Answer
from ocpi.api.emsp_view import EmspView
from ocpi.models import ForeignCdr, ForeignSession, ForeignTariff
from ocpi.objects.editions import heard, told
from ocpi.services.foreign.cdrs import find_cdr, receive_cdr
from ocpi.services.foreign.locations import (
    find_location,
    find_part,
    patch_location,
    put_location,
    put_part,
)
from ocpi.services.foreign.sessions import find_session, patch_session, put_session
from ocpi.services.foreign.tariffs import delete_tariff, find_tariff, put_tariff
from ocpi.wire import json


class OperatorView(EmspView):
    """Addresses end in country code, party id and id of what is told."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        named = ("country_code", "party_id", "ocpi_id")
        if named[0] in kwargs:
            kwargs["address"] = tuple(kwargs.pop(name) for name in named)
        return super().dispatch(request, *args, **kwargs)

    def read(self, request: HttpRequest) -> Any:
        return heard(self.module, super().read(request), self.version)

    def told(self, row: ForeignTariff | ForeignSession | ForeignCdr) -> json.Fragment:
        return told(self.module, row.body, self.version)


Address = tuple[str, str, str]


class ForeignLocations(OperatorView):
    """A location, one of its EVSEs, or one connector (OCPI 2.2.1 §8.2.2)."""

    module = "locations"

    def get(
        self, request: HttpRequest, address: Address, evse_uid: str = "", connector_id: str = ""
    ) -> Answer:
        self.our_party(request)
        row = find_location(self.partner, address)
        if not evse_uid:
            return Answer(json.Fragment(row.body))
        return Answer(find_part(row, evse_uid, connector_id))

    def put(
        self, request: HttpRequest, address: Address, evse_uid: str = "", connector_id: str = ""
    ) -> Answer:
        self.our_party(request)
        if evse_uid:
            is_new = put_part(
                self.partner, address, body=self.body, evse_uid=evse_uid, connector_id=connector_id
            )
        else:
            is_new = put_location(self.partner, self.body, address=address)
        return _stored(is_new=is_new)

    def patch(
        self, request: HttpRequest, address: Address, evse_uid: str = "", connector_id: str = ""
    ) -> Answer:
        self.our_party(request)
        patch_location(
            self.partner, address, body=self.body, evse_uid=evse_uid, connector_id=connector_id
        )
        return Answer()


class ForeignTariffs(OperatorView):
    """Whole or not at all: tariffs know no PATCH (OCPI 2.2.1 §11.2.2)."""

    module = "tariffs"

    def get(self, request: HttpRequest, address: Address) -> Answer:
        self.our_party(request)
        return Answer(self.told(find_tariff(self.partner, address)))

    def put(self, request: HttpRequest, address: Address) -> Answer:
        self.our_party(request)
        return _stored(is_new=put_tariff(self.partner, self.body, address=address))

    def delete(self, request: HttpRequest, address: Address) -> Answer:
        self.our_party(request)
        delete_tariff(self.partner, address)
        return Answer()


class ForeignSessions(OperatorView):
    module = "sessions"

    def get(self, request: HttpRequest, address: Address) -> Answer:
        self.our_party(request)
        return Answer(self.told(find_session(self.partner, address)))

    def put(self, request: HttpRequest, address: Address) -> Answer:
        self.our_party(request)
        return _stored(is_new=put_session(self.partner, self.body, address=address))

    def patch(self, request: HttpRequest, address: Address) -> Answer:
        self.our_party(request)
        patch_session(self.partner, address, self.body)
        return Answer()


class ForeignCdrs(OperatorView):
    """Posted once; the answer's Location says where to read it again (OCPI 2.2.1 §10.2.2)."""

    module = "cdrs"

    def post(self, request: HttpRequest) -> Answer:
        self.our_party(request)
        cdr, is_new = receive_cdr(self.partner, self.body)
        where = {"Location": absolute(f"{emsp_root(self.version)}/cdrs/{cdr.pk}")}
        return Answer(http=201 if is_new else 200, headers=where)


class ForeignCdrObject(OperatorView):
    module = "cdrs"

    def get(self, request: HttpRequest, key: str) -> Answer:
        self.our_party(request)
        return Answer(self.told(find_cdr(self.partner, key)))


def _stored(*, is_new: bool) -> Answer:
    return Answer(http=201 if is_new else 200)
