"""Which of our drivers may charge elsewhere: let in, stopped, and how far on account."""

from __future__ import annotations

import secrets
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cpo.models import Driver, User
from cpo.services import audit
from ocpi.models import ContractStatus, Party, PartyRole, RoamingContract
from ocpi.services.drivers.publishing import refresh_contract
from ocpi.states import CONTRACT
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

# Without what is mistaken for another sign when it is read out.
_SIGNS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def emsp_party() -> Party:
    """The platform as mobility provider. Raises RefusedError where it is none."""
    party = Party.objects.filter(role=PartyRole.EMSP, cpo__isnull=True).first()
    if party is None:
        detail = _("The platform has no party as mobility provider yet: Roaming → Parties → Add.")
        raise RefusedError(detail, code="no_emsp_party")
    return party


def open_contract(
    driver: Driver, *, actor: User | str, credit_limit: int | None = None
) -> RoamingContract:
    """Let the driver roam: the app and every card of the platform that is the driver's.

    `credit_limit` in rupiah; None: no limit. Raises ConflictError (has one), InvalidError,
    RefusedError (the platform is no mobility provider).
    """
    _check_limit(credit_limit)
    party = emsp_party()
    try:
        with transaction.atomic():
            contract = RoamingContract.objects.create(
                driver=driver,
                party=party,
                contract_id=_new_id(party),
                credit_limit=credit_limit,
            )
            _note(contract, actor, "open", after={"driver": str(driver.pk), "credit": credit_limit})
            refresh_contract(contract)
    except IntegrityError as error:
        if not RoamingContract.objects.filter(driver=driver).exists():
            raise
        detail = _("This driver has a roaming contract already.")
        raise ConflictError(detail, field="driver", code="contract_exists") from error
    return contract


def block_contract(contract: RoamingContract, *, reason: str, actor: User | str) -> RoamingContract:
    """Refused everywhere from now on; what runs goes on. Raises InvalidError, ConflictError."""
    reason = reason.strip()[:200]
    if not reason:
        raise InvalidError(_("Say why, please."), field="reason")
    return _switch(contract, ContractStatus.BLOCKED, reason, actor)


def unblock_contract(contract: RoamingContract, *, actor: User | str) -> RoamingContract:
    return _switch(contract, ContractStatus.ACTIVE, "", actor)


def change_credit(
    contract: RoamingContract, *, credit_limit: int | None, actor: User | str
) -> RoamingContract:
    """Rupiah; None: no limit. Counts from the next question on. Raises InvalidError."""
    _check_limit(credit_limit)
    with transaction.atomic():
        row = RoamingContract.objects.select_for_update(of=("self",)).get(pk=contract.pk)
        before, row.credit_limit = row.credit_limit, credit_limit
        row.save(update_fields=["credit_limit"])
        _note(row, actor, "credit", before={"credit": before}, after={"credit": credit_limit})
    return row


def _switch(
    contract: RoamingContract, status: ContractStatus, reason: str, actor: User | str
) -> RoamingContract:
    with transaction.atomic():
        row = RoamingContract.objects.select_for_update(of=("self",)).get(pk=contract.pk)
        CONTRACT.check(row.status, status)
        before = row.status
        row.status, row.block_reason = status, reason
        row.save(update_fields=["status", "block_reason"])
        audit.record(
            actor=actor,
            action="ocpi_contract.status",
            subject=row,
            before={"status": before},
            after={"status": str(status)},
            reason=reason,
        )
        refresh_contract(row)
    return row


def _note(
    contract: RoamingContract,
    actor: User | str,
    what: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object],
) -> None:
    audit.record(
        actor=actor,
        action=f"ocpi_contract.{what}",
        subject=contract,
        before=before,
        after=after,
    )


def _check_limit(limit: int | None) -> None:
    if limit is not None and not 0 <= limit < 2**53:
        raise InvalidError(_("Whole rupiah from 0, or nothing for no limit."), field="credit_limit")


def _new_id(party: Party) -> str:
    """`ID-UNV-C7K2MN4PQ`: the form of eMI3 contract ids."""
    instance = "".join(secrets.choice(_SIGNS) for _sign in range(8))
    return f"{party.country_code}-{party.party_id}-C{instance}"
