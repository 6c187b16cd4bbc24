"""Versions and their details (OCPI 2.2.1 §6). A hub asks for them all the time: keep them cheap."""

from __future__ import annotations

from django.http import HttpRequest

from ocpi.addresses import details_url
from ocpi.api.answers import Answer
from ocpi.api.view import OcpiView
from ocpi.modules import modules_for
from ocpi.objects.editions import VERSIONS


class Versions(OcpiView):
    module = "versions"
    functional = False
    open_to_registration = True

    def get(self, _request: HttpRequest) -> Answer:
        # The oldest first: peers are known that take the first one that they understand.
        return Answer([{"version": one, "url": details_url(one)} for one in reversed(VERSIONS)])


class VersionDetails(OcpiView):
    module = "versions"
    functional = False
    open_to_registration = True

    def get(self, _request: HttpRequest) -> Answer:
        endpoints = [
            {"identifier": one.identifier, "role": one.role, "url": one.url(self.version)}
            for one in modules_for(self.partner)
        ]
        return Answer({"version": self.version, "endpoints": endpoints})
