"""Registration, teams, the door to tenant rows, and the audit log that stays written."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from cpo.access import Right, cpos_of, has_right, may_trade, require_right, visible
from cpo.models import CPO, AuditEntry, Driver, Membership, Role, User
from cpo.services import audit
from cpo.services.companies import CompanyData, register_cpo
from cpo.services.members import add_member, change_role, remove_member
from cpo.tests.factories import make_cpo, make_member, make_user
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db


def test_registered_company_is_pending_and_may_not_trade():
    person = make_user()
    data = CompanyData(name="Sulawesi Charge", bank_account_number="1234567890")
    cpo = register_cpo(data, actor=person)
    assert (cpo.status, may_trade(cpo)) == ("pending", False)
    assert Membership.objects.get(cpo=cpo).role == Role.OWNER
    entry = AuditEntry.objects.get()
    assert entry.after["bank_account_number"] == "••••"
    assert "1234567890" not in str(entry.after)


def test_company_registered_by_nobody_has_no_member():
    cpo = register_cpo(CompanyData(name="X", contact_email="a@b.example"), actor=AnonymousUser())
    assert not cpo.memberships.exists()
    assert AuditEntry.objects.get().actor_label == "anonymous"


@pytest.mark.parametrize("name", ["", "  "])
def test_company_without_a_name_is_refused(name):
    with pytest.raises(InvalidError):
        register_cpo(CompanyData(name=name), actor="test")


def test_company_with_an_unusable_address_is_refused():
    with pytest.raises(ValidationError):
        register_cpo(CompanyData(name="X", contact_email="nonsense"), actor="test")


def test_team_grows_by_its_owner_only():
    cpo = make_cpo()
    owner, viewer = make_member(cpo), make_member(cpo, Role.VIEWER)
    newcomer = make_user()
    with pytest.raises(ForbiddenError):
        add_member(cpo, user=newcomer, role=Role.OWNER, actor=viewer)
    add_member(cpo, user=newcomer, role=Role.FINANCE, actor=owner)
    with pytest.raises(ConflictError):
        add_member(cpo, user=newcomer, role=Role.OWNER, actor=owner)
    assert Membership.objects.get(user=newcomer).role == Role.FINANCE


def test_owner_of_another_company_changes_nothing():
    cpo = make_cpo()
    member = Membership.objects.get(user=make_member(cpo, Role.VIEWER))
    rival = make_member(make_cpo())
    with pytest.raises(ForbiddenError):
        change_role(member, role=Role.OWNER, actor=rival)
    with pytest.raises(ForbiddenError):
        remove_member(member, actor=rival)


def test_company_always_has_an_owner():
    cpo = make_cpo()
    owner = make_member(cpo)
    only = Membership.objects.get(user=owner)
    with pytest.raises(ConflictError):
        change_role(only, role=Role.VIEWER, actor=owner)
    with pytest.raises(ConflictError):
        remove_member(only, actor=owner)
    make_member(cpo)
    remove_member(only, actor=owner)
    assert not Membership.objects.filter(user=owner).exists()


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.OWNER, set(Right)),
        (Role.OPERATOR, {Right.VIEW, Right.OPERATE, Right.PRICE}),
        (Role.FINANCE, {Right.VIEW, Right.PRICE, Right.MONEY}),
        (Role.VIEWER, {Right.VIEW}),
    ],
)
def test_role_has_its_rights_in_its_own_company_only(role, rights):
    cpo, other = make_cpo(), make_cpo()
    member = make_member(cpo, role)
    assert {right for right in Right if has_right(member, cpo, right)} == rights
    assert not any(has_right(member, other, right) for right in Right)


def test_staff_have_every_right_and_strangers_none():
    cpo = make_cpo()
    require_right(make_user(is_staff=True), cpo, Right.MONEY)
    for stranger in (make_user(), AnonymousUser(), make_user(is_staff=True, is_active=False)):
        with pytest.raises(ForbiddenError):
            require_right(stranger, cpo, Right.VIEW)


def test_door_shows_a_member_its_own_companies_only():
    ours, theirs = make_cpo(), make_cpo()
    member = make_member(ours)
    assert list(cpos_of(member)) == [ours]
    assert set(cpos_of(make_user(is_staff=True))) == {ours, theirs}
    assert list(cpos_of(AnonymousUser())) == []
    assert list(visible(member, Membership.objects.filter(cpo=theirs))) == []


def test_door_keeps_platform_rows_from_members():
    Driver.objects.create(name="Budi")
    assert visible(make_member(make_cpo()), Driver.objects.all()).count() == 0
    assert visible(make_user(is_staff=True), Driver.objects.all()).count() == 1


def test_door_refuses_a_model_that_did_not_decide():
    with pytest.raises(TypeError, match="tenant_path"):
        visible(make_user(), User.objects.all())


def test_audit_entry_holds_what_changed_and_no_secret():
    cpo = make_cpo()
    entry = audit.record(
        actor="beat: test",
        action="x",
        subject=cpo,
        before={"name": "A", "city": "B", "api_key": "old"},
        after={"name": "A", "city": "C", "api_key": "new"},
    )
    assert (entry.before, entry.after) == (
        {"city": "B", "api_key": "••••"},
        {"city": "C", "api_key": "••••"},
    )
    assert (entry.actor, entry.actor_label) == (None, "beat: test")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cpo_auditentry SET reason = 'other'",
        "DELETE FROM cpo_auditentry",
        "SET LOCAL ledger.allow_truncate = off; TRUNCATE cpo_auditentry",
    ],
)
def test_audit_log_is_append_only(statement):
    audit.record(actor="test", action="x", subject=make_cpo())
    connection.check_constraints()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.count() == 1


def test_company_with_an_audit_trail_is_not_deleted():
    cpo = make_cpo()
    audit.record(actor="test", action="x", subject=cpo, cpo=cpo)
    with pytest.raises(ProtectedError):
        cpo.delete()
    assert CPO.objects.filter(pk=cpo.pk).exists()
