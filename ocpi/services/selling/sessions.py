"""Sessions of partners' drivers, told while they run and once more when they are billed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from chargers.models import AuthorizationStatus, BillingStatus, ChargingSession, SessionStatus
from chargers.selectors.quotes import quote_of
from chargers.selectors.usage import usage_of
from ocpi.models import (
    Party,
    PartyRole,
    RoamingSession,
    RoamingStatus,
    RoamingTag,
)
from ocpi.objects.cdrs import Charged, session_object
from ocpi.objects.costs import amount
from ocpi.objects.locations import cdr_place, missing_fields
from ocpi.objects.tariffs import tariff_id
from ocpi.objects.tokens import cdr_token, token_columns
from ocpi.services.pushing.marking import mark
from ocpi.states import ROAMING_SESSION
from ocpi.wire import json
from payments.models import Bill
from tariffs.pricing import Rules, Snapshot, snapshot_from_json
from unievp.lib import clock, money

# Progress that is worth a message.
TOLD_EVERY: Final = timedelta(seconds=60)
_OPEN: Final = (RoamingStatus.PENDING, RoamingStatus.ACTIVE)
_PER_SWEEP: Final = 500


def begin_roaming(session_pk: int) -> RoamingSession | None:
    """The partner's view of a session that began on one of its tags; again: the same row.

    One that uses a reservation of the same token goes on as that reservation's Session. None for
    everybody else's, and for one that was refused.
    """
    session = _find(session_pk)
    tag = _tag_of(session)
    if session is None or tag is None:
        return None
    party = Party.objects.filter(cpo_id=session.cpo_id, role=PartyRole.CPO).first()
    if party is None or missing_fields(session.charger.location):
        return None
    known = RoamingSession.objects.filter(session=session).first()
    if known is not None:
        return known
    owner = (party.country_code, party.party_id)
    try:
        with transaction.atomic():
            row = _reserved(session, tag) or RoamingSession(
                partner=tag.partner,
                our_party=party,
                ocpi_id=f"S{session.pk}",
                **token_columns(tag),
            )
            row.session = session
            row.auth_method = tag.auth_method
            row.authorization_reference = tag.authorization_reference
            row.place = json.dumps(cdr_place(session.connector, owner)).decode()
            row.tariff_id = _tariff_id(session)
            _render(row)
            row.save()
            mark("sessions", row.ocpi_id, partner_id=row.partner_id)
    except IntegrityError:
        # Another process saw the same session begin.
        return RoamingSession.objects.get(session=session)
    return row


def _reserved(session: ChargingSession, tag: RoamingTag) -> RoamingSession | None:
    """The Session of the reservation that `session` used, locked, where it is the token's own.

    Whoever else the charger let in charges in a Session of their own.
    """
    row = (
        RoamingSession.objects.select_for_update(of=("self",))
        .select_related("our_party")
        .filter(
            reservation__session=session,
            status=RoamingStatus.RESERVATION,
            partner=tag.partner_id,
        )
        .first()
    )
    return row if row is not None and token_columns(row) == token_columns(tag) else None


def refresh_session(row_pk: int) -> bool:
    """Render it as it is now; whether it has changed. What the partner knows as over stays."""
    with transaction.atomic():
        row = (
            RoamingSession.objects.select_for_update(of=("self",))
            .select_related("session", "our_party")
            .get(pk=row_pk)
        )
        if row.status not in _OPEN:
            return False
        before = _without_time(row.body)
        _render(row)
        if _without_time(row.body) == before:
            return False
        row.save()
        mark("sessions", row.ocpi_id, partner_id=row.partner_id)
    return True


def follow_sessions(session_pks: Iterable[int]) -> int:
    """Sessions that began or ended; how many of them are roaming."""
    rows = [begin_roaming(pk) for pk in session_pks]
    found = [row for row in rows if row is not None]
    for row in found:
        refresh_session(row.pk)
    return len(found)


def sweep_sessions() -> int:
    """Sessions whose begin was missed, and those that are due to be told again."""
    missed = ChargingSession.objects.filter(
        id_token__roaming__isnull=False,
        roaming__isnull=True,
        authorization=AuthorizationStatus.ACCEPTED,
    ).values_list("pk", flat=True)[:_PER_SWEEP]
    begun = sum(begin_roaming(pk) is not None for pk in missed)
    due = RoamingSession.objects.filter(
        status__in=_OPEN, last_updated__lte=clock.now() - TOLD_EVERY
    ).order_by("last_updated")
    return begun + sum(refresh_session(pk) for pk in due.values_list("pk", flat=True)[:_PER_SWEEP])


def charged_of(row: RoamingSession) -> Charged:
    """What Session and CDR tell, by what was frozen at the start."""
    session = row.charging
    return Charged(
        owner=(row.our_party.country_code, row.our_party.party_id),
        session_id=row.ocpi_id,
        token=cdr_token(row),
        auth_method=row.auth_method,
        authorization_reference=row.authorization_reference,
        place=json.loads(row.place),
        tariff_id=row.tariff_id,
        snapshot=_snapshot(session),
        usage=usage_of(session),
    )


def _render(row: RoamingSession) -> None:
    session, now = row.charging, clock.now().replace(microsecond=0)
    status = _status(session)
    if row.pk is not None:
        ROAMING_SESSION.check(row.status, status)
    row.status, row.last_updated = status, now
    body = session_object(
        charged_of(row),
        status=status,
        total_cost=_cost(session),
        last_updated=now,
        ended=session.status == SessionStatus.ENDED,
    )
    row.body = json.dumps(body).decode()


def _status(session: ChargingSession) -> RoamingStatus:
    if session.billing_status == BillingStatus.NOT_BILLABLE:
        return RoamingStatus.INVALID
    if session.billing_status == BillingStatus.BILLED:
        return RoamingStatus.COMPLETED
    return RoamingStatus.ACTIVE


def _cost(session: ChargingSession) -> dict[str, Any] | None:
    """The bill's, or else what it would be now; None where no price is known, which is not free."""
    bill = Bill.objects.filter(session=session).first()
    if bill is not None:
        return amount(bill.net or 0, bill.total, money.exponent(bill.currency))
    quote = quote_of(session)
    if quote is None:
        return None
    digits = money.exponent(quote.currency)
    rounded = quote.result.rounded(digits)
    return amount(rounded.net, rounded.total, digits)


def _snapshot(session: ChargingSession) -> Snapshot:
    if session.tariff_snapshot is None:
        return Snapshot(Rules(elements=(), currency=session.currency))
    return snapshot_from_json(session.tariff_snapshot)


def _tariff_id(session: ChargingSession) -> str:
    if session.tariff_version is None:
        return ""
    snapshot = _snapshot(session)
    return tariff_id(session.tariff_version.template_id, snapshot.pbjt_percent)


def _find(session_pk: int) -> ChargingSession | None:
    return (
        ChargingSession.objects.select_related(
            "connector__charger__location",
            "charger__location",
            "tariff_version",
            "id_token__roaming__partner",
        )
        .filter(pk=session_pk, authorization=AuthorizationStatus.ACCEPTED)
        .first()
    )


def _tag_of(session: ChargingSession | None) -> RoamingTag | None:
    return getattr(session.id_token, "roaming", None) if session and session.id_token else None


def _without_time(body: str) -> Any:
    if not body:
        return None
    return {name: value for name, value in json.loads(body).items() if name != "last_updated"}
