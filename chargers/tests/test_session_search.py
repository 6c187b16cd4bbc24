"""How sessions are found by what people type."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import ChargingSession
from chargers.selectors import history
from chargers.tests.factories import make_charger, make_token, send_one, start
from cpo.models import Driver
from cpo.tests.factories import make_cpo, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user(is_staff=True, is_superuser=True)


@pytest.fixture
def session():
    charger = make_charger()
    make_token("04A2B3C4")
    number = send_one(charger, start("04A2B3C4")).transaction_id
    row = ChargingSession.objects.get(transaction_id=number)
    row.driver = Driver.objects.create(name="Budi Santoso")
    row.save()
    return row


def found(actor, text):
    return list(history.sessions(actor, text=text).values_list("pk", flat=True))


def test_number_whole_tag_and_parts_of_names_find_a_session(staff, session):
    identity = session.charger.identity
    for text in (
        str(session.transaction_id),
        f"#{session.transaction_id}",
        "04a2b3c4",
        identity.lower(),
        identity[1:-1],
        "santo",
    ):
        assert found(staff, text) == [session.pk], text
    for text in ("nobody", str(2**40), "04a2b3", "%"):
        assert found(staff, text) == [], text


def test_many_chargers_of_a_name_are_found_as_few_are(staff, session, monkeypatch):
    monkeypatch.setattr(history, "_MOST_NAMED", 0)
    assert found(staff, session.charger.identity) == [session.pk]


def test_rivals_find_nothing(session):
    rival = make_user()
    make_cpo()
    assert found(rival, session.charger.identity) == []
    assert found(rival, "04A2B3C4") == []


def test_a_search_compares_no_text_of_every_session(staff, session):
    with CaptureQueriesContext(connection) as queries:
        found(staff, "nobody")
    assert len(queries) == 3
    assert "LIKE" not in queries[-1]["sql"]


def test_the_desk_searches_the_same_way(staff, session, client):
    client.force_login(staff)
    number = f"#{session.transaction_id}"
    for text, hits in (("04a2b3c4", True), ("santo", True), ("04a2b3", False), ("\0", True)):
        answer = client.get("/admin/chargers/chargingsession/", {"q": text})
        assert (number in answer.text) is hits, text
