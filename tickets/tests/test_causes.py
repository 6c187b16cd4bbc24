"""A cause has one ticket until it is done, whoever reports it and however often."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import translation

from cpo.tests.factories import make_cpo, make_user
from tickets.models import RuleKind, Ticket, TicketChange, TicketRule
from tickets.services.causes import Cause, end_cause, report_cause
from tickets.services.changing import Change, change_ticket
from unievp.lib import clock

pytestmark = pytest.mark.django_db

KEY = "roaming_difference:cdr:1"


def make_cause(occurrence="1", **values):
    args = {"partner": "NL*ABC", "object": "CDR 1", "expected": "10", "found": "12"}
    return Cause(
        kind=RuleKind.ROAMING_DIFFERENCE,
        key=KEY,
        since=clock.now() - timedelta(minutes=5),
        occurrence=occurrence,
        args=args,
        **values,
    )


def test_same_occurrence_is_one_ticket_and_another_a_repeat():
    first = report_cause(make_cause())
    assert report_cause(make_cause()).repeats == 0
    again = report_cause(make_cause("2"))
    assert (again.pk, again.repeats, again.occurrences) == (first.pk, 1, 2)
    assert again.last_seen_at > first.last_seen_at


def test_ticket_of_a_rule_is_as_the_rule_says_and_speaks_the_reader_s_language():
    TicketRule.objects.update_or_create(
        kind=RuleKind.ROAMING_DIFFERENCE,
        defaults={"priority": "urgent", "category": "payment", "self_closing": False},
    )
    cpo = make_cpo()
    ticket = report_cause(make_cause(cpo_id=cpo.pk))
    assert (ticket.priority, ticket.category, ticket.cpo, ticket.self_closing) == (
        "urgent",
        "payment",
        cpo,
        False,
    )
    assert (ticket.opened_via, ticket.opened_label) == ("rule", "rule: roaming_difference")
    with translation.override("en"):
        assert ticket.title == "A bill of NL*ABC differs"
        assert ticket.details == "CDR 1: expected 10, found 12."


def test_rule_that_is_off_opens_nothing():
    TicketRule.objects.update_or_create(
        kind=RuleKind.ROAMING_DIFFERENCE,
        defaults={"enabled": False, "priority": "low", "category": "roaming"},
    )
    assert report_cause(make_cause()) is None
    assert not Ticket.objects.exists()


def test_key_names_its_kind():
    with pytest.raises(ValueError, match="does not begin"):
        Cause(kind=RuleKind.SESSION_STUCK, key=KEY, since=clock.now())


def test_end_of_the_cause_resolves_the_ticket_once():
    report_cause(make_cause())
    ended = end_cause(KEY)
    assert (ended.status, ended.resolved_at) == ("resolved", ended.cause_ended_at)
    assert end_cause(KEY) is None
    line = TicketChange.objects.get()
    assert (line.new, line.actor_label) == ("resolved", "rule: roaming_difference")
    with translation.override("en"):
        assert line.who == "Rule: A roaming partner's bill differs"
    assert end_cause("roaming_difference:unknown") is None


def test_ticket_that_does_not_resolve_itself_tells_of_the_end():
    Ticket.objects.filter(pk=report_cause(make_cause()).pk).update(self_closing=False)
    ended = end_cause(KEY)
    assert (ended.status, ended.is_done) == ("open", False)
    assert end_cause(KEY).cause_ended_at == ended.cause_ended_at
    again = report_cause(make_cause())
    assert (again.cause_ended_at, again.repeats) == (None, 1)


def test_cause_that_comes_back_soon_opens_its_ticket_again():
    first = report_cause(make_cause())
    end_cause(KEY)
    again = report_cause(make_cause("2"))
    assert (again.pk, again.status, again.repeats) == (first.pk, "reopened", 1)


def test_cause_that_comes_back_later_gets_a_new_ticket():
    first = report_cause(make_cause())
    end_cause(KEY)
    long_ago = clock.now() - timedelta(days=2)
    Ticket.objects.update(resolved_at=long_ago, cause_ended_at=long_ago)
    again = report_cause(make_cause("2"))
    assert (again.pk != first.pk, again.repeats) == (True, 0)


def test_what_a_person_resolved_while_it_lasts_stays_resolved_until_it_happens_anew():
    first = report_cause(make_cause())
    change_ticket(first, Change(status="resolved"), actor=make_user(is_staff=True))
    assert report_cause(make_cause()).pk == first.pk
    assert Ticket.objects.get().status == "resolved"
    assert end_cause(KEY) is None
    assert report_cause(make_cause("2")).pk != first.pk


@pytest.mark.django_db(transaction=True)
def test_two_who_report_a_cause_at_the_same_moment_make_one_ticket():
    barrier, made = Barrier(2), []

    def report(occurrence):
        try:
            barrier.wait(10)
            made.append(report_cause(make_cause(occurrence)).pk)
        finally:
            connection.close()

    threads = [Thread(target=report, args=(each,)) for each in ("1", "2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    ticket = Ticket.objects.get()
    assert made == [ticket.pk, ticket.pk]
    assert ticket.repeats == 1


def test_two_open_tickets_of_a_cause_are_refused_by_the_database(monkeypatch):
    from tickets.services import causes

    first = report_cause(make_cause())
    real, calls = causes._of_cause, []

    def blind_at_first(key):
        calls.append(key)
        return real(key) if len(calls) > 1 else None

    monkeypatch.setattr(causes, "_of_cause", blind_at_first)
    assert report_cause(make_cause()).pk == first.pk
    assert len(calls) == 2
