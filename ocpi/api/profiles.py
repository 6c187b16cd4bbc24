"""Charging profiles: the Receiver interface (OCPI 2.2.1 §14.2.1)."""

from __future__ import annotations

from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.headers import sender_of
from ocpi.api.view import OcpiView
from ocpi.services.profiles.receiving import ask_profile, clear_profile, set_profile
from ocpi.wire.codes import invalid


class ChargingProfiles(OcpiView):
    module = "chargingprofiles"

    def put(self, request: HttpRequest, session_id: str) -> Answer:
        sender = sender_of(request)
        return Answer(set_profile(self.partner, session_id, self.body, sender=sender))

    def delete(self, request: HttpRequest, session_id: str) -> Answer:
        return Answer(
            clear_profile(
                self.partner,
                session_id,
                response_url=_response_url(request),
                sender=sender_of(request),
            )
        )

    def get(self, request: HttpRequest, session_id: str) -> Answer:
        text = request.GET.get("duration", "")
        if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) < 2**31):
            raise invalid("duration: seconds above 0, please")
        return Answer(
            ask_profile(
                self.partner,
                session_id,
                response_url=_response_url(request),
                duration_s=int(text[:10]),
                sender=sender_of(request),
            )
        )


def _response_url(request: HttpRequest) -> str:
    """Encoded it may hold a query of its own; a peer that forgets to encode it loses that."""
    url = request.GET.get("response_url", "")
    if not url.startswith(("https://", "http://")) or len(url) > 255:
        raise invalid("response_url: an address that begins with https://, please")
    return url
