"""Our drivers' tokens to others: listed, pushed, judged in real time (reference §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chargers.models import IdToken
from cpo.tests.factories import make_cpo
from ocpi.models import GivenAuthorization, OwnToken, Push
from ocpi.services.drivers.contracts import (
    block_contract,
    change_credit,
    open_contract,
    unblock_contract,
)
from ocpi.services.drivers.judging import forget_refusals
from ocpi.services.drivers.publishing import sweep_tokens
from ocpi.services.pushing.sending import push_due
from ocpi.services.pushing.sweeping import sweep_pushes
from ocpi.tests.calling import Caller, code, data
from ocpi.tests.emsp import connect_operator, let_roam, make_driver, make_emsp_party
from ocpi.tests.emsp_objects import AuthorizationInfo, Token
from ocpi.tests.partners import connect_partner
from payments.chart import Booking, receivable_account
from payments.ledger.legs import credit, debit
from payments.services import ledger
from payments.tests.factories import BANK
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db
ROOT = "/ocpi/emsp/2.2.1"
HERE = {"location_id": "LOC1", "evse_uids": ["E1"]}


@pytest.fixture
def party():
    return make_emsp_party()


@pytest.fixture
def operator(party, peer):
    return connect_operator(peer)


@pytest.fixture
def ask(operator):
    caller = Caller(operator.access_token)
    return lambda uid, kind="RFID", body=HERE: caller.send(
        "POST", f"{ROOT}/tokens/{uid}/authorize", body, type=kind
    )


def test_tokens_of_a_driver_who_may_roam_are_listed_as_the_specification_has_them(operator):
    contract = let_roam(card="04A1B2C3")
    listed = data(Caller(operator.access_token).get(f"{ROOT}/tokens"))
    for one in listed:
        Token.model_validate(one)
    assert [(one["type"], one["uid"], one["valid"]) for one in listed] == [
        ("APP_USER", str(contract.driver_id), True),
        ("RFID", "04A1B2C3", True),
    ]
    assert {one["contract_id"] for one in listed} == {contract.contract_id}
    assert contract.contract_id.startswith("ID-UNV-C")
    assert {one["whitelist"] for one in listed} == {"ALLOWED_OFFLINE"}


def test_only_drivers_and_cards_of_the_platform_that_may_roam_are_told(operator):
    make_driver()
    driver = let_roam().driver
    IdToken.objects.create(token="COMPANY", driver=driver, cpo=make_cpo())
    IdToken.objects.create(token="NOBODYS")
    IdToken.objects.create(token="OTHERS", driver=make_driver())
    assert sweep_tokens() == 0
    assert list(OwnToken.objects.values_list("type", flat=True)) == ["APP_USER"]


def test_list_has_pages_and_a_window(operator, settings):
    settings.OCPI_PAGE_LIMIT = 2
    for _number in range(3):
        let_roam()
    caller = Caller(operator.access_token)
    first = caller.get(f"{ROOT}/tokens")
    assert (first.headers["X-Total-Count"], first.headers["X-Limit"]) == ("3", "2")
    assert f"{ROOT}/tokens?offset=2&limit=2" in first.headers["Link"]
    OwnToken.objects.update(last_updated=clock.now() - timedelta(days=2))
    since = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert data(caller.get(f"{ROOT}/tokens", date_from=since)) == []


def test_providers_strangers_and_one_companys_partner_learn_no_token(party, peer):
    let_roam()
    provider = connect_partner(peer)
    assert code(Caller(provider.access_token).get(f"{ROOT}/tokens")) == (403, 2000)
    bound = connect_operator(peer, party=("DE", "TWO"), cpo=make_cpo())
    assert code(Caller(bound.access_token).get(f"{ROOT}/tokens")) == (404, 2000)
    wrong = connect_operator(peer, party=("DE", "III"))
    response = Caller(wrong.access_token).send(
        "GET",
        f"{ROOT}/tokens",
        headers={"OCPI-to-party-id": "XXX", "OCPI-to-country-code": "ID"},
    )
    assert code(response) == (404, 2000)


def test_change_reaches_operators_through_the_outbox(operator, peer):
    contract = let_roam(card="04A1")
    assert push_due() == 2
    puts = {one.path: one for one in peer.calls("PUT")}
    assert set(puts) == {
        f"/2.2.1/tokens/ID/UNV/{contract.driver_id}?type=APP_USER",
        "/2.2.1/tokens/ID/UNV/04A1?type=RFID",
    }
    one = puts["/2.2.1/tokens/ID/UNV/04A1?type=RFID"]
    assert one.body["valid"] is True
    assert one.headers["ocpi-to-party-id"] == "CPO"
    peer.requests.clear()
    IdToken.objects.update(status="blocked")
    assert sweep_tokens() == 1
    assert push_due() == 1
    (one,) = peer.calls("PUT")
    assert (one.body["uid"], one.body["valid"]) == ("04A1", False)
    assert sweep_tokens() == 0


def test_push_that_was_never_marked_is_found(operator):
    contract = let_roam()
    Push.objects.all().delete()
    OwnToken.objects.update(last_updated=clock.now() + timedelta(seconds=2))
    assert sweep_pushes() == 1
    assert Push.objects.get().object_id == f"APP_USER/{contract.driver_id}"


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": clock.now() - timedelta(minutes=1)},
        {"status": "blocked"},
        {"driver": None},
    ],
)
def test_card_that_is_no_longer_good_becomes_invalid(party, change):
    let_roam(card="04A1")
    IdToken.objects.update(**change)
    assert sweep_tokens() == 1
    assert OwnToken.objects.get(type="RFID").valid is False


def test_card_that_is_deleted_or_given_on_stays_as_an_invalid_row(party):
    let_roam(card="04A1")
    IdToken.objects.all().delete()
    assert sweep_tokens() == 1
    token = OwnToken.objects.get(type="RFID")
    assert (token.valid, token.uid) == (False, "04A1")


def test_authorised_in_real_time_with_a_reference(ask, operator):
    let_roam(card="04A1")
    info = data(ask("04a1"))
    row = GivenAuthorization.objects.get()
    AuthorizationInfo.model_validate(info)
    assert info["allowed"] == "ALLOWED"
    assert info["authorization_reference"] == row.reference
    assert info["location"] == HERE
    assert info["token"]["uid"] == "04A1"
    assert (row.partner, row.location_id, row.evse_uids) == (operator, "LOC1", ["E1"])


def test_question_without_a_place_is_answered(ask):
    contract = let_roam()
    info = data(ask(str(contract.driver_id), "APP_USER", None))
    assert info["allowed"] == "ALLOWED"
    assert "location" not in info


def test_unknown_token_is_404_and_2004(ask):
    let_roam(card="04A1")
    assert code(ask("NOBODY")) == (404, 2004)
    assert code(ask("04A1", "APP_USER")) == (404, 2004)
    assert code(ask("04A1", "PLASTIC")) == (200, 2001)


def test_faulty_place_names_the_field(ask):
    let_roam(card="04A1")
    for body in ({"evse_uids": []}, {"location_id": "L", "evse_uids": "E1"}, []):
        assert code(ask("04A1", body=body)) == (200, 2001)
    assert not GivenAuthorization.objects.exists()


def test_card_is_judged_as_it_is_now(ask):
    contract = let_roam(card="04A1")
    IdToken.objects.update(status="blocked")
    assert data(ask("04A1"))["allowed"] == "BLOCKED"
    IdToken.objects.update(status="active", expires_at=clock.now() - timedelta(seconds=1))
    assert data(ask("04A1"))["allowed"] == "EXPIRED"
    IdToken.objects.update(expires_at=None, driver=make_driver())
    assert data(ask("04A1"))["allowed"] == "NOT_ALLOWED"
    IdToken.objects.update(driver=contract.driver)
    block_contract(contract, reason="Lost", actor="test")
    assert data(ask("04A1"))["allowed"] == "BLOCKED"
    unblock_contract(contract, actor="test")
    assert data(ask("04A1"))["allowed"] == "ALLOWED"
    assert GivenAuthorization.objects.exclude(reference="").count() == 1


def owe(driver, amount, currency="IDR"):
    account = receivable_account(driver.pk, driver.pk, currency)
    legs = [debit(account, amount), credit(replace(BANK, currency=currency), amount)]
    ledger.post(key=f"owed:{driver.pk}:{amount}", kind=Booking.ADJUSTMENT, legs=legs)


def test_driver_who_owes_the_limit_has_no_credit(ask):
    contract = let_roam(card="04A1", credit_limit=50_000)
    assert data(ask("04A1"))["allowed"] == "ALLOWED"
    owe(contract.driver, 49_999)
    assert data(ask("04A1"))["allowed"] == "ALLOWED"
    owe(contract.driver, 1)
    info = data(ask("04A1"))
    assert info["allowed"] == "NO_CREDIT"
    assert info["info"] == {"language": "en", "text": "Pay what is open, please."}
    assert "authorization_reference" not in info
    change_credit(contract, credit_limit=None, actor="test")
    assert data(ask("04A1"))["allowed"] == "ALLOWED"


def test_debt_in_another_currency_is_no_credit_under_a_limit(ask):
    contract = let_roam(card="04A1", credit_limit=50_000)
    owe(contract.driver, 1, "EUR")
    assert data(ask("04A1"))["allowed"] == "NO_CREDIT"
    change_credit(contract, credit_limit=None, actor="test")
    assert data(ask("04A1"))["allowed"] == "ALLOWED"


def test_contract_is_one_per_driver_and_needs_a_provider():
    driver = make_driver()
    with pytest.raises(RefusedError):
        open_contract(driver, actor="test")
    make_emsp_party()
    contract = open_contract(driver, actor="test")
    with pytest.raises(ConflictError):
        open_contract(driver, actor="test")
    with pytest.raises(InvalidError):
        open_contract(make_driver(), actor="test", credit_limit=-1)
    with pytest.raises(InvalidError):
        block_contract(contract, reason=" ", actor="test")
    with pytest.raises(ConflictError):
        unblock_contract(contract, actor="test")


def test_blocked_contract_blocks_every_token(party):
    contract = let_roam(card="04A1")
    block_contract(contract, reason="Unpaid", actor="test")
    assert set(OwnToken.objects.values_list("valid", flat=True)) == {False}
    unblock_contract(contract, actor="test")
    assert set(OwnToken.objects.values_list("valid", flat=True)) == {True}


def test_old_refusals_are_forgotten_and_references_kept(ask, settings):
    let_roam(card="04A1")
    data(ask("04A1"))
    IdToken.objects.update(status="blocked")
    data(ask("04A1"))
    settings.OCPI_LOG_DAYS = 0
    assert forget_refusals() == 1
    assert GivenAuthorization.objects.get().allowed == "ALLOWED"
