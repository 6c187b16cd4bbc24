# mypy: disable-error-code="valid-type,misc,assignment"
"""What differs in OCPI 2.3.0 of `objects.py` (reference §13): prices, taxes, who a hub is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ocpi.tests import objects as older
from ocpi.tests.objects import Model, Number, ci, one_of, text


class TaxAmount(Model):
    name: text(255)
    account_number: text(255) | None = None
    percentage: Number | None = None
    amount: Number


class Price(Model):
    before_taxes: Number
    taxes: list[TaxAmount] = []


class PriceLimit(Model):
    before_taxes: Number
    after_taxes: Number | None = None


class CredentialsRole(older.CredentialsRole):
    role: one_of("CPO EMSP NAP NSP OTHER SCSP")


class Credentials(older.Credentials):
    hub_party_id: Annotated[str, Field(pattern=r"^[A-Z]{2}[A-Z0-9]{3}$")] | None = None
    roles: Annotated[list[CredentialsRole], Field(min_length=1)]


class Tariff(older.Tariff):
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    tax_included: one_of("YES NO N/A")


class CdrToken(older.CdrToken):
    # The list is open.
    type: ci(36)


class Session(older.Session):
    cdr_token: CdrToken
    total_cost: Price | None = None


class Cdr(older.Cdr):
    cdr_token: CdrToken
    tariffs: list[Tariff] = []
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy_cost: Price | None = None
    total_time_cost: Price | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
