"""Reads OCPI 2.2.1 tariffs and CDR periods, as the vectors give them, into our own types."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from tariffs.pricing import (
    Bound,
    Component,
    Element,
    Kind,
    Period,
    Reservation,
    Restrictions,
    Rules,
    Snapshot,
    State,
    Tax,
    TaxCode,
    Usage,
)

VECTORS = json.loads(
    (Path(__file__).parent.parent / "data" / "ocpi_tariff_vectors.json").read_text()
)
WEEK = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]


def number(value):
    """A JSON number as it was written, not as a binary float holds it."""
    return Decimal(str(value))


def whole(value, factor):
    return None if value is None else int(number(value) * factor)


def read_time(text):
    return None if text is None else time.fromisoformat(text)


def read_date(text):
    return None if text is None else date.fromisoformat(text)


def read_restrictions(data):
    data = data or {}
    reservation = data.get("reservation")
    return Restrictions(
        start_time=read_time(data.get("start_time")),
        end_time=read_time(data.get("end_time")),
        start_date=read_date(data.get("start_date")),
        end_date=read_date(data.get("end_date")),
        days=frozenset(WEEK.index(day) + 1 for day in data.get("day_of_week", ())),
        min_energy_wh=whole(data.get("min_kwh"), 1000),
        max_energy_wh=whole(data.get("max_kwh"), 1000),
        min_power_w=whole(data.get("min_power"), 1000),
        max_power_w=whole(data.get("max_power"), 1000),
        min_current_ma=whole(data.get("min_current"), 1000),
        max_current_ma=whole(data.get("max_current"), 1000),
        min_duration_s=data.get("min_duration"),
        max_duration_s=data.get("max_duration"),
        reservation=Reservation(reservation) if reservation else None,
    )


def read_component(data):
    vat = data.get("vat")
    return Component(
        kind=Kind(data["type"]),
        price=number(data["price"]),
        step_size=data["step_size"],
        taxes=() if vat is None else (Tax(TaxCode.VAT, number(vat)),),
    )


def read_bound(data):
    if data is None:
        return None
    incl = data.get("incl_vat")
    return Bound(number(data["excl_vat"]), None if incl is None else number(incl))


def read_tariff(data, time_zone):
    elements = tuple(
        Element(
            tuple(read_component(part) for part in element["price_components"]),
            read_restrictions(element.get("restrictions")),
        )
        for element in data["elements"]
    )
    rules = Rules(
        elements=elements,
        currency=data["currency"],
        min_price=read_bound(data.get("min_price")),
        max_price=read_bound(data.get("max_price")),
    )
    return Snapshot(rules, time_zone)


def read_period(data):
    volumes = {one["type"]: one["volume"] for one in data["dimensions"]}
    state = State.CHARGING
    if "PARKING_TIME" in volumes:
        state = State.IDLE
    elif "RESERVATION_TIME" in volumes:
        state = State.RESERVED
    return Period(
        start=datetime.fromisoformat(data["start_date_time"]),
        energy_wh=Fraction(number(volumes.get("ENERGY", 0))) * 1000,
        state=state,
        power_w=whole(volumes.get("MAX_POWER"), 1000),
        current_ma=whole(volumes.get("MAX_CURRENT"), 1000),
    )


def read_usage(vector):
    return Usage(
        started_at=datetime.fromisoformat(vector["start_date_time"]),
        ended_at=datetime.fromisoformat(vector["end_date_time"]),
        periods=tuple(read_period(period) for period in vector["charging_periods"]),
        reservation_expired=vector["reservation_expired"],
    )


def seconds_of(vector):
    """What each period says of its own length, where it does."""
    return [
        next((one["seconds"] for one in period["dimensions"] if "seconds" in one), None)
        for period in vector["charging_periods"]
    ]


def lengths(usage):
    ends = [period.start for period in usage.periods[1:]] + [usage.ended_at]
    return [
        (end - period.start) / timedelta(seconds=1)
        for period, end in zip(usage.periods, ends, strict=True)
    ]
