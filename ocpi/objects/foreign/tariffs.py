"""Tariffs of other operators (OCPI 2.2.1 §11.3), as our price engine understands them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ocpi.objects.foreign.owners import Named, read_name
from ocpi.wire.codes import invalid
from ocpi.wire.reading import Reader
from tariffs.pricing import Snapshot
from tariffs.pricing.ocpi import ShapeError
from tariffs.pricing.ocpi import read_tariff as read_rules


@dataclass(frozen=True, slots=True)
class TariffFields:
    named: Named
    currency: str
    last_updated: datetime


def read_tariff_object(reader: Reader) -> TariffFields:
    """Raises OcpiError 2001, naming the field: also where no price could be made of it."""
    snapshot_of(reader.raw)
    return TariffFields(
        named=read_name(reader),
        currency=reader.code("currency", 3).upper(),
        last_updated=reader.moment("last_updated"),
    )


def snapshot_of(body: Mapping[str, Any], time_zone: str = "UTC") -> Snapshot:
    """Our own kind of tariff. Raises OcpiError 2001."""
    try:
        return read_rules(body, time_zone)
    except ShapeError as error:
        raise invalid(str(error)) from None
