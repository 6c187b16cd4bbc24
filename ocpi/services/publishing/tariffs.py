"""The tariffs that connectors sell at, as partners see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from chargers.services.sessions.tariff import Sold, tariffs_at_start
from ocpi.models import Party, PublishedLocation, PublishedTariff
from ocpi.objects.tariffs import tariff_id, tariff_object
from ocpi.services.pushing.marking import mark
from ocpi.wire import json
from tariffs.pricing import snapshot_from_json
from unievp.lib import clock


class Wanted(NamedTuple):
    template_id: int
    pbjt_percent: Decimal


def publish_tariffs(party: Party, wanted: Iterable[Wanted], *, now: datetime) -> dict[Wanted, str]:
    """The OCPI ids of these tariffs, each published and up to date; absent: nothing in force yet.

    One whose rules are the same keeps its `last_updated`.
    """
    sold = {one: Sold(one.template_id, "UTC", one.pbjt_percent) for one in set(wanted)}
    in_force = tariffs_at_start(sold.values(), now)
    ids = {one: tariff_id(*one) for one in sorted(sold) if sold[one] in in_force}
    rows = {row.ocpi_id: row for row in PublishedTariff.objects.filter(ocpi_id__in=ids.values())}
    for one, ocpi_id in ids.items():
        _publish(party, one, in_force[sold[one]].snapshot, now, rows.get(ocpi_id))
    return ids


def refresh_tariffs() -> int:
    """Follow versions that came into force, and remove what no location refers to; how many moved.

    The sweep: a location's own refresh publishes what it sells.
    """
    now, moved = clock.now(), 0
    for row in PublishedTariff.objects.filter(removed_at__isnull=True).select_related("party"):
        before = row.last_updated
        wanted = Wanted(row.template_id, row.pbjt_percent)
        publish_tariffs(row.party, [wanted], now=now)
        row.refresh_from_db()
        moved += row.last_updated != before
        moved += _remove_unused(row, now)
    return moved


def _publish(
    party: Party,
    one: Wanted,
    frozen: dict[str, object],
    now: datetime,
    row: PublishedTariff | None,
) -> None:
    ocpi_id = tariff_id(*one)
    owner = (party.country_code, party.party_id)
    snapshot = snapshot_from_json(frozen)
    if row is not None and row.removed_at is None:
        same = tariff_object(snapshot, owner=owner, ocpi_id=ocpi_id, last_updated=row.last_updated)
        if json.dumps(same).decode() == row.body:
            return
    now = now.replace(microsecond=0)
    body = json.dumps(
        tariff_object(snapshot, owner=owner, ocpi_id=ocpi_id, last_updated=now)
    ).decode()
    with transaction.atomic():
        PublishedTariff.objects.update_or_create(
            ocpi_id=ocpi_id,
            defaults={
                "party": party,
                "template_id": one.template_id,
                "pbjt_percent": one.pbjt_percent,
                "body": body,
                "last_updated": now,
                "removed_at": None,
            },
        )
        mark("tariffs", ocpi_id, party=party)


def _remove_unused(row: PublishedTariff, now: datetime) -> bool:
    """Before a tariff is deleted at partners no connector may refer to it (§11.2.2)."""
    mention = f'"{row.ocpi_id}"'
    if PublishedLocation.objects.filter(party=row.party, body__contains=mention).exists():
        return False
    with transaction.atomic():
        removed = PublishedTariff.objects.filter(pk=row.pk, removed_at__isnull=True).update(
            removed_at=now, last_updated=now
        )
        if removed:
            mark("tariffs", row.ocpi_id, party=row.party)
    return bool(removed)
