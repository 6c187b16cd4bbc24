"""Reservations of partners' drivers, told as Sessions until somebody charges (OCPI 2.2.1 §9.4.5).

They are not billed: one that nobody used ends as INVALID, and no CDR follows.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.db import transaction

from chargers.models import Connector, Reservation, ReservationStatus
from ocpi.models import (
    CommandRequest,
    CommandType,
    Party,
    PartyRole,
    RoamingSession,
    RoamingStatus,
    RoamingTag,
)
from ocpi.objects.cdrs import Charged, session_object
from ocpi.objects.locations import cdr_place, missing_fields
from ocpi.objects.tokens import cdr_token, token_columns
from ocpi.services.pushing.marking import mark
from ocpi.services.selling.sessions import begin_roaming
from ocpi.states import ROAMING_SESSION
from ocpi.wire import json
from tariffs.pricing import Rules, Snapshot, Usage
from unievp.lib import clock

_PER_SWEEP: Final = 500


def follow_reservation(reservation_pk: int) -> bool:
    """Whether its partner has something new to hear. Nothing where it is nobody's, or again."""
    with transaction.atomic():
        reservation = (
            Reservation.objects.select_for_update(no_key=True, of=("self",))
            .select_related("charger__location")
            .filter(pk=reservation_pk, started_at__isnull=False)
            .first()
        )
        if reservation is None:
            return False
        if reservation.session_id is not None:
            begin_roaming(reservation.session_id)
        row = (
            RoamingSession.objects.select_for_update(of=("self",))
            .select_related("our_party")
            .filter(reservation=reservation)
            .first()
        )
        if row is None and reservation.status == ReservationStatus.ACTIVE:
            row = _new_row(reservation)
        if row is None or row.status != RoamingStatus.RESERVATION:
            return False
        return _tell(row, reservation)


def sweep_reservations() -> int:
    """Reservations whose news was missed; how many partners had something to hear."""
    unknown = Reservation.objects.filter(
        status=ReservationStatus.ACTIVE,
        roaming__isnull=True,
        ocpi_requests__type=CommandType.RESERVE_NOW,
    )
    told = Reservation.objects.filter(roaming__status=RoamingStatus.RESERVATION)
    found = {
        pk for rows in (unknown, told) for pk in rows.values_list("pk", flat=True)[:_PER_SWEEP]
    }
    return sum(follow_reservation(pk) for pk in sorted(found))


def _new_row(reservation: Reservation) -> RoamingSession | None:
    """Not saved. None where no partner asked for it, or partners cannot see the place."""
    tag = (
        RoamingTag.objects.select_related("partner")
        .filter(pk__in=_asked(reservation).values("tag"))
        .first()
    )
    charger = reservation.charger
    party = Party.objects.filter(cpo_id=charger.cpo_id, role=PartyRole.CPO).first()
    if tag is None or party is None or missing_fields(charger.location):
        return None
    return RoamingSession(
        reservation=reservation,
        partner=tag.partner,
        our_party=party,
        ocpi_id=f"R{reservation.pk}",
        **token_columns(tag),
        auth_method=tag.auth_method,
        authorization_reference=tag.authorization_reference,
        status=RoamingStatus.RESERVATION,
    )


def _asked(reservation: Reservation) -> Any:
    return CommandRequest.objects.filter(
        reservation=reservation, type=CommandType.RESERVE_NOW, tag__isnull=False
    )


def _tell(row: RoamingSession, reservation: Reservation) -> bool:
    """Render, save and mark it where it differs from what the partner knows."""
    held = reservation.status == ReservationStatus.ACTIVE
    status = RoamingStatus.RESERVATION if held else RoamingStatus.INVALID
    if held and not _place(row, reservation):
        return False
    body = _body(row, reservation, status)
    before = json.loads(row.body) if row.body else {}
    if body == {name: value for name, value in before.items() if name != "last_updated"}:
        return False
    ROAMING_SESSION.check(row.status, status)
    now = clock.now().replace(microsecond=0)
    row.status, row.last_updated = status, now
    row.body = json.dumps({**body, "last_updated": now}).decode()
    row.save()
    mark("sessions", row.ocpi_id, partner_id=row.partner_id)
    return True


def _place(row: RoamingSession, reservation: Reservation) -> bool:
    """Where it is kept now: a change may have moved it. False where there is no such connector."""
    connector = (
        Connector.objects.select_related("charger__location")
        .filter(charger=reservation.charger_id, number=reservation.connector_number)
        .first()
    )
    if connector is None:
        return False
    owner = (row.our_party.country_code, row.our_party.party_id)
    row.place = json.dumps(cdr_place(connector, owner)).decode()
    return True


def _body(row: RoamingSession, reservation: Reservation, status: RoamingStatus) -> dict[str, Any]:
    """As JSON has it, without `last_updated`. No cost: that none is charged is not a price."""
    begin = reservation.started_at or reservation.created_at
    over = status == RoamingStatus.INVALID
    charged = Charged(
        owner=(row.our_party.country_code, row.our_party.party_id),
        session_id=row.ocpi_id,
        token=cdr_token(row),
        auth_method=row.auth_method,
        authorization_reference=row.authorization_reference,
        place=json.loads(row.place),
        tariff_id="",
        snapshot=Snapshot(Rules(elements=(), currency=settings.CURRENCY)),
        usage=Usage(begin, max(reservation.ended_at or begin, begin)),
    )
    told = session_object(charged, status=status, total_cost=None, last_updated=begin, ended=over)
    del told["last_updated"]
    body: dict[str, Any] = json.loads(json.dumps(told))
    return body
