"""Chargers that partners can see: a full address, online, with a party for their CPO."""

from __future__ import annotations

from decimal import Decimal

from chargers.models import Connector, Presence
from chargers.tests.factories import make_charger, make_location
from cpo.tests.factories import make_cpo
from ocpi.services.parties import ensure_party
from ocpi.services.publishing.locations import refresh_location
from unievp.lib import clock

ADDRESS = {
    "address": "Jl. Jenderal Sudirman No. 1",
    "city": "Jakarta Pusat",
    "province": "DKI Jakarta",
    "postal_code": "10270",
    "latitude": Decimal("-6.2087634"),
    "longitude": Decimal("106.845599"),
}


def make_site(*, cpo=None, connectors=2, online=True, tariff=True, **values):
    """A charger with connectors that say Available, at a location that is published."""
    cpo = cpo or make_cpo()
    ensure_party(cpo, actor="test")
    location = make_location(cpo, **{**ADDRESS, **values})
    charger = make_charger(location=location, connectors=connectors, tariff=tariff)
    Presence.objects.create(charger=charger, online=online, last_seen_at=clock.now())
    Connector.objects.filter(charger=charger).update(status="Available")
    refresh_location(location.pk)
    return charger
