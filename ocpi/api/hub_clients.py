"""Who is behind a hub: the Receiver interface (OCPI 2.2.1 §15.2). A configuration module: its
requests carry no routing headers.
"""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.view import OcpiView
from ocpi.services.hubs import client_info, find_client, put_client


class HubClientInfo(OcpiView):
    module = "hubclientinfo"
    functional: ClassVar[bool] = False

    def get(self, _request: HttpRequest, country_code: str, party_id: str) -> Answer:
        return Answer(client_info(find_client(self.partner, country_code, party_id)))

    def put(self, _request: HttpRequest, country_code: str, party_id: str) -> Answer:
        is_new = put_client(self.partner, country_code, party_id, self.body)
        return Answer(http=201 if is_new else 200)
