"""What is asked to be booked: legs, checked and hashed before any row is written."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from payments.chart import AccountRef
from unievp.lib.errors import InvalidError


@dataclass(frozen=True, slots=True, order=True)
class Leg:
    """`amount` whole minor units, above 0; `side` "D" or "C"."""

    account: AccountRef
    side: str
    amount: int


def debit(account: AccountRef, amount: int) -> Leg:
    return Leg(account, "D", amount)


def credit(account: AccountRef, amount: int) -> Leg:
    return Leg(account, "C", amount)


def body_hash(kind: str, legs: Iterable[Leg], reverses: int | None) -> bytes:
    """The same request has the same hash, whatever the order of its legs."""
    rows = sorted(
        [leg.account.code, leg.account.owner_type, leg.account.owner_id, leg.account.currency,
         leg.side, leg.amount]
        for leg in legs
    )  # fmt: skip
    body = json.dumps([kind, rows, reverses], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(body.encode()).digest()


def net_legs(legs: Iterable[Leg]) -> list[Leg]:
    """One leg per account, balanced per currency.

    Netted, because the overdraft check looks at every entry: a dip inside one booking is no
    overdraft. Raises InvalidError for amounts that are not above 0, for fewer than two accounts
    and for what does not balance.
    """
    nets: defaultdict[AccountRef, int] = defaultdict(int)
    for leg in legs:
        if leg.amount <= 0:
            raise InvalidError(_("A leg needs an amount above 0."), code="ledger_amount")
        nets[leg.account] += leg.amount if leg.side == "D" else -leg.amount
    sums: defaultdict[str, int] = defaultdict(int)
    for account, net in nets.items():
        sums[account.currency] += net
    if any(sums.values()):
        raise InvalidError(_("Debits and credits differ."), code="ledger_unbalanced")
    netted = [
        Leg(account, "D" if net > 0 else "C", abs(net)) for account, net in nets.items() if net
    ]
    if len(netted) < 2:
        raise InvalidError(_("A booking needs two accounts."), code="ledger_too_few_legs")
    return sorted(netted)
