"""A day of platform staff: whom to let in, what to pay out, and what does not fit together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from chargers.models import Charger, OrphanStop, UnknownCharger
from chargers.tests.factories import make_location
from cpo.models import CPO, CPOStatus, Role
from cpo.tests.factories import make_cpo
from e2e.days.conftest import PASSWORD, SIDES
from e2e.days.desk import confirm, take_action
from e2e.processes import aside
from payments.models import Difference, Settlement
from payments.services.settlements import request_settlement
from payments.tests.factories import give, make_paid_cpo
from unievp.lib import clock
from unievp.web.tests.cast import person
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db(transaction=True)
ADMIN, FINANCE = "admin@platform.example", "finance@platform.example"


def make_work():
    """What waits on the desk in the morning."""
    admin = person(ADMIN, is_staff=True, is_superuser=True)
    person(FINANCE, is_staff=True, is_superuser=True)
    paid = make_paid_cpo(name="Nusantara Charge")
    person("finance@nusantara.example", paid, Role.FINANCE)
    give(paid, 250_000)
    now = clock.now()
    return SimpleNamespace(
        location=make_location(paid, name="Harbour"),
        company=make_cpo(name="Cenderawasih Energi", status=CPOStatus.PENDING),
        # Somebody of the platform asked for it: somebody else has to approve.
        settlement=request_settlement(paid, actor=admin),
        unknown=make_row(UnknownCharger, identity="KNOCK-1", last_seen_at=now),
        orphan=make_row(OrphanStop),
        difference=make_row(Difference, kind="wallets", status="open"),
    )


@SIDES
def test_staff_work_off_what_waits(visit, transactional_db, language, size):
    work = aside(make_work)
    admin = visit(language=language, size=size)
    admin.sign_in(ADMIN, PASSWORD, "/admin/")
    let_the_company_in(admin, work.company)
    adopt_the_charger(admin, work)
    dismiss_the_stop(admin, work.orphan)
    explain_the_difference(admin, work.difference)
    cannot_approve_what_one_asked_for(admin, work.settlement)
    finance = visit(language=language, size=size)
    finance.sign_in(FINANCE, PASSWORD, "/admin/")
    approve(finance, work.settlement)


def row_page(desk, row):
    meta = row._meta
    desk.page.goto(f"{desk.server}/admin/{meta.app_label}/{meta.model_name}/{row.pk}/change/")


def let_the_company_in(admin, company):
    """From its number on the home page to the company, and approved."""
    page = admin.page
    page.locator("a[href*='/admin/cpo/cpo/?status__exact=pending']").first.click()
    page.get_by_role("link", name=company.name).first.click()
    take_action(page, "approve")
    confirm(page)
    page.wait_for_url("**/change/")
    assert CPO.objects.get(pk=company.pk).status == CPOStatus.VERIFIED


def adopt_the_charger(admin, work):
    """It knocked and was refused; now it has a place and a password, shown once."""
    page = admin.page
    row_page(admin, work.unknown)
    take_action(page, "adopt")
    page.select_option("[name=location]", str(work.location.pk))
    confirm(page)
    expect(page.locator("body")).to_contain_text("KNOCK-1")
    charger = Charger.objects.get(identity="KNOCK-1")
    assert charger.location_id == work.location.pk


def dismiss_the_stop(admin, orphan):
    row_page(admin, orphan)
    take_action(admin.page, "dismiss")
    confirm(admin.page, reason="A test of the installer.")
    admin.page.wait_for_url("**/change/")
    assert OrphanStop.objects.get(pk=orphan.pk).state == "dismissed"


def explain_the_difference(admin, difference):
    row_page(admin, difference)
    take_action(admin.page, "explain")
    confirm(admin.page, reason="The bank books it tomorrow.")
    admin.page.wait_for_url("**/change/")
    assert Difference.objects.get(pk=difference.pk).status == "explained"


def cannot_approve_what_one_asked_for(admin, settlement):
    row_page(admin, settlement)
    take_action(admin.page, "approve")
    confirm(admin.page)
    admin.page.wait_for_load_state()
    assert Settlement.objects.get(pk=settlement.pk).status == "requested"


def approve(finance, settlement):
    row_page(finance, settlement)
    take_action(finance.page, "approve")
    confirm(finance.page)
    finance.page.wait_for_url("**/change/")
    assert Settlement.objects.get(pk=settlement.pk).status == "approved"
