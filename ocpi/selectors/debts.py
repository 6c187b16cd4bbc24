"""What our drivers owe, by the books: everything on their account, by currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ocpi.models import RoamingContract
from payments.chart import Code, Owner
from payments.models import LedgerAccount


@dataclass(frozen=True, slots=True)
class ContractCredit:
    """`owed`: minor units by currency. `has_credit`: whether others hear a yes, as far as money
    goes.
    """

    contract: RoamingContract
    owed: Mapping[str, int]
    has_credit: bool


def credits_of(contracts: Sequence[RoamingContract]) -> list[ContractCredit]:
    owed = owed_by(contract.driver_id for contract in contracts)
    return [
        ContractCredit(row, mine, has_room(row.credit_limit, mine))
        for row in contracts
        for mine in (owed.get(row.driver_id, {}),)
    ]


def owed_by(driver_ids: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """Minor units by currency, without what is 0; a driver who owes nothing is left out."""
    accounts = LedgerAccount.objects.filter(
        code=Code.DRIVER_RECEIVABLE,
        owner_type=Owner.DRIVER,
        owner_id__in=[str(pk) for pk in driver_ids],
    )
    owed: dict[UUID, dict[str, int]] = {}
    for account in accounts.order_by("currency"):
        if account.balance:
            owed.setdefault(UUID(account.owner_id), {})[account.currency] = account.balance
    return owed


def has_room(limit: int | None, owed: Mapping[str, int]) -> bool:
    """Whether a driver who owes this may charge elsewhere under a limit (rupiah; None: none).

    No rate of exchange is ours to guess: with a limit, one open debt in another currency is as
    much as is allowed.
    """
    if limit is None:
        return True
    others = (debt for currency, debt in owed.items() if currency != "IDR")
    return owed.get("IDR", 0) < limit and not any(debt > 0 for debt in others)
