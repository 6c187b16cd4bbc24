"""The numbers of reservations (OCPP's reservationId)."""

from __future__ import annotations

from typing import Final

from django.db import connection

# A number typed by hand may be ahead of the sequence.
_NEXT: Final = "SELECT nextval('reservation_number_seq')"
_TAKEN: Final = "SELECT EXISTS (SELECT FROM chargers_reservation WHERE number = %s)"


def next_number() -> int:
    """A reservationId that no reservation ever had, whoever made it up."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_NEXT)
            number = int(cursor.fetchone()[0])
            cursor.execute(_TAKEN, [number])
            if not cursor.fetchone()[0]:
                return number
