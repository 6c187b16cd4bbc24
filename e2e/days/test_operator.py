"""An operator's day: a fault is seen and cured, a session explained, a card issued, a plug kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from chargers.models import Connector
from cpo.models import Role
from e2e.days.conftest import PASSWORD, SIDES, SOON_MS
from e2e.processes import aside
from payments.tests.prepaid import make_seller
from unievp.web.tests.cast import person
from unievp.web.tests.charged import charge

pytestmark = pytest.mark.django_db(transaction=True)
CHARGER = "HARBOUR-0003"


@SIDES
def test_operator_cures_explains_issues_and_reserves(
    visit, plug_in, transactional_db, language, size
):
    sold = aside(charge, "Nusantara Charge")
    charger = aside(make_seller, cpo=sold.charger.cpo, identity=CHARGER)
    person("operator@nusantara.example", charger.cpo, Role.OPERATOR)
    operator = visit(language=language, size=size)
    operator.expected.append("was preloaded")
    with plug_in(charger, speed=10):
        Connector.objects.filter(charger=charger, number=2).update(
            status="Faulted", error_code="GroundFailure"
        )
        operator.sign_in("operator@nusantara.example", PASSWORD, "/overview")
        cure_the_fault(operator, charger)
        explain_a_session(operator, sold.session)
        issue_a_card(operator)
        keep_a_plug(operator)
    # Not an operator's: the wallet, the team.
    for address in ("/wallet", "/company/team"):
        assert operator.page.request.get(f"{operator.server}{address}").status == 404


def cure_the_fault(operator, charger):
    """From what needs attention to the charger, a restart, its answer, and the fault is gone."""
    page = operator.page
    page.locator("#attention a", has=page.locator("[href*='alert-triangle']")).click()
    card = page.locator("article.charger")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("GroundFailure")
    card.locator("h2 a").click()
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    page.evaluate("window.sameDocument = true")
    page.locator("button[name=kind][value=Hard]").click()
    expect(page.locator("#commands .badge").first).to_have_text("Accepted", timeout=SOON_MS)
    # The charger boots and tells of its connectors anew.
    expect(page.locator(f"#charger-{charger.pk}")).not_to_contain_text(
        "GroundFailure", timeout=SOON_MS
    )
    assert page.evaluate("window.sameDocument") is True


def explain_a_session(operator, session):
    page = operator.page
    page.goto(f"{operator.server}/sessions?q={session.transaction_id}")
    page.locator(f"#sessions a[href$='/{session.transaction_id}']").click()
    page.locator("a[href$='/explain']").click()
    expect(page.locator("#timeline .moment").first).to_be_visible()
    expect(page.locator("#facts .checks li").first).to_be_visible()
    page.locator("#timeline summary").first.click()
    expect(page.locator("#timeline pre").first).to_be_visible()


def issue_a_card(operator):
    page = operator.page
    page.goto(f"{operator.server}/tokens")
    page.fill("#token", "CARD-7")
    page.fill("#label", "Budi")
    page.click("#new-token button")
    expect(page.locator("#tokens")).to_contain_text("CARD-7")


def keep_a_plug(operator):
    page = operator.page
    page.goto(f"{operator.server}/reservations")
    page.fill("#charger", CHARGER)
    page.fill("#connector", "1")
    page.fill("#id_tag", "CARD-7")
    page.click("#reserve button")
    active = page.locator("#open .badge.bg-purple-lt")
    expect(page.locator("#open form")).to_have_count(1)
    for _attempt in range(SOON_MS // 250):
        if active.is_visible():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(active).to_be_visible()
