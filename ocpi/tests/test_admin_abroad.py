"""Staff see what operators sent, where it differs, who owes whom; and record transfers."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from cpo.tests.factories import make_user
from ocpi.models import ForeignCdr, PartnerBalance
from ocpi.services.foreign.cdrs import receive_cdr, settle_cdr
from ocpi.services.foreign.tariffs import put_tariff
from ocpi.tests.abroad import cdr_body, tariff_body
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from payments.models import Adjustment

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(peer):
    make_emsp_party()
    return connect_operator(peer)


@pytest.fixture
def cdr(operator):
    cdr, _new = receive_cdr(operator, cdr_body(let_roam(), tariffs=[]))
    settle_cdr(cdr.pk)
    return cdr


@pytest.fixture
def desk(client):
    client.force_login(make_user(username="desk", is_staff=True, is_superuser=True))
    return client


ENGLISH = {"Accept-Language": "en"}


def page(desk, name, row):
    url = reverse(f"admin:ocpi_{name}_change", args=(row.pk,))
    return desk.get(url, headers=ENGLISH).content.decode()


def test_cdr_shows_why_it_is_odd_and_can_be_checked_again(desk, operator, cdr):
    shown = page(desk, "foreigncdr", cdr)
    assert "it names no tariff that we know" in shown
    put_tariff(operator, tariff_body())
    url = reverse("admin:ocpi_foreigncdr_check_again", args=(cdr.pk,))
    assert desk.post(url, {"_confirm": "1"}).status_code == 302
    assert ForeignCdr.objects.get().check_state == "ok"
    assert "Agrees" in page(desk, "foreigncdr", cdr)


def test_balance_of_a_partner_is_what_the_books_say(desk, operator, cdr):
    url = reverse("admin:ocpi_partnerbalance_changelist")
    assert "28,194" in desk.get(url, headers=ENGLISH).content.decode()
    assert PartnerBalance.objects.get().pk == operator.pk


def test_payment_is_proposed_from_the_partners_page(desk, operator, cdr):
    url = reverse("admin:ocpi_partnerbalance_record_payment", args=(operator.pk,))
    values = {
        "kind": "paid_partner",
        "amount": 28_195,
        "transfer": "BCA-1",
        "reason": "Their invoice 1",
    }
    refused = desk.post(url, values, headers=ENGLISH)
    assert "is owed" in refused.content.decode()
    assert desk.post(url, {**values, "amount": 28_194}).status_code == 302
    proposal = Adjustment.objects.get()
    assert (proposal.status, proposal.partner_name) == ("proposed", operator.name)
    shown = desk.get(reverse("admin:payments_adjustment_change", args=(proposal.pk,)))
    assert "BCA-1" in shown.content.decode()


def test_helper_without_the_right_records_nothing(client, operator, cdr):
    helper = make_user(username="helper", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_partnerbalance"))
    client.force_login(helper)
    url = reverse("admin:ocpi_partnerbalance_record_payment", args=(operator.pk,))
    assert client.post(url, {"kind": "paid_partner"}).status_code == 403
    assert not Adjustment.objects.exists()
