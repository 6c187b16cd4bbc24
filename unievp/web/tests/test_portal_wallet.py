"""The wallet in the portal: whose money it shows, and the request to be paid."""

from __future__ import annotations

import asyncio

import pytest

from cpo.models import Role
from cpo.services.bank_accounts import change_bank_account
from payments.chart import Code
from payments.models import Settlement, SettlementSchedule
from payments.tests.factories import give, make_paid_cpo
from unievp.web.tests.cast import person
from unievp.web.tests.paying import driver

pytestmark = pytest.mark.django_db


@pytest.fixture
def alpha():
    cpo = make_paid_cpo(name="Alpha Charge")
    give(cpo, 250_000)
    give(cpo, 30_000, code=Code.CPO_PENDING)
    return cpo


@pytest.fixture
def beta():
    cpo = make_paid_cpo(name="Beta Charge")
    give(cpo, 777_000)
    return cpo


def member(cpo, role=Role.FINANCE):
    client = driver()
    client.force_login(person(f"{role}@{cpo.name[:4].lower()}.example", cpo, role))
    return client


def text_of(answer):
    return answer.content.decode().replace("\xa0", " ")


def ask(client, cpo, amount=""):
    return client.post("/wallet/settlements", {"cpo": cpo.pk, "amount": amount}, follow=True)


def test_wallet_shows_what_is_there_and_where_it_goes(alpha):
    html = text_of(member(alpha).get("/wallet"))
    assert 'data-balance="available">IDR 250,000<' in html
    assert 'data-balance="pending">IDR 30,000<' in html
    assert "To BCA ••••" in html
    assert "0123456789" not in html
    assert "Correction" in html


def test_all_that_is_available_is_asked_for(alpha):
    html = text_of(ask(member(alpha), alpha))
    settlement = Settlement.objects.get()
    assert (settlement.amount, settlement.status, settlement.cpo) == (250_000, "requested", alpha)
    assert 'data-balance="available">IDR 0<' in html
    assert 'data-balance="on-hold">IDR 250,000<' in html
    assert "One settlement is open" in html


def test_amount_is_read_as_people_write_it(alpha):
    ask(member(alpha), alpha, "Rp 100.000")
    assert Settlement.objects.get().amount == 100_000


@pytest.mark.parametrize(
    ("amount", "message"), [("251000", "available"), ("1", "50"), ("9" * 16, "no amount")]
)
def test_amount_that_is_not_to_be_had_is_refused_in_words(alpha, amount, message):
    html = text_of(ask(member(alpha), alpha, amount))
    assert "alert-danger" in html
    assert message in html
    assert not Settlement.objects.exists()


def test_request_is_taken_back(alpha):
    client = member(alpha)
    ask(client, alpha)
    settlement = Settlement.objects.get()
    html = text_of(client.post(f"/wallet/settlements/{settlement.pk}/cancel", follow=True))
    settlement.refresh_from_db()
    assert settlement.status == "cancelled"
    assert 'data-balance="available">IDR 250,000<' in html


def test_rival_sees_and_moves_nothing(alpha, beta):
    client = member(alpha, Role.OWNER)
    ask(client, alpha)
    rival = member(beta)
    assert "250,000" not in text_of(rival.get("/wallet"))
    assert rival.get("/wallet", {"cpo": alpha.pk}).status_code == 404
    assert ask(rival, alpha).status_code == 404
    settlement = Settlement.objects.get()
    assert rival.post(f"/wallet/settlements/{settlement.pk}/cancel").status_code == 404
    settlement.refresh_from_db()
    assert settlement.status == "requested"


def test_who_may_not_see_money_has_no_wallet(alpha):
    client = member(alpha, Role.OPERATOR)
    assert client.get("/wallet").status_code == 404
    assert ask(client, alpha).status_code == 404
    assert "/wallet" not in text_of(client.get("/"))
    assert "/wallet" in text_of(member(alpha).get("/"))


def test_staff_choose_a_company(alpha, beta):
    client = driver()
    client.force_login(person("staff@rows.example", is_staff=True))
    html = text_of(client.get("/wallet", {"cpo": beta.pk}))
    assert "IDR 777,000" in html
    assert "Alpha Charge" in html


def test_company_without_an_account_is_told_to_add_one(alpha):
    alpha.bank_account_number = ""
    alpha.save()
    html = text_of(member(alpha).get("/wallet"))
    assert "Add a bank account first." in html
    assert 'id="amount"' not in html


async def read(answer):
    return b"".join([piece async for piece in answer.streaming_content])


def test_statement_is_downloaded_by_those_who_may_see_the_money(alpha, beta):
    client = member(alpha)
    ask(client, alpha)
    number = Settlement.objects.get().pk
    for kind, start in (("pdf", b"%PDF-"), ("csv", b"\xef\xbb\xbf")):
        answer = client.get(f"/wallet/settlements/{number}/statement.{kind}")
        assert answer.status_code == 200
        assert answer["Content-Disposition"].endswith(f'.{kind}"')
        assert asyncio.run(read(answer)).startswith(start)
    assert client.get(f"/wallet/settlements/{number}/statement.exe").status_code == 404
    for other in (member(beta), member(alpha, Role.OPERATOR), member(alpha, Role.VIEWER)):
        assert other.get(f"/wallet/settlements/{number}/statement.pdf").status_code == 404
    assert 'statement.pdf">PDF<' in text_of(client.get("/wallet")).replace("'", '"')


def test_schedule_is_set_by_finance_and_refused_with_words(alpha, beta):
    client = member(alpha)
    values = {"cpo": alpha.pk, "frequency": "threshold", "threshold": "Rp 150.000", "weekday": "2"}
    client.post("/wallet/schedule", values)
    schedule = SettlementSchedule.objects.get()
    assert (schedule.cpo, schedule.threshold, schedule.weekday) == (alpha, 150_000, 2)
    html = text_of(client.post("/wallet/schedule", {**values, "threshold": "1"}, follow=True))
    assert "At least 50000" in html
    client.post("/wallet/schedule", {**values, "weekday": "12"})
    assert member(beta).post("/wallet/schedule", values).status_code == 404
    schedule.refresh_from_db()
    assert (schedule.threshold, schedule.weekday) == (150_000, 2)


def test_new_bank_account_says_why_nothing_is_paid_to_it(alpha):
    change_bank_account(
        alpha,
        bank_code="BRI",
        name="PT Alpha",
        number="5555666677",
        actor=person("boss@alph.example", alpha),
    )
    html = text_of(member(alpha).get("/wallet"))
    assert 'id="bank-trouble"' in html
    assert "nothing is paid to it before" in html
