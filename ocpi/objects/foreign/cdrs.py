"""CDRs that other operators send us (OCPI 2.2.1 §10.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ocpi.objects.foreign.owners import Named, read_name, read_objects
from ocpi.objects.foreign.sessions import TokenUsed, read_amount, read_token_used, read_wh
from ocpi.wire.reading import Reader


@dataclass(frozen=True, slots=True)
class CdrFields:
    named: Named
    token: TokenUsed
    session_id: str
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    currency: str
    total_excl: Decimal
    total_incl: Decimal | None
    is_credit: bool
    credit_reference_id: str
    last_updated: datetime


def read_cdr(reader: Reader) -> CdrFields:
    """Raises OcpiError 2001, naming the field.

    Whether it is right is another question: it is kept as it is, and checked then.
    """
    cost, place = reader.inner("total_cost"), reader.inner("cdr_location")
    place.code("id", 36)
    reader.number("total_time")
    if not read_objects(reader, "charging_periods"):
        raise reader.fault("charging_periods", "one at least, please")
    read_objects(reader, "tariffs")
    is_credit = reader.boolean("credit") if reader.has("credit") else False
    started, ended = reader.moment("start_date_time"), reader.moment("end_date_time")
    if ended < started:
        raise reader.fault("end_date_time", "before it began")
    return CdrFields(
        named=read_name(reader, longest=39),
        token=read_token_used(reader.inner("cdr_token")),
        session_id=reader.optional_code("session_id", 36),
        started_at=started,
        ended_at=ended,
        # A credit negates its total cost alone; some peers negate all that they have.
        energy_wh=read_wh(reader, "total_energy", negated=is_credit),
        currency=reader.code("currency", 3).upper(),
        total_excl=read_amount(cost, "excl_vat"),
        total_incl=read_amount(cost, "incl_vat") if cost.has("incl_vat") else None,
        is_credit=is_credit,
        credit_reference_id=reader.code("credit_reference_id", 39) if is_credit else "",
        last_updated=reader.moment("last_updated"),
    )
