"""“Explain this session” tells of the payment in advance, to the rupiah."""

from __future__ import annotations

import pytest

from cpo.tests.factories import make_cpo, make_member, make_user
from payments.models import ProviderConfig
from payments.services.billing import bill_session
from payments.services.reconciliation.statements import follow_statements
from payments.tests.fake_gateway import running_gateway
from payments.tests.payments import refund_all
from payments.tests.prepaid import charging, unplug

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _running():
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def fake(_running):
    _running.reset()
    return _running


def explained(client, user, session):
    client.force_login(user)
    url = f"/sessions/{session.transaction_id}/explain"
    return client.get(url, headers={"Accept-Language": "en"})


def test_page_tells_what_was_paid_used_and_given_back(client, fake):
    intent = charging(fake, amount=20_000)
    session = unplug(intent, 6_000)
    bill = bill_session(session.pk)
    refund_all(intent)
    follow_statements()
    html = explained(client, make_member(intent.cpo), session).content.decode()
    for text in (
        str(intent),
        "Partly refunded",
        "Money received",
        "The charger was asked to start",
        "Charging began",
        "Refund sent",
        "Refund arrived",
        f"#{bill.booking_id}",
        "Prepaid for a session that is not billed yet",
        "8,000",
    ):
        assert text in html, text


def test_what_the_platforms_gateway_costs_is_told_to_the_platform_only(client, fake):
    intent = charging(fake, amount=20_000)
    session = unplug(intent, 6_000)
    bill_session(session.pk)
    refund_all(intent)
    follow_statements()
    told = {
        "company": explained(client, make_member(intent.cpo), session).content.decode(),
        "staff": explained(client, make_user(is_staff=True), session).content.decode(),
    }
    ProviderConfig.objects.update(cpo=intent.cpo)
    told["owner of the gateway"] = explained(
        client, make_member(intent.cpo), session
    ).content.decode()
    for text in ("Settled by the gateway, less its fee", "VAT inside the gateway&#x27;s fees"):
        assert [name for name, html in told.items() if text in html] == [
            "staff",
            "owner of the gateway",
        ]


def test_line_that_is_waived_says_why(client, fake):
    intent = charging(fake, amount=20_000)
    session = unplug(intent, 10_250)
    bill_session(session.pk)
    html = explained(client, make_member(intent.cpo), session).content.decode()
    assert "Not charged" in html
    assert "Delivered beyond what was paid" in html


def test_payment_of_a_rival_is_not_told(client, fake):
    intent = charging(fake)
    rival = make_member(make_cpo())
    assert explained(client, rival, intent.session).status_code == 404
