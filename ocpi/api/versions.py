"""Versions and their details (OCPI 2.2.1 §6). A hub asks for them all the time: keep them cheap."""

from __future__ import annotations

from django.http import HttpRequest

from ocpi.addresses import VERSION, details_url
from ocpi.api.answers import Answer
from ocpi.api.view import OcpiView
from ocpi.modules import modules_for


class Versions(OcpiView):
    module = "versions"
    functional = False
    open_to_registration = True

    def get(self, _request: HttpRequest) -> Answer:
        return Answer([{"version": VERSION, "url": details_url()}])


class VersionDetails(OcpiView):
    module = "versions"
    functional = False
    open_to_registration = True

    def get(self, _request: HttpRequest) -> Answer:
        endpoints = [
            {"identifier": one.identifier, "role": one.role, "url": one.url}
            for one in modules_for(self.partner)
        ]
        return Answer({"version": VERSION, "endpoints": endpoints})
