"""What a company bears of its transfers, from a time on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from cpo.models import Role
from payments.models import TransferFee
from payments.services.settlements import request_settlement
from payments.services.settling.policy import fee_kept_back
from payments.tests.factories import give, make_member, make_paid_cpo
from unievp.lib import clock
from unievp.lib.errors import RefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo():
    company = make_paid_cpo()
    give(company, 200_000)
    return company


def rate(fee, days, cpo=None):
    return TransferFee.objects.create(
        cpo=cpo, fee=fee, valid_from=clock.now() + timedelta(days=days)
    )


def test_newest_row_that_began_decides_and_the_companys_own_comes_first(cpo, settings):
    settings.SETTLEMENT_FEE_BEARER, settings.SETTLEMENT_TRANSFER_FEE = "cpo", 9_000
    assert fee_kept_back(cpo, 60_000) == 9_000
    rate(2_500, -30)
    rate(3_000, -1)
    rate(5_000, 1)
    assert fee_kept_back(cpo, 60_000) == 3_000
    rate(0, -20, cpo)
    assert fee_kept_back(cpo, 60_000) == 0
    assert fee_kept_back(make_paid_cpo(), 60_000) == 3_000


def test_settlement_keeps_the_fee_of_its_moment(cpo):
    rate(2_500, -1)
    settlement = request_settlement(cpo, actor=make_member(cpo, Role.OWNER), amount=60_000)
    rate(4_000, 0)
    settlement.refresh_from_db()
    assert (settlement.charged_fee, settlement.transfer_amount) == (2_500, 57_500)


def test_fee_that_leaves_nothing_is_refused_and_one_below_nothing_is_no_row(cpo):
    rate(60_000, -1)
    with pytest.raises(RefusedError) as refused:
        fee_kept_back(cpo, 60_000)
    assert refused.value.code == "below_fee"
    with pytest.raises(IntegrityError, match="transfer_fee_is_not_negative"), transaction.atomic():
        rate(-1, -2)


def test_there_is_one_row_for_everybody_and_time(cpo):
    at = rate(1, 0).valid_from
    with pytest.raises(IntegrityError, match="for_everybody"), transaction.atomic():
        TransferFee.objects.create(fee=2, valid_from=at)
