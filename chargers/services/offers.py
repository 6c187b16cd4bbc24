"""What a connector sells at right now: the price that a session would be frozen with."""

from __future__ import annotations

from datetime import datetime

from chargers.models import Connector
from chargers.selectors.tariffs import effective_tariff
from chargers.services.sessions.tariff import Sold, TariffAtStart, tariffs_at_start
from tariffs.pricing import Snapshot, snapshot_from_json


def offer_of(connector: Connector, *, at: datetime) -> Snapshot | None:
    """The tariff that is sold at `at`; None where nothing is."""
    tariff = tariff_now(connector, at=at)
    return snapshot_from_json(tariff.snapshot) if tariff else None


def tariff_now(connector: Connector, *, at: datetime) -> TariffAtStart | None:
    """The tariff as StartTransaction would freeze it at `at`; None where nothing is sold."""
    held = effective_tariff(connector, at=at)
    if held is None:
        return None
    sold = Sold(held.template_id, held.time_zone, held.pbjt_percent)
    return tariffs_at_start([sold], at).get(sold)
