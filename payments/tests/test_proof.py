"""The nightly proof: once per day, a row per cause, closed when the cause is gone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from payments.models import BooksProof, Difference
from payments.services.billing import bill_session
from payments.services.reconciliation.proving import explain_difference, prove_books
from payments.tests.factories import make_member, make_paid_cpo, make_session, make_staff
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 22, 20, tzinfo=UTC)  # 03:00 in Jakarta on the 23rd


@pytest.fixture
def wrong():
    """A session whose cost is not its bill's; proven in the first night."""
    bill_session(make_session(cpo=make_paid_cpo()).pk)
    _cost("+ 1")
    prove_books(NIGHT)
    return Difference.objects.get()


def _cost(change):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE chargers_chargingsession SET cost = cost {change}")


def statuses():
    return list(Difference.objects.order_by("pk").values_list("status", flat=True))


def test_books_in_order_are_proven_once_a_day():
    proof = prove_books(NIGHT)
    assert (str(proof.day), proof.found) == ("2026-11-23", 0)
    assert prove_books(NIGHT + timedelta(hours=23)) is None
    assert str(prove_books(NIGHT + timedelta(hours=24)).day) == "2026-11-24"
    assert BooksProof.objects.count() == 2


def test_difference_is_kept_and_not_corrected(wrong):
    assert (wrong.kind, wrong.status, wrong.expected) == ("sessions and bills", "open", "20000")
    assert wrong.found.startswith("20001")
    prove_books(NIGHT + timedelta(days=1))
    wrong.refresh_from_db()
    assert statuses() == ["open"]
    assert (wrong.last_seen_at, wrong.nights) == (NIGHT + timedelta(days=1), 2)


def test_difference_closes_when_it_is_gone_and_comes_back_as_another(wrong):
    _cost("- 1")
    prove_books(NIGHT + timedelta(days=1))
    assert statuses() == ["resolved"]
    _cost("+ 1")
    prove_books(NIGHT + timedelta(days=2))
    assert statuses() == ["resolved", "open"]


def test_explained_stays_explained_until_it_changes(wrong):
    explain_difference(wrong, reason="a typo", actor=make_staff())
    prove_books(NIGHT + timedelta(days=1))
    assert statuses() == ["explained"]
    _cost("+ 1")
    prove_books(NIGHT + timedelta(days=2))
    assert statuses() == ["open"]


def test_who_may_explain_and_how(wrong):
    with pytest.raises(ForbiddenError):
        explain_difference(wrong, reason="x", actor=make_member(make_paid_cpo()))
    with pytest.raises(InvalidError):
        explain_difference(wrong, reason=" ", actor=make_staff())
    _cost("- 1")
    prove_books(NIGHT + timedelta(days=1))
    with pytest.raises(ConflictError):
        explain_difference(wrong, reason="x", actor=make_staff())


def test_proof_that_was_cut_off_leaves_nothing_and_is_made_again(monkeypatch):
    bill_session(make_session(cpo=make_paid_cpo()).pk)
    _cost("+ 1")

    def cut(**_values):
        raise OSError("power cut")

    monkeypatch.setattr(BooksProof.objects, "create", cut)
    with pytest.raises(OSError, match="power cut"):
        prove_books(NIGHT)
    monkeypatch.undo()
    assert not Difference.objects.exists()
    assert prove_books(NIGHT).found == 1


def test_proof_and_its_differences_are_metrics(client, settings, wrong):
    settings.METRICS_TOKEN = "t"
    answer = client.get("/metrics", headers={"Authorization": "Bearer t"})
    text = answer.content.decode()
    assert "uniev_books_differences_open 1\n" in text
    assert "uniev_books_proof_differences 1\n" in text
    for name in ("intents_stuck", "webhooks_failed", "bills_unposted", "suspense_rupiah"):
        assert f"uniev_{name} 0\n" in text
    age = float(re.search(r"^uniev_books_proof_age_seconds (.+)$", text, re.MULTILINE)[1])
    assert abs(age - (clock.now() - NIGHT).total_seconds()) < 60
