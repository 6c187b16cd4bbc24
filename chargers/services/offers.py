"""What a connector sells at right now: the price that a session would be frozen with."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q

from chargers.models import Connector, TariffAssignment
from chargers.services.sessions.tariff import TariffAtStart, tariffs_at_start
from tariffs.pricing import Snapshot, snapshot_from_json


def offer_of(connector: Connector, *, at: datetime) -> Snapshot | None:
    """The tariff that is sold at `at`; None where nothing is."""
    tariff = tariff_now(connector, at=at)
    return snapshot_from_json(tariff.snapshot) if tariff else None


def tariff_now(connector: Connector, *, at: datetime) -> TariffAtStart | None:
    """The tariff as StartTransaction would freeze it at `at`; None where nothing is sold.

    A connector's own assignment comes before its charger's. `connector` with charger and location.
    """
    assignment = (
        TariffAssignment.objects.filter(
            Q(connector=connector) | Q(connector=None), charger=connector.charger_id
        )
        .filter(Q(valid_to=None) | Q(valid_to__gt=at), valid_from__lte=at)
        .order_by(F("connector").asc(nulls_last=True))
        .values_list("template_id", flat=True)
        .first()
    )
    if assignment is None:
        return None
    pair = (assignment, connector.charger.location.time_zone)
    return tariffs_at_start([pair], at).get(pair)
