"""A CDR of our driver becomes a charge: owed by the driver, and by us to the operator.

What differs from our own sum is booked as it came and told of: the operator's claim stands until a
credit CDR takes it back. What cannot be booked is held, and says why.
"""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from ocpi.models import ForeignCdr, HeldBecause, OwnToken, Partner
from ocpi.services.foreign.owners import owned
from payments.models import RoamingCharge
from payments.services.roaming.charging import charge_driver, take_back
from unievp.lib import money
from unievp.lib.errors import DomainError

_LARGEST: Final = 2**53


def book_cdr(cdr: ForeignCdr) -> bool:
    """Book a (locked) CDR; whether it is booked. What is held stays so until somebody looks."""
    if cdr.charge_id is not None:
        return True
    if cdr.held_because:
        return False
    found = _charge_of(cdr)
    if isinstance(found, RoamingCharge):
        cdr.charge = found
    else:
        cdr.held_because = found
    cdr.save(update_fields=["charge", "held_because"])
    return cdr.charge_id is not None


def reference_of(cdr: ForeignCdr) -> str:
    """A CDR's name in the books: ids are unique within a party, and know no case."""
    return f"{cdr.country_code}-{cdr.party_id}-{cdr.ocpi_id}".upper()


def _charge_of(cdr: ForeignCdr) -> RoamingCharge | HeldBecause:
    if cdr.is_credit:
        return _credit_of(cdr)
    if cdr.own_token is None:
        return HeldBecause.UNKNOWN_TOKEN
    if cdr.currency not in money.EXPONENTS:
        return HeldBecause.UNKNOWN_CURRENCY
    doubt = _doubt(cdr, cdr.own_token)
    if doubt is not None:
        return doubt
    total = cdr.total_excl if cdr.total_incl is None else cdr.total_incl
    net = money.round_half_up(cdr.total_excl, cdr.currency)
    tax = money.round_half_up(total, cdr.currency) - net
    if not (0 <= net < _LARGEST and 0 <= tax < _LARGEST):
        return HeldBecause.IMPOSSIBLE_AMOUNT
    return charge_driver(
        driver_id=cdr.own_token.contract.driver_id,
        partner_reference=str(cdr.partner_id),
        cdr_reference=reference_of(cdr),
        currency=cdr.currency,
        net=net,
        tax=tax,
        margin_percent=cdr.partner.margin_percent,
    )


def _credit_of(cdr: ForeignCdr) -> RoamingCharge | HeldBecause:
    """Everything that the named CDR charged; half a credit is a question for people."""
    original = original_of(cdr)
    if original is None or original.charge is None:
        return HeldBecause.ORIGINAL_MISSING
    if original.total_excl != -cdr.total_excl or original.currency != cdr.currency:
        return HeldBecause.ANOTHER_AMOUNT
    taken = RoamingCharge.objects.filter(credits=original.charge).first()
    if taken is not None and taken.cdr_reference != reference_of(cdr):
        return HeldBecause.CREDITED_BEFORE
    try:
        return take_back(original.charge, cdr_reference=reference_of(cdr))
    except DomainError:
        return HeldBecause.NOT_BOOKABLE


def original_of(cdr: ForeignCdr) -> ForeignCdr | None:
    """What a credit takes back; a credit itself is not taken back."""
    named = owned(cdr.partner, cdr.country_code, cdr.party_id, cdr.credit_reference_id)
    rows = ForeignCdr.objects.select_related("charge__booking")
    return rows.filter(**named, is_credit=False).first()


def of_session(cdr: ForeignCdr) -> QuerySet[ForeignCdr]:
    """The other CDRs that name the same session; none where it names none."""
    if not cdr.session_id_text:
        return ForeignCdr.objects.none()
    return ForeignCdr.objects.filter(
        partner=cdr.partner_id,
        country_code__iexact=cdr.country_code,
        party_id__iexact=cdr.party_id,
        session_id_text__iexact=cdr.session_id_text,
    ).exclude(pk=cdr.pk)


def _doubt(cdr: ForeignCdr, token: OwnToken) -> HeldBecause | None:
    """A session has one driver and is paid once (OCPI 2.2.1 §10): another CDR for it waits until
    the first is taken back.
    """
    told = cdr.session.own_token if cdr.session is not None else None
    if told is not None and told.contract_id != token.contract_id:
        return HeldBecause.ANOTHER_DRIVER
    if not cdr.session_id_text:
        return None
    # Of two that are settled at once, the second waits and finds the first.
    Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=cdr.partner_id)
    charged = of_session(cdr).filter(is_credit=False, charge__isnull=False)
    if charged.filter(charge__credited_by__isnull=True).exists():
        return HeldBecause.CHARGED_BEFORE
    return None
