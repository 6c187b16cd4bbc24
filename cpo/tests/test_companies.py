"""Verification of companies."""

from __future__ import annotations

import pytest

from cpo.models import CPO, AuditEntry, CPOStatus, User
from cpo.services.companies import change_cpo_status
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return User.objects.create_user("ana", is_staff=True)


@pytest.fixture
def pending():
    return CPO.objects.create(name="Cenderawasih Energi")


def test_verified_company_has_a_time_and_an_audit_entry(staff, pending):
    verified = change_cpo_status(pending, actor=staff, status=CPOStatus.VERIFIED)
    assert (verified.status, verified.verified_at is not None) == (CPOStatus.VERIFIED, True)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.cpo) == (staff, "cpo.verified", pending)
    assert (entry.before["status"], entry.after["status"]) == ("pending", "verified")


def test_company_does_not_verify_itself(pending):
    member = User.objects.create_user("owner@cenderawasih.example")
    with pytest.raises(ForbiddenError):
        change_cpo_status(pending, actor=member, status=CPOStatus.VERIFIED)
    pending.refresh_from_db()
    assert pending.status == CPOStatus.PENDING
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("status", [CPOStatus.REJECTED, CPOStatus.SUSPENDED])
def test_refusal_without_a_reason_is_refused(staff, pending, status):
    with pytest.raises(InvalidError):
        change_cpo_status(pending, actor=staff, status=status, reason=" ")


def test_pending_company_cannot_be_suspended(staff, pending):
    with pytest.raises(ConflictError):
        change_cpo_status(pending, actor=staff, status=CPOStatus.SUSPENDED, reason="no")
    assert not AuditEntry.objects.exists()


def test_second_verification_is_refused(staff, pending):
    change_cpo_status(pending, actor=staff, status=CPOStatus.VERIFIED)
    with pytest.raises(ConflictError):
        change_cpo_status(pending, actor=staff, status=CPOStatus.VERIFIED)
    assert AuditEntry.objects.count() == 1
