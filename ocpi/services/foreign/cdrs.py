"""CDRs of our drivers: taken once, kept as they came, then checked and booked (OCPI 2.2.1 §10)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from ocpi.events import CdrDiffers, CdrMissing, CdrReceived
from ocpi.models import (
    CdrCheck,
    ForeignCdr,
    ForeignSession,
    ForeignStatus,
    HeldBecause,
    Partner,
)
from ocpi.objects.foreign.cdrs import CdrFields, read_cdr
from ocpi.services.foreign.booking import book_cdr, of_session
from ocpi.services.foreign.checking.judging import check_cdr
from ocpi.services.foreign.owners import check_operator, owned, stored, token_used
from ocpi.wire import json
from ocpi.wire.codes import Code, invalid, not_found
from ocpi.wire.reading import Reader
from unievp.lib import clock
from unievp.lib.events import publish

logger = logging.getLogger(__name__)
_PER_SWEEP: Final = 200


def receive_cdr(partner: Partner, body: Any) -> tuple[ForeignCdr, bool]:
    """The row, and whether it is new; the same CDR again is the same row.

    Raises OcpiError 2001: a field, or an id that is known with another content.
    """
    reader = Reader(body)
    fields = read_cdr(reader)
    named = fields.named
    check_operator(partner, named.country_code, named.party_id)
    known = _known(partner, fields)
    if known is None:
        try:
            with transaction.atomic():
                return _store(partner, fields, reader), True
        except IntegrityError:
            known = _known(partner, fields)
            if known is None:
                raise
    if not _is_same(known, stored(reader)):
        raise invalid(f"id: {known.ocpi_id} is known with another content; credit it instead")
    return known, False


def find_cdr(partner: Partner, key: str) -> ForeignCdr:
    """By the address that the answer to its POST named. Raises OcpiError: 404."""
    row = None
    if key.isascii() and key.isdigit() and len(key) < 19:
        row = ForeignCdr.objects.filter(partner=partner, pk=int(key)).first()
    if row is None:
        raise not_found("Unknown CDR", Code.CLIENT_ERROR)
    return row


def settle_cdr(cdr_pk: int) -> bool:
    """Check it and book it, once each; whether it is booked now. Again: nothing more happens."""
    with transaction.atomic():
        cdr = (
            ForeignCdr.objects.select_for_update(of=("self",))
            .select_related("partner", "own_token__contract", "session__own_token")
            .get(pk=cdr_pk)
        )
        was = (cdr.check_state, cdr.held_because)
        if cdr.check_state == CdrCheck.WAITING:
            check_cdr(cdr)
        booked = book_cdr(cdr)
        is_odd = cdr.check_state != CdrCheck.OK or bool(cdr.held_because)
        if is_odd and was != (cdr.check_state, cdr.held_because):
            publish(CdrDiffers(cdr.pk))
    if booked:
        _settle_held(cdr)
    return booked


def recheck_cdr(cdr: ForeignCdr) -> bool:
    """Once more, by what is known now: a tariff or a place may have come since."""
    with transaction.atomic():
        locked = ForeignCdr.objects.select_for_update(of=("self",)).get(pk=cdr.pk)
        locked.differences.all().delete()
        locked.check_state, locked.checked_at = CdrCheck.WAITING, None
        locked.held_because = ""
        locked.save(update_fields=["check_state", "checked_at", "held_because"])
    return settle_cdr(cdr.pk)


def sweep_cdrs() -> int:
    """CDRs whose nudge was lost; how many were looked at. One that fails holds up no other."""
    waiting = ForeignCdr.objects.filter(charge__isnull=True, held_because="").order_by("pk")
    pks = list(waiting.values_list("pk", flat=True)[:_PER_SWEEP])
    for pk in pks:
        try:
            settle_cdr(pk)
        except Exception:
            logger.exception("The CDR %s could not be settled", pk)
    return len(pks)


def find_missing_cdrs() -> int:
    """Sessions that ended `OCPI_CDR_HOURS` ago without a CDR; each is told of once."""
    before = clock.now() - timedelta(hours=settings.OCPI_CDR_HOURS)
    late = ForeignSession.objects.filter(
        status=ForeignStatus.COMPLETED,
        received_at__lt=before,
        cdr_missed_at__isnull=True,
        cdrs__isnull=True,
    ).values_list("pk", flat=True)[:_PER_SWEEP]
    count = 0
    for pk in list(late):
        with transaction.atomic():
            missed = ForeignSession.objects.filter(pk=pk, cdr_missed_at__isnull=True)
            if missed.update(cdr_missed_at=clock.now()):
                publish(CdrMissing(pk))
                count += 1
    return count


def _settle_held(cdr: ForeignCdr) -> None:
    """Once it is booked: a credit that came before it, or what it has made room for."""
    if cdr.is_credit:
        held = of_session(cdr).filter(held_because=HeldBecause.CHARGED_BEFORE)
    else:
        held = ForeignCdr.objects.filter(
            partner=cdr.partner,
            is_credit=True,
            credit_reference_id__iexact=cdr.ocpi_id,
            charge__isnull=True,
        ).exclude(held_because="")
    for one in held.order_by("pk"):
        recheck_cdr(one)


def _known(partner: Partner, fields: CdrFields) -> ForeignCdr | None:
    named = fields.named
    return ForeignCdr.objects.filter(
        **owned(partner, named.country_code, named.party_id, named.ocpi_id)
    ).first()


def _store(partner: Partner, fields: CdrFields, reader: Reader) -> ForeignCdr:
    named = fields.named
    session = None
    if fields.session_id:
        session = ForeignSession.objects.filter(
            **owned(partner, named.country_code, named.party_id, fields.session_id)
        ).first()
    token = token_used(fields.token)
    cdr = ForeignCdr.objects.create(
        partner=partner,
        country_code=named.country_code,
        party_id=named.party_id,
        ocpi_id=named.ocpi_id,
        session=session,
        own_token=token or (session.own_token if session else None),
        session_id_text=fields.session_id,
        is_credit=fields.is_credit,
        credit_reference_id=fields.credit_reference_id,
        started_at=fields.started_at,
        ended_at=fields.ended_at,
        energy_wh=fields.energy_wh,
        currency=fields.currency,
        total_excl=fields.total_excl,
        total_incl=fields.total_incl,
        body=stored(reader),
        last_updated=fields.last_updated,
        received_at=clock.now(),
    )
    publish(CdrReceived(cdr.pk))
    return cdr


def _is_same(known: ForeignCdr, body: str) -> bool:
    """Beside the time that it was touched: some peers move it with every answer."""
    before, now = json.loads(known.body), json.loads(body)
    before.pop("last_updated", None)
    now.pop("last_updated", None)
    return bool(before == now)
