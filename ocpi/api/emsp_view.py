"""The base of addresses of our role as mobility provider."""

from __future__ import annotations

from django.http import HttpRequest

from ocpi.api.headers import receiver_of
from ocpi.api.view import OcpiView
from ocpi.models import Party, PartyRole
from ocpi.selectors.parties import emsp_party_for
from ocpi.wire.codes import Code, OcpiError, not_found


class EmspView(OcpiView):
    """For partners with chargers, and hubs: nobody else learns who our drivers are."""

    def our_party(self, request: HttpRequest) -> Party:
        """Raises OcpiError: we are no mobility provider to this partner, it is no operator, or
        OCPI-to names somebody else.
        """
        party = emsp_party_for(self.partner)
        named = receiver_of(request)
        if party is None:
            raise not_found("There is no mobility provider here", Code.CLIENT_ERROR)
        if named is not None and named != (party.country_code, party.party_id):
            raise not_found(f"There is no party {'-'.join(named)} here", Code.CLIENT_ERROR)
        roles = (PartyRole.CPO, PartyRole.HUB)
        if not self.partner.parties.filter(role__in=roles).exists():
            message = "For charge point operators and hubs; your credentials name neither"
            raise OcpiError(Code.CLIENT_ERROR, message, http=403)
        return party
