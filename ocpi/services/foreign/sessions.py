"""Sessions of our drivers elsewhere, as they run (OCPI 2.2.1 §9.2.2)."""

from __future__ import annotations

from typing import Any, Final

from django.db import IntegrityError, transaction

from ocpi.models import ForeignCdr, ForeignSession, Partner
from ocpi.objects.foreign.sessions import SessionFields, read_session
from ocpi.services.foreign.owners import check_operator, owned, stored, token_used
from ocpi.states import FOREIGN_SESSION
from ocpi.wire import json
from ocpi.wire.codes import Code, invalid, not_found
from ocpi.wire.reading import Reader
from unievp.lib import clock

Address = tuple[str, str, str]
# One every 10 seconds of a whole day.
_MOST_PERIODS: Final = 10_000
_COLUMNS: Final = (
    "status",
    "energy_wh",
    "total_excl",
    "total_incl",
    "currency",
    "started_at",
    "ended_at",
    "location_id",
    "evse_uid",
    "connector_id",
    "authorization_reference",
    "last_updated",
)


def put_session(partner: Partner, body: Any, *, address: Address | None = None) -> bool:
    """Store it as it is; whether it is new. One older than what we have changes nothing.

    Raises OcpiError 2001: a field, or a session that is over and would go on.
    """
    reader = Reader(body)
    fields = read_session(reader)
    if address is not None:
        fields.named.check_address(*address)
    check_operator(partner, fields.named.country_code, fields.named.party_id)
    try:
        with transaction.atomic():
            return _store(partner, fields, reader)
    except IntegrityError:
        # Pushed and pulled at the same moment: the other one is as good.
        return False


def patch_session(partner: Partner, address: Address, body: Any) -> None:
    """Only what is given changes, charging periods are added. Raises OcpiError 2001 and 404."""
    reader = Reader(body)
    moment = reader.moment("last_updated")
    added = [one.raw for one in reader.each("charging_periods")]
    check_operator(partner, *address[:2])
    with transaction.atomic():
        row = find_session(partner, address)
        row = ForeignSession.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if row.last_updated > moment:
            return
        known = json.loads(row.body)
        merged = {**known, **reader.raw}
        if added:
            merged["charging_periods"] = _more_periods(known.get("charging_periods") or [], added)
        put_session(partner, merged, address=address)


def _more_periods(before: list[Any], added: list[Any]) -> list[Any]:
    """Each once: a repeated PATCH must not charge twice."""
    # By its text: a session may have thousands.
    periods = {json.canonical(one): one for one in [*before, *added]}
    if len(periods) > _MOST_PERIODS:
        raise invalid(f"charging_periods: at most {_MOST_PERIODS} in a session, please")
    return list(periods.values())


def find_session(partner: Partner, address: Address) -> ForeignSession:
    row = ForeignSession.objects.filter(**owned(partner, *address)).first()
    if row is None:
        raise not_found("Unknown session", Code.CLIENT_ERROR)
    return row


def _store(partner: Partner, fields: SessionFields, reader: Reader) -> bool:
    named = fields.named
    address = (named.country_code, named.party_id, named.ocpi_id)
    row = (
        ForeignSession.objects.select_for_update(of=("self",))
        .filter(**owned(partner, *address))
        .first()
    )
    if row is not None and row.last_updated > fields.last_updated:
        return False
    if row is not None and not FOREIGN_SESSION.allows(row.status, fields.status):
        raise invalid(f"status: {fields.status} cannot follow {row.status}")
    is_new = row is None
    row = row or ForeignSession(
        partner=partner, country_code=address[0], party_id=address[1], ocpi_id=address[2]
    )
    for name in _COLUMNS:
        setattr(row, name, getattr(fields, name))
    row.own_token = token_used(fields.token)
    row.body, row.received_at = stored(reader), clock.now()
    row.save()
    if is_new:
        # A CDR may be faster than the session that it is of.
        ForeignCdr.objects.filter(
            partner=partner,
            country_code__iexact=row.country_code,
            party_id__iexact=row.party_id,
            session__isnull=True,
            session_id_text__iexact=row.ocpi_id,
        ).update(session=row)
    return is_new
