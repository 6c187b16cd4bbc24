"""Random lives of two companies: whatever happens, the books prove themselves."""

from __future__ import annotations

import random

import pytest

from payments.ledger.blocks import seal_block
from payments.models import LedgerAccount, Settlement
from payments.selectors.wallet import wallet
from payments.services import settlements
from payments.services.billing import bill_session
from payments.services.check_books import check_books
from payments.services.ledger import InsufficientFundsError, reverse
from payments.services.releases import release_pending
from payments.tests.factories import (
    give,
    make_member,
    make_paid_cpo,
    make_session,
    make_staff,
    snapshot_json,
)
from payments.tests.test_wallet import check_identity, later
from unievp.lib.errors import DomainError

pytestmark = pytest.mark.django_db


class Life:
    """Steps that may be refused; a refusal must leave no trace."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.companies = [make_paid_cpo() for _ in range(2)]
        self.members = {cpo: make_member(cpo) for cpo in self.companies}
        self.staff = make_staff()
        self.gifts = []

    def step(self):
        cpo = self.random.choice(self.companies)
        settlement = Settlement.objects.filter(cpo=cpo).order_by("-id").first()
        self.random.choice(
            [self.charge, self.charge, self.release, self.ask, self.gift, self.undo]
        )(cpo)
        if settlement is not None:
            self.random.choice([self.approve, self.reject, self.cancel, self.pay, self.fail])(
                settlement
            )
        if self.random.random() < 0.2:
            seal_block()

    def charge(self, cpo):
        snapshot = snapshot_json(
            "2466.78", "11100", pbjt="3", tax_included=self.random.random() < 0.5
        )
        energy_wh = self.random.choice([0, 1, 999, 23_457, 80_000])
        bill_session(make_session(cpo=cpo, energy_wh=energy_wh, snapshot=snapshot).pk)

    def release(self, cpo):
        release_pending(cpo, now=later())

    def gift(self, cpo):
        self.gifts.append(give(cpo, self.random.randint(1, 200_000)))

    def undo(self, cpo):
        if self.gifts:
            booking = self.random.choice(self.gifts)
            self.refusable(reverse, booking, key=f"undo:{booking.pk}")

    def ask(self, cpo):
        amount = self.random.choice([None, 60_000, 500_000])
        self.refusable(settlements.request_settlement, cpo, actor=self.members[cpo], amount=amount)

    def approve(self, settlement):
        self.refusable(settlements.approve_settlement, settlement, actor=self.staff)

    def reject(self, settlement):
        self.refusable(settlements.reject_settlement, settlement, actor=self.staff, reason="no")

    def cancel(self, settlement):
        self.refusable(settlements.cancel_settlement, settlement, actor=self.staff)

    def pay(self, settlement):
        self.refusable(
            settlements.mark_settlement_paid, settlement, actor=self.staff, proof="T", fee=2_500
        )

    def fail(self, settlement):
        self.refusable(settlements.fail_settlement, settlement, actor="bank", reason="closed")

    def refusable(self, service, *args, **kwargs):
        before = list(LedgerAccount.objects.order_by("pk").values_list("pk", "version"))
        try:
            service(*args, **kwargs)
        except (DomainError, InsufficientFundsError):
            assert list(LedgerAccount.objects.order_by("pk").values_list("pk", "version")) == before


@pytest.mark.parametrize("seed", range(4))
def test_random_life_ends_with_books_in_order(seed):
    life = Life(seed)
    for _ in range(30):
        life.step()
    seal_block()
    assert {name: found for name, found in check_books().items() if found} == {}
    for cpo in life.companies:
        found = wallet(cpo)
        check_identity(found)
        held = Settlement.objects.filter(cpo=cpo, status__in=["requested", "approved"])
        assert found.on_hold == sum(held.values_list("amount", flat=True))
