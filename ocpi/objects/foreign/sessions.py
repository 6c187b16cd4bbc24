"""Sessions of our drivers elsewhere (OCPI 2.2.1 §9.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from ocpi.models import ForeignStatus
from ocpi.objects.foreign.owners import Named, read_name
from ocpi.objects.tokens import LONGEST_TYPE
from ocpi.wire.reading import Reader

LARGEST: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class TokenUsed:
    uid: str
    type: str
    contract_id: str


@dataclass(frozen=True, slots=True)
class SessionFields:
    named: Named
    token: TokenUsed
    status: str
    energy_wh: int
    total_excl: Decimal | None
    total_incl: Decimal | None
    currency: str
    started_at: datetime
    ended_at: datetime | None
    location_id: str
    evse_uid: str
    connector_id: str
    authorization_reference: str
    last_updated: datetime


def read_session(reader: Reader) -> SessionFields:
    """Raises OcpiError 2001, naming the field."""
    cost = reader.inner("total_cost") if reader.has("total_cost") else None
    return SessionFields(
        named=read_name(reader),
        token=read_token_used(reader.inner("cdr_token")),
        status=_status(reader),
        energy_wh=read_wh(reader, "kwh"),
        total_excl=read_amount(cost, "excl_vat") if cost else None,
        total_incl=read_amount(cost, "incl_vat") if cost and cost.has("incl_vat") else None,
        currency=reader.code("currency", 3).upper(),
        started_at=reader.moment("start_date_time"),
        ended_at=reader.maybe("end_date_time", reader.moment),
        location_id=reader.code("location_id", 36),
        evse_uid=reader.code("evse_uid", 36),
        connector_id=reader.code("connector_id", 36),
        authorization_reference=reader.optional_code("authorization_reference", 36),
        last_updated=reader.moment("last_updated"),
    )


def read_token_used(reader: Reader) -> TokenUsed:
    return TokenUsed(
        reader.code("uid", 36),
        reader.code("type", LONGEST_TYPE),
        reader.optional_code("contract_id", 36),
    )


def read_wh(reader: Reader, name: str, *, negated: bool = False) -> int:
    """A number of kWh as Wh. Below 0 or beyond any charger: 2001; `negated`: some peers do that."""
    value = abs(reader.number(name)) if negated else reader.number(name)
    if not 0 <= value < 1_000_000:
        raise reader.fault(name, "kWh from 0, please")
    return round(value * 1000)


def read_amount(reader: Reader, name: str) -> Decimal:
    """Money in major units, to six places."""
    value = reader.number(name)
    if not abs(value) < LARGEST:
        raise reader.fault(name, "an amount of money, please")
    return value.quantize(Decimal("0.000001"))


def _status(reader: Reader) -> str:
    # The prose of the specification says RESERVED, its enum RESERVATION.
    if reader.raw.get("status") == "RESERVED":
        return ForeignStatus.RESERVATION
    return reader.choice("status", ForeignStatus.values)
