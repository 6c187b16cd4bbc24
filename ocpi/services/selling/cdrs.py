"""CDRs: one per bill of a roaming session, written once; taken back by a credit."""

from __future__ import annotations

from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cpo.models import User
from cpo.services import audit
from ocpi.models import Cdr, RoamingSession
from ocpi.objects.cdrs import cdr_object, credit_object
from ocpi.objects.costs import amount
from ocpi.services.pushing.marking import mark
from ocpi.services.selling.sessions import begin_roaming, charged_of, refresh_session
from ocpi.wire import json
from payments.models import Bill
from payments.services.roaming.crediting import credit_bill
from unievp.lib import clock, money
from unievp.lib.errors import ConflictError

_PER_SWEEP: Final = 500


def issue_cdr(bill_pk: int) -> Cdr | None:
    """The CDR of a bill; again: the same one. None where no partner has to do with it."""
    bill = Bill.objects.select_related("session").filter(pk=bill_pk).first()
    row = begin_roaming(bill.session_id) if bill is not None else None
    if bill is None or row is None:
        return None
    refresh_session(row.pk)
    known = Cdr.objects.filter(bill=bill, credits__isnull=True).first()
    if known is not None:
        return known
    row = RoamingSession.objects.select_related("session", "our_party").get(pk=row.pk)
    digits = money.exponent(bill.currency)
    now = clock.now().replace(microsecond=0)
    body = cdr_object(charged_of(row), ocpi_id=f"C{bill.pk}", digits=digits, issued_at=now)
    # What is owed is what was billed and booked.
    body["total_cost"] = amount(bill.net or 0, bill.total, digits)
    try:
        with transaction.atomic():
            cdr = Cdr.objects.create(
                roaming_session=row,
                bill=bill,
                partner_id=row.partner_id,
                ocpi_id=body["id"],
                body=json.dumps(body).decode(),
                last_updated=now,
            )
            mark("cdrs", cdr.ocpi_id, partner_id=cdr.partner_id)
    except IntegrityError:
        return Cdr.objects.get(bill=bill, credits__isnull=True)
    return cdr


def issue_credit(cdr: Cdr, *, actor: User | str, reason: str) -> Cdr:
    """Take a CDR back; the partner owes its bill no more.

    Raises ConflictError for one that was taken back, or is a credit itself, and
    InsufficientFundsError where the company has been paid its share and has too little left.
    """
    now = clock.now().replace(microsecond=0)
    with transaction.atomic():
        locked = Cdr.objects.select_for_update(of=("self",)).get(pk=cdr.pk)
        if locked.credits_id is not None or Cdr.objects.filter(credits=locked).exists():
            raise ConflictError(_("This CDR was taken back already."), code="cdr_credited")
        if locked.bill.payer_reference:
            credit_bill(locked.bill, reason=reason)
        body = credit_object(json.loads(locked.body), issued_at=now)
        credit = Cdr.objects.create(
            roaming_session_id=locked.roaming_session_id,
            bill_id=locked.bill_id,
            partner_id=locked.partner_id,
            ocpi_id=body["id"],
            credits=locked,
            body=json.dumps(body).decode(),
            last_updated=now,
        )
        audit.record(
            actor=actor,
            action="ocpi_cdr.credit",
            subject=credit,
            after={"cdr": locked.ocpi_id},
            reason=reason,
            cpo=locked.bill.cpo,
        )
        mark("cdrs", credit.ocpi_id, partner_id=credit.partner_id)
    return credit


def sweep_cdrs() -> int:
    """Bills of roaming sessions that no CDR was made of; how many were."""
    missing = Bill.objects.filter(
        session__id_token__roaming__isnull=False, cdrs__isnull=True
    ).order_by("pk")
    return sum(
        issue_cdr(pk) is not None for pk in missing.values_list("pk", flat=True)[:_PER_SWEEP]
    )
