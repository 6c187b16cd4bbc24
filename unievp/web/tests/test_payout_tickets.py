"""Payouts that fail open tickets, until the money arrives some other way."""

from __future__ import annotations

import pytest

from cpo.tests.factories import make_user
from payments.models import Payout, Refund, Settlement
from tickets.models import RuleKind, Ticket
from tickets.services.rules.sweeping import sweep_rule
from unievp.lib import clock
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db


def make_payout(settlement, status):
    now = clock.now()
    return make_row(
        Payout, settlement=settlement, refund=None, status=status, ended_at=now, created_at=now
    )


def test_payout_that_fails_opens_a_ticket_until_the_company_is_paid():
    lost = make_row(Settlement, status="failed")
    make_payout(lost, "failed")
    assert sweep_rule(RuleKind.PAYOUT_FAILED) == 1
    ticket = Ticket.objects.get()
    assert (ticket.settlement, ticket.cpo) == (lost, lost.cpo)
    # The next try fails as well: a repeat, once.
    make_payout(lost, "reversed")
    assert sweep_rule(RuleKind.PAYOUT_FAILED) == 1
    assert sweep_rule(RuleKind.PAYOUT_FAILED) == 0
    assert Ticket.objects.get().repeats == 1
    now, staff = clock.now(), make_user(is_staff=True)
    decided = {"decided_by": staff, "decided_at": now, "paid_at": now}
    make_row(Settlement, cpo=lost.cpo, status="paid", requested_at=now, **decided)
    assert sweep_rule(RuleKind.PAYOUT_FAILED) == 1
    assert Ticket.objects.get().status == "resolved"


def test_payout_that_is_tried_again_is_no_trouble_any_more():
    lost = make_row(Settlement, status="failed")
    make_payout(lost, "failed")
    make_payout(lost, "processing")
    assert sweep_rule(RuleKind.PAYOUT_FAILED) == 0


def test_payout_of_a_refund_is_the_platform_s_trouble_until_the_money_arrives():
    refund = make_row(Refund, status="failed")
    now = clock.now()
    make_row(Payout, settlement=None, refund=refund, status="failed", ended_at=now, created_at=now)
    assert sweep_rule(RuleKind.PAYOUT_FAILED) == 1
    ticket = Ticket.objects.get()
    assert (ticket.cpo, ticket.payment) == (None, refund.intent)
    Refund.objects.update(status="succeeded")
    assert sweep_rule(RuleKind.PAYOUT_FAILED) == 1
    assert Ticket.objects.get().status == "resolved"
