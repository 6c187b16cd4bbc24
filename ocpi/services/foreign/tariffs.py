"""Tariffs of other operators (OCPI 2.2.1 §11.2.2). Each version is kept: CDRs come later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from ocpi.models import ForeignTariff, ForeignTariffVersion, Partner
from ocpi.objects.foreign.owners import Named
from ocpi.objects.foreign.tariffs import read_tariff_object
from ocpi.services.foreign.owners import check_operator, owned, stored
from ocpi.wire import json
from ocpi.wire.codes import Code, not_found
from ocpi.wire.reading import Reader
from unievp.lib import clock

Address = tuple[str, str, str]
# A new version takes a while from where it is made to us, and from there to each charger.
AROUND: Final = timedelta(hours=1)


def put_tariff(partner: Partner, body: Any, *, address: Address | None = None) -> bool:
    """Store it as it is; whether it is new. One older than what we have changes nothing.

    Raises OcpiError 2001, also where our price engine could make nothing of it.
    """
    reader = Reader(body)
    fields = read_tariff_object(reader)
    named = fields.named
    if address is not None:
        named.check_address(*address)
    check_operator(partner, named.country_code, named.party_id)
    try:
        with transaction.atomic():
            return _store(partner, named, reader, fields.currency, fields.last_updated)
    except IntegrityError:
        # Pushed and pulled at the same moment: the other one is as good.
        return False


def delete_tariff(partner: Partner, address: Address) -> None:
    """No more for sale; what it said is kept. Raises OcpiError: 404."""
    check_operator(partner, *address[:2])
    row = find_tariff(partner, address)
    ForeignTariff.objects.filter(pk=row.pk).update(removed_at=clock.now())


def find_tariff(partner: Partner, address: Address) -> ForeignTariff:
    row = ForeignTariff.objects.filter(**owned(partner, *address), removed_at__isnull=True).first()
    if row is None:
        raise not_found("Unknown tariff", Code.CLIENT_ERROR)
    return row


def versions_around(
    partner: Partner, address: Address, moment: datetime
) -> list[ForeignTariffVersion]:
    """What the tariff said at `moment`, and then what it said within an hour of it.

    Where we learned of the tariff later only: its first version. Empty for one that is unknown.
    """
    versions = list(
        ForeignTariffVersion.objects.filter(
            **{f"tariff__{name}": value for name, value in owned(partner, *address).items()}
        ).order_by("number")
    )
    before = [one for one in versions if one.last_updated <= moment]
    then = before[-1] if before else versions[0] if versions else None
    near = [
        one
        for index, one in enumerate(versions)
        if one.last_updated <= moment + AROUND
        and (index + 1 == len(versions) or versions[index + 1].last_updated >= moment - AROUND)
    ]
    return [*([then] if then else []), *(one for one in near if one is not then)]


def withdraw_unlisted(partner: Partner, listed: set[int], *, began: datetime) -> int:
    """After a whole list: what is not in it is gone, but for what came while it was read. How
    many.
    """
    rows = ForeignTariff.objects.filter(partner=partner, removed_at__isnull=True)
    rows = rows.exclude(versions__received_at__gte=began)
    return rows.exclude(pk__in=listed).update(removed_at=clock.now())


def _store(
    partner: Partner, named: Named, reader: Reader, currency: str, last_updated: datetime
) -> bool:
    address = (named.country_code, named.party_id, named.ocpi_id)
    row = (
        ForeignTariff.objects.select_for_update(of=("self",))
        .filter(**owned(partner, *address))
        .first()
    )
    if row is not None and row.last_updated > last_updated:
        return False
    is_new = row is None
    body = stored(reader)
    is_another = row is None or json.loads(row.body) != json.loads(body)
    row = row or ForeignTariff(
        partner=partner, country_code=address[0], party_id=address[1], ocpi_id=address[2]
    )
    row.currency, row.body, row.last_updated = currency, body, last_updated
    row.removed_at = None
    row.save()
    if is_another:
        ForeignTariffVersion.objects.create(
            tariff=row,
            number=row.versions.count() + 1,
            body=body,
            last_updated=last_updated,
            received_at=clock.now(),
        )
    return is_new
