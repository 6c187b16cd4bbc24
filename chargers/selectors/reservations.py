"""Who holds a connector, and what speaks against reserving it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from chargers.models import (
    Charger,
    Connector,
    ConnectorStatus,
    ConnectorStatusChange,
    Reservation,
    ReservationStatus,
)
from chargers.selectors.configuration import known_value, known_words

_S = ConnectorStatus
# How far a charger's clock may be from ours before a status looks odd.
_CLOCKS: Final = timedelta(minutes=1)


def held_reservation(charger_pk: int, connector_number: int, at: datetime) -> Reservation | None:
    """The reservation of exactly this connector that is in force at `at`."""
    return Reservation.objects.filter(
        charger_id=charger_pk,
        connector_number=connector_number,
        status=ReservationStatus.ACTIVE,
        expires_at__gt=at,
    ).first()


def shows_otherwise(reservation: Reservation) -> str:
    """The status that its connector reported since, where that is not Reserved; else "".

    Only a hint: a connector that is plugged in says Preparing, and some never say Reserved.
    """
    if reservation.status != ReservationStatus.ACTIVE:
        return ""
    outlet = Connector.objects.filter(
        charger=reservation.charger_id,
        number=reservation.connector_number,
        status_at__gt=reservation.started_at,
    ).first()
    if outlet is None or outlet.status == _S.RESERVED:
        return ""
    return str(outlet.get_status_display())


def is_for(reservation: Reservation, *, id_tag: str, group: str) -> bool:
    """Whether a tag, whose group is `group`, may use it: its own tag, or one of its group."""
    if id_tag[:20].casefold() == reservation.id_tag.casefold():
        return True
    parent = reservation.parent_id_tag.casefold()
    return bool(parent) and group.casefold() == parent


def expected_refusals(
    charger: Charger, connector_number: int, *, besides: Reservation | None = None
) -> list[str]:
    """Why we expect the charger to refuse a ReserveNow, in sentences; nothing is certain.

    `besides`: the reservation that is to be changed, which is not in its own way.
    """
    doubts = [*_lacks(charger.pk, connector_number)]
    others = Reservation.objects.filter(
        charger=charger, connector_number=connector_number, status=ReservationStatus.ACTIVE
    )
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        doubts.append(_("It is reserved already."))
    said = charger.connectors.filter(number=connector_number).first() or charger
    own = besides is not None and besides.connector_number == connector_number
    # Reserved is no obstacle to what it is reserved for, and said above of others.
    expected = {_S.AVAILABLE, _S.UNKNOWN} | ({_S.RESERVED} if own or doubts else set())
    if said.status_at is not None and said.status not in expected:
        doubts.append(_("Its status is “%(status)s”.") % {"status": said.get_status_display()})
    return doubts


def _lacks(charger_pk: int, connector_number: int) -> list[str]:
    """What its configuration says against it; a charger that was never read has said nothing."""
    profiles = known_words(charger_pk, "SupportedFeatureProfiles")
    if profiles is None:
        return []
    lacks = []
    if "reservation" not in {word.casefold() for word in profiles}:
        lacks.append(_("The charger says that it knows no reservations."))
    any_one = known_value(charger_pk, "ReserveConnectorZeroSupported")
    if connector_number == 0 and (any_one or "").strip().casefold() != "true":
        lacks.append(_("The charger says that only single connectors can be reserved."))
    return lacks


def with_held(changes: QuerySet[ConnectorStatusChange]) -> QuerySet[ConnectorStatusChange]:
    """Each change with `held`, whether a reservation of ours explains a Reserved then, and
    `still_held`, whether one was in force, so that the connector should not have become free.
    """
    at = OuterRef("reported_at")
    own = Q(connector_number=0) | Q(connector_number=OuterRef("connector_number"))
    kept = Reservation.objects.filter(own, charger=OuterRef("charger")).annotate(
        end=Coalesce("ended_at", "expires_at")
    )
    return changes.annotate(
        held=Exists(kept.filter(started_at__lte=at + _CLOCKS, end__gte=at - _CLOCKS)),
        still_held=Exists(kept.filter(started_at__lte=at, end__gt=at + _CLOCKS)),
    )
