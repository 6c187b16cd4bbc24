"""Credentials (OCPI 2.2.1 §7): registration, renewal, goodbye."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.view import OcpiView
from ocpi.services.partners.credentials import our_credentials
from ocpi.services.partners.registering import accept_credentials, remove_credentials


class Credentials(OcpiView):
    module = "credentials"
    functional = False
    open_to_registration = True

    def get(self, _request: HttpRequest) -> Answer:
        return Answer(our_credentials(self.partner, self.token, self.version))

    def post(self, _request: HttpRequest) -> Answer:
        return Answer(self._accept(renews=False))

    def put(self, _request: HttpRequest) -> Answer:
        return Answer(self._accept(renews=True))

    def _accept(self, *, renews: bool) -> dict[str, Any]:
        """In the version of the address that was called."""
        return accept_credentials(self.partner, self.body, renews=renews, version=self.version)

    def delete(self, _request: HttpRequest) -> Answer:
        remove_credentials(self.partner)
        return Answer()
