"""What is wrong with operators' CDRs opens a ticket, once, and ends it."""

from __future__ import annotations

import pytest

from ocpi.models import ForeignCdr, ForeignSession
from ocpi.services.foreign.cdrs import find_missing_cdrs, receive_cdr, recheck_cdr, settle_cdr
from ocpi.services.foreign.sessions import put_session
from ocpi.services.foreign.tariffs import put_tariff
from ocpi.tests.abroad import cdr_body, credit_body, session_body, tariff_body
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from ocpi.tests.peer import Peer
from tickets.models import Ticket
from unievp.web.roaming.tickets import report_cdr, report_missing, sweep_roaming

pytestmark = pytest.mark.django_db
WRONG = {"excl_vat": 50_000, "incl_vat": 55_500}


@pytest.fixture
def operator(db):
    make_emsp_party()
    peer = Peer(url="https://operator.example")
    return connect_operator(peer)


@pytest.fixture
def contract(operator):
    return let_roam()


def settled(operator, body) -> ForeignCdr:
    cdr, _new = receive_cdr(operator, body)
    settle_cdr(cdr.pk)
    return ForeignCdr.objects.get(pk=cdr.pk)


def test_difference_opens_one_ticket_that_names_the_amounts(operator, contract, english):
    cdr = settled(operator, cdr_body(contract, total_cost=WRONG))
    first = report_cdr(cdr.pk)
    sweep_roaming()
    ticket = Ticket.objects.get()
    assert (ticket, ticket.occurrences, ticket.category) == (first, 1, "roaming")
    assert ticket.title == f"A bill of {operator} differs"
    assert ticket.details == ("CDR CDR1, total_cost.excl_vat: expected 25400 IDR, found 50000 IDR.")


def test_ticket_ends_when_the_cdr_is_taken_back(operator, contract):
    settled(operator, cdr_body(contract, total_cost=WRONG))
    assert sweep_roaming() == 1
    credit = {"excl_vat": -50_000, "incl_vat": -55_500}
    settled(operator, {**credit_body(contract), "total_cost": credit})
    assert sweep_roaming() == 0
    assert Ticket.objects.get().status == "resolved"


def test_what_is_right_opens_nothing(operator, contract):
    cdr = settled(operator, cdr_body(contract))
    assert report_cdr(cdr.pk) is None
    assert sweep_roaming() == 0
    assert not Ticket.objects.exists()


def test_what_cannot_be_checked_says_why_until_it_can(operator, contract, english):
    cdr = settled(operator, cdr_body(contract, tariffs=[]))
    sweep_roaming()
    ticket = Ticket.objects.get()
    assert ticket.details == "CDR CDR1: it names no tariff that we know"
    put_tariff(operator, tariff_body())
    recheck_cdr(cdr)
    sweep_roaming()
    ticket.refresh_from_db()
    assert ticket.status == "resolved"


def test_what_is_held_says_so(operator, contract, english):
    stranger = {"uid": "NOBODY", "type": "RFID"}
    settled(operator, cdr_body(contract, cdr_token=stranger))
    sweep_roaming()
    assert Ticket.objects.get().title == f"A bill of {operator} is not booked"


def test_missing_cdr_opens_a_ticket_until_it_comes(operator, contract, settings, english):
    settings.OCPI_CDR_HOURS = 0
    put_session(operator, session_body(contract, status="COMPLETED"))
    find_missing_cdrs()
    ticket = report_missing(ForeignSession.objects.get().pk)
    assert ticket.title == f"{operator} sent no bill"
    settled(operator, cdr_body(contract))
    sweep_roaming()
    ticket.refresh_from_db()
    assert ticket.status == "resolved"
