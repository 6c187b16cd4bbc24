"""What the first page offers: amounts of energy and money that make sense at this connector."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from chargers.models import Connector, PowerType
from payments.documents.words import length
from payments.services.orders import FULL_WH, Goal, Terms, terms_of, usual_power_w
from tariffs.estimate import total_of
from tariffs.pricing import Snapshot

_AC_KWH: Final = (5, 10, 20, 40)
_DC_KWH: Final = (10, 20, 30, 50)
_RUPIAH: Final = (20_000, 50_000, 100_000, 200_000)
_EXAMPLE_WH: Final = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """`value` as the form sends it: kWh or rupiah."""

    value: int
    terms: Terms


@dataclass(frozen=True, slots=True)
class Example:
    energy_wh: int
    total: int
    time: str


@dataclass(frozen=True, slots=True)
class Choices:
    energy: list[Choice]
    money: list[Choice]
    full: Terms
    least: int
    most: int
    example: Example


def choices_of(connector: Connector, snapshot: Snapshot, *, at: datetime) -> Choices:
    is_dc = connector.power_type == PowerType.DC
    presets = _DC_KWH if is_dc else _AC_KWH
    energy = [_choice(connector, snapshot, Goal.ENERGY, kwh, at) for kwh in presets]
    least = settings.PAYMENT_MINIMUM
    money = [
        _choice(connector, snapshot, Goal.AMOUNT, amount, at)
        for amount in _RUPIAH
        if amount >= least
    ]
    full = terms_of(connector, snapshot, goal=Goal.FULL, value=FULL_WH, at=at)
    return Choices(
        energy=energy,
        money=money,
        full=full,
        least=least,
        most=settings.PAYMENT_MAXIMUM,
        example=_example(connector, snapshot, at),
    )


def _choice(
    connector: Connector, snapshot: Snapshot, goal: Goal, value: int, at: datetime
) -> Choice:
    wanted = value * 1000 if goal is Goal.ENERGY else value
    return Choice(value, terms_of(connector, snapshot, goal=goal, value=wanted, at=at))


def _example(connector: Connector, snapshot: Snapshot, at: datetime) -> Example:
    power_w = usual_power_w(connector)
    total = total_of(snapshot, energy_wh=_EXAMPLE_WH, power_w=power_w, at=at)
    return Example(_EXAMPLE_WH, total, length(timedelta(hours=_EXAMPLE_WH / power_w)))
