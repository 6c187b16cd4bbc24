"""Other companies' locations with prices in words; drivers' sessions with their places."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from ocpi.models import (
    CommandType,
    ForeignCdr,
    ForeignLocation,
    ForeignSession,
    ForeignTariff,
    SentCommand,
)
from ocpi.objects.abroad import evse_views, listed, summary, tariff_ids_of
from ocpi.wire import json
from tariffs.describe import price_text
from tariffs.pricing.ocpi import ShapeError, read_tariff
from unievp.lib.money import EXPONENTS, round_half_up

logger = logging.getLogger(__name__)


def location_view(row: ForeignLocation) -> dict[str, Any]:
    """A line of the list. `distance_m` where the query measured it."""
    return _columns(row) | summary(json.loads(row.body))


def location_detail(row: ForeignLocation, language: str) -> dict[str, Any]:
    """With every EVSE, and what it costs there in `language`."""
    body = json.loads(row.body)
    hours = body.get("opening_times")
    return (
        _columns(row)
        | summary(body)
        | {
            "postal_code": str(body.get("postal_code") or ""),
            "directions": _in_language(listed(body, "directions"), language),
            "facilities": [str(one) for one in listed(body, "facilities")],
            "always_open": bool(hours.get("twentyfourseven")) if isinstance(hours, dict) else None,
            "evse_list": list(evse_views(body, prices_at(row, tariff_ids_of(body), language))),
        }
    )


def prices_at(
    row: ForeignLocation, ocpi_ids: Iterable[str], language: str
) -> dict[str, dict[str, Any]]:
    """Tariff id → its words. One that our engine cannot read is told in the company's own."""
    tariffs = ForeignTariff.objects.filter(
        partner_id=row.partner_id,
        country_code__iexact=row.country_code,
        party_id__iexact=row.party_id,
        ocpi_id__in=list(ocpi_ids),
        removed_at__isnull=True,
    )
    return {tariff.ocpi_id: _words(tariff, row.time_zone, language) for tariff in tariffs}


def _words(tariff: ForeignTariff, time_zone: str, language: str) -> dict[str, Any]:
    body = json.loads(tariff.body)
    told = _in_language(listed(body, "tariff_alt_text"), language)
    try:
        text = price_text(read_tariff(body, time_zone), language=language)
        short, lines = text.short, list(text.lines)
    except ShapeError as error:
        logger.info("Tariff %s of %s cannot be read: %s", tariff, tariff.partner_id, error)
        short, lines = told, []
    return {
        "id": tariff.ocpi_id,
        "currency": tariff.currency,
        "short": short,
        "lines": lines,
        "told": told,
    }


@dataclass(frozen=True, slots=True)
class SessionAbroad:
    """A session elsewhere as its driver reads it, in minor units: `cost` as the company tells it so
    far, `charged` what the driver owes once its CDR is booked, less what credits took back.
    """

    session: ForeignSession
    location: ForeignLocation | None
    cost: int | None
    cost_includes_tax: bool
    charged: int | None


def sessions_abroad(sessions: Sequence[ForeignSession]) -> list[SessionAbroad]:
    """Each of them, by two queries for all."""
    places = _places_of(sessions)
    charges = dict(
        ForeignCdr.objects.filter(session__in=sessions, charge__isnull=False)
        .order_by()
        .values_list("session_id")
        .annotate(Sum("charge__total"))
    )
    return [
        SessionAbroad(
            session=one,
            location=places.get(_key(one, one.location_id)),
            cost=_minor(one.total_excl if one.total_incl is None else one.total_incl, one.currency),
            cost_includes_tax=one.total_incl is not None,
            charged=charges.get(one.pk),
        )
        for one in sessions
    ]


def session_of_start(command: SentCommand) -> int | None:
    """The session that a start led to carries the reference of its command."""
    if command.type != CommandType.START_SESSION or not command.authorization_reference:
        return None
    sessions = ForeignSession.objects.filter(
        partner_id=command.partner_id, authorization_reference=command.authorization_reference
    )
    return sessions.values_list("pk", flat=True).first()


def _places_of(
    sessions: Sequence[ForeignSession],
) -> dict[tuple[int, str, str, str], ForeignLocation]:
    wanted = Q(pk__in=[])
    for partner_id, ocpi_id in {(one.partner_id, one.location_id) for one in sessions}:
        wanted |= Q(partner_id=partner_id, ocpi_id__iexact=ocpi_id)
    rows = ForeignLocation.objects.filter(wanted).defer("body")
    return {_key(row, row.ocpi_id): row for row in rows}


def _key(row: ForeignLocation | ForeignSession, ocpi_id: str) -> tuple[int, str, str, str]:
    """CiStrings: compared without case."""
    return row.partner_id, row.country_code.upper(), row.party_id.upper(), ocpi_id.upper()


def _columns(row: ForeignLocation) -> dict[str, Any]:
    distance = getattr(row, "distance_m", None)
    return {
        "id": row.pk,
        "name": row.name,
        "address": row.address,
        "city": row.city,
        "country": row.country,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "time_zone": row.time_zone,
        "distance_m": None if distance is None else round(distance),
        "last_updated": row.last_updated,
    }


def _in_language(texts: Sequence[Any], language: str) -> str:
    """The DisplayText in `language`, else in English, else the first."""
    found = [one for one in texts if isinstance(one, dict)]
    order = [language.lower(), "en"]

    def place(one: dict[str, Any]) -> int:
        spoken = str(one.get("language", "")).lower()
        return order.index(spoken) if spoken in order else len(order)

    return str(min(found, key=place).get("text", "")) if found else ""


def _minor(amount: Decimal | None, currency: str) -> int | None:
    """None where it is not told, or in a currency that the platform does not know."""
    if amount is None or currency not in EXPONENTS:
        return None
    return round_half_up(amount, currency)
