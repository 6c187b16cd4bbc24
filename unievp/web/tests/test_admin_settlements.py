"""Settlements are decided by services, with four eyes, and only by people with the right."""

from __future__ import annotations

import asyncio

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cpo.models import CPO, User
from payments.chart import AccountRef, Code, cpo_account
from payments.ledger.legs import credit, debit
from payments.models import LedgerAccount, Settlement, SettlementStatus
from payments.services import ledger
from payments.services.settlements import request_settlement
from unievp.lib import clock
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db

AMOUNT = 250_000


def staff(name, *rights):
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_settlement", *rights]))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def asker():
    return staff("asker", "change_settlement")


@pytest.fixture
def settlement(asker):
    cpo = make_row(
        CPO,
        status="verified",
        verified_at=clock.now(),
        bank_code="BCA",
        bank_account_name="PT Nusantara",
        bank_account_number="0123456789",
    )
    ledger.post(
        key="test:sales",
        kind="test",
        legs=[
            debit(AccountRef(Code.DRIVER_RECEIVABLE), AMOUNT),
            credit(cpo_account(Code.CPO_AVAILABLE, cpo.pk), AMOUNT),
        ],
    )
    return request_settlement(cpo, actor=asker, amount=AMOUNT)


def press(client, user, settlement, action, **answer):
    client.force_login(user)
    url = reverse(f"admin:payments_settlement_{action}", args=(settlement.pk,))
    response = client.post(url, answer)
    settlement.refresh_from_db()
    return response


async def read(response):
    return b"".join([piece async for piece in response.streaming_content])


def balance(code, settlement):
    account = LedgerAccount.objects.get(code=code, owner_id=str(settlement.cpo_id))
    return account.balance


def test_another_person_approves(client, settlement):
    other = staff("other", "change_settlement")
    assert press(client, other, settlement, "approve").status_code == 302
    assert (settlement.status, settlement.decided_by) == (SettlementStatus.APPROVED, other)


def test_who_asked_may_not_approve(client, settlement, asker):
    response = press(client, asker, settlement, "approve")
    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert (settlement.status, settlement.decided_by) == (SettlementStatus.REQUESTED, None)


def test_staff_without_the_right_decide_nothing(client, settlement):
    reader = staff("reader")
    for action in ("approve", "reject", "cancel", "mark_paid"):
        answer = {"reason": "x", "proof": "x", "fee": 0}
        assert press(client, reader, settlement, action, **answer).status_code == 403
    assert settlement.status == SettlementStatus.REQUESTED


def test_rejection_needs_a_reason_and_gives_the_money_back(client, settlement):
    other = staff("other", "change_settlement")
    press(client, other, settlement, "reject", reason="")
    assert settlement.status == SettlementStatus.REQUESTED
    press(client, other, settlement, "reject", reason="Wrong account")
    assert (settlement.status, settlement.reason) == (SettlementStatus.REJECTED, "Wrong account")
    assert balance(Code.CPO_AVAILABLE, settlement) == AMOUNT


def test_transfer_made_by_hand_is_booked_once(client, settlement):
    other = staff("other", "change_settlement")
    press(client, other, settlement, "approve")
    press(client, other, settlement, "mark_paid", proof="BCA-77", fee=2_500)
    assert settlement.status == "approved"
    for reference in ("BCA-77", "BCA-78"):
        paper = SimpleUploadedFile("bukti.exe", b"%PDF-1.7")
        press(client, other, settlement, "mark_paid", proof=reference, fee=2_500, document=paper)
    assert (settlement.status, settlement.proof, settlement.fee) == ("paid", "BCA-77", 2_500)
    assert balance(Code.CPO_SETTLEMENT_HOLD, settlement) == 0
    proof = client.get(reverse("admin:payments_settlement_proof", args=(settlement.pk,)))
    assert proof["Content-Disposition"] == f'attachment; filename="{settlement}-proof.pdf"'
    asyncio.run(read(proof))


def test_papers_are_for_staff_who_may_see_settlements(client, settlement):
    pages = ("settlement_proof", "settlement_statement")
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    for page, args in zip(pages, ((settlement.pk,), (settlement.pk, "pdf")), strict=True):
        assert client.get(reverse(f"admin:payments_{page}", args=args)).status_code == 404
    client.force_login(staff("reader"))
    for kind, start in (("pdf", b"%PDF-"), ("csv", "\ufeff".encode())):
        url = reverse("admin:payments_settlement_statement", args=(settlement.pk, kind))
        assert asyncio.run(read(client.get(url))).startswith(start)
    url = reverse("admin:payments_settlement_statement", args=(settlement.pk, "exe"))
    assert client.get(url).status_code == 404
    assert client.get(reverse("admin:payments_settlement_proof", args=(1,))).status_code == 404


def test_account_number_is_masked(client, settlement, asker):
    client.force_login(asker)
    url = reverse("admin:payments_settlement_change", args=(settlement.pk,))
    assert b"0123456789" not in client.get(url).content


def test_nobody_edits_a_settlement(client, settlement):
    root = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(root)
    url = reverse("admin:payments_settlement_change", args=(settlement.pk,))
    assert client.post(url, {"amount": 1}).status_code == 403
    assert Settlement.objects.get().amount == AMOUNT
