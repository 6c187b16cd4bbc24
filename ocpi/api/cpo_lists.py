"""What a CPO sends: locations, tariffs, sessions and CDRs that this partner may see.

Bodies are stored as they go out in 2.2.1; a page is a join of texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.headers import receiver_of
from ocpi.api.paging import page
from ocpi.api.view import OcpiView
from ocpi.models import Cdr, Partner, Party, PublishedLocation, PublishedTariff, RoamingSession
from ocpi.objects.editions import told
from ocpi.objects.tokens import token_type_of
from ocpi.selectors.parties import cpo_parties_for
from ocpi.wire import json
from ocpi.wire.codes import Code, not_found

_Stored = PublishedLocation | PublishedTariff | RoamingSession | Cdr


class CpoView(OcpiView):
    """An address of our CPO role: the party that OCPI-to names, or all that the partner sees."""

    def parties(self, request: HttpRequest) -> QuerySet[Party]:
        """Raises OcpiError for a party that is not ours, or not shared with this partner."""
        return parties_named(self.partner, request)

    def bodies(self, rows: Iterable[_Stored]) -> list[Any]:
        return [
            told(self.module, row.body, self.version, token_type=token_type_of(row)) for row in rows
        ]


def parties_named(partner: Partner, request: HttpRequest) -> QuerySet[Party]:
    found = cpo_parties_for(partner)
    named = receiver_of(request)
    if named is None:
        return found
    country, party_id = named
    found = found.filter(country_code__iexact=country, party_id__iexact=party_id)
    if not found.exists():
        raise not_found(f"There is no party {country}-{party_id} here", Code.CLIENT_ERROR)
    return found


class Locations(CpoView):
    module = "locations"

    def get(self, request: HttpRequest) -> Answer:
        rows = PublishedLocation.objects.filter(party__in=self.parties(request)).exclude(body="")
        return page(request, rows.only("pk", "body"), self.bodies)


class LocationDetail(CpoView):
    """One location, one of its EVSEs, or one connector."""

    module = "locations"

    def get(
        self, request: HttpRequest, location_id: str, evse_uid: str = "", connector_id: str = ""
    ) -> Answer:
        row = (
            PublishedLocation.objects.filter(
                party__in=self.parties(request), location_id=_number(location_id)
            )
            .exclude(body="")
            .first()
        )
        if row is None:
            raise not_found("Unknown location")
        if not evse_uid:
            return Answer(json.Fragment(row.body))
        evse = _one(json.loads(row.body)["evses"], "uid", evse_uid, "EVSE")
        if not connector_id:
            return Answer(evse)
        return Answer(_one(evse["connectors"], "id", connector_id, "connector"))


class Tariffs(CpoView):
    module = "tariffs"

    def get(self, request: HttpRequest) -> Answer:
        rows = PublishedTariff.objects.filter(
            party__in=self.parties(request), removed_at__isnull=True
        )
        return page(request, rows.only("pk", "body"), self.bodies)


class Sessions(CpoView):
    module = "sessions"

    def get(self, request: HttpRequest) -> Answer:
        rows = RoamingSession.objects.filter(
            partner=self.partner, our_party__in=self.parties(request)
        )
        return page(request, rows.only("pk", "body", "type"), self.bodies, date_from_required=True)


class ChargingPreferences(CpoView):
    """No EVSE of ours says CHARGING_PREFERENCES_CAPABLE, so there is nothing to prefer (§9.2.1)."""

    module = "sessions"

    def put(self, _request: HttpRequest, session_id: str) -> Answer:
        raise not_found(f"The EVSE of {session_id[:36]} takes no preferences", Code.INVALID)


class Cdrs(CpoView):
    module = "cdrs"

    def get(self, request: HttpRequest) -> Answer:
        rows = Cdr.objects.filter(
            partner=self.partner, roaming_session__our_party__in=self.parties(request)
        ).select_related("roaming_session")
        return page(request, rows.only("pk", "body", "roaming_session__type"), self.bodies)


def _number(ocpi_id: str) -> int:
    """`L12` → 12; 0 for what was never an id of ours."""
    digits = ocpi_id[1:]
    known = ocpi_id[:1].upper() == "L" and digits.isascii() and digits.isdigit()
    return int(digits) if known and len(digits) < 19 else 0


def _one(objects: list[dict[str, Any]], name: str, wanted: str, what: str) -> dict[str, Any]:
    found = next((one for one in objects if one[name].lower() == wanted.lower()), None)
    if found is None:
        raise not_found(f"Unknown {what}")
    return found
