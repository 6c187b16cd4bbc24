"""What the first page offers: amounts of energy and money that make sense at this connector."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from django.conf import settings

from chargers.models import Connector, PowerType
from payments.documents.words import length
from payments.services.orders import FULL_WH, Goal, Terms, terms_of, usual_power_w
from tariffs.estimate import total_of
from tariffs.pricing import Snapshot

_AC_KWH: Final = (5, 10, 20, 40)
_DC_KWH: Final = (10, 20, 30, 50)
_RUPIAH: Final = (20_000, 50_000, 100_000, 200_000, 300_000, 500_000)
_MOST_CHIPS: Final = 4
# A preset that buys less than this is for nobody: a session fee takes it all.
_WORTH_WH: Final = 2_000
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
    example: Example


def choices_of(connector: Connector, snapshot: Snapshot, *, at: datetime) -> Choices:
    is_dc = connector.power_type == PowerType.DC
    presets = _DC_KWH if is_dc else _AC_KWH
    energy = [_choice(connector, snapshot, Goal.ENERGY, kwh, at) for kwh in presets]
    least, most = settings.PAYMENT_MINIMUM, settings.PAYMENT_MAXIMUM
    money = (
        _choice(connector, snapshot, Goal.AMOUNT, amount, at)
        for amount in _RUPIAH
        if least <= amount <= most
    )
    worth = (each for each in money if _is_worth(each.terms))
    full = terms_of(connector, snapshot, goal=Goal.FULL, value=FULL_WH, at=at)
    return Choices(
        energy=energy,
        money=list(islice(worth, _MOST_CHIPS)),
        full=full,
        example=_example(connector, snapshot, at),
    )


def _is_worth(terms: Terms) -> bool:
    return terms.about_wh is None or terms.about_wh >= _WORTH_WH


def _choice(
    connector: Connector, snapshot: Snapshot, goal: Goal, value: int, at: datetime
) -> Choice:
    wanted = value * 1000 if goal is Goal.ENERGY else value
    return Choice(value, terms_of(connector, snapshot, goal=goal, value=wanted, at=at))


def _example(connector: Connector, snapshot: Snapshot, at: datetime) -> Example:
    power_w = usual_power_w(connector)
    total = total_of(snapshot, energy_wh=_EXAMPLE_WH, power_w=power_w, at=at)
    return Example(_EXAMPLE_WH, total, length(timedelta(hours=_EXAMPLE_WH / power_w)))
