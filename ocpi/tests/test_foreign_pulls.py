"""Operators' lists: whole once, then by what changed; a fault of one is no other's."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from ocpi.models import ForeignCdr, ForeignLocation, ForeignSession, ForeignTariff, PulledList
from ocpi.services.foreign.cdrs import sweep_cdrs
from ocpi.services.foreign.pulling import operators, pull_partners
from ocpi.tests.abroad import LATER, cdr_body, location_body, session_body, tariff_body
from ocpi.tests.calling import dump
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from ocpi.tests.partners import connect_partner
from ocpi.tests.peer import success

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(peer):
    make_emsp_party()
    return connect_operator(peer)


def serve(peer, path="", **lists):
    """Let the peer answer its lists, whatever is asked for."""

    def answer(request):
        name = urlsplit(request.path).path.rsplit("/", 1)[-1]
        return 200, dump(success(lists.get(name, [])))

    peer.answers["GET"] = answer


def asked(peer, module):
    calls = [one for one in peer.calls("GET") if f"/{module}" in one.path]
    return [parse_qs(urlsplit(one.path).query).get("date_from", [None])[0] for one in calls]


def test_first_pull_is_whole_and_the_next_one_asks_for_changes(peer, operator):
    contract = let_roam()
    serve(
        peer,
        locations=[location_body()],
        tariffs=[tariff_body()],
        sessions=[session_body(contract, status="COMPLETED")],
        cdrs=[cdr_body(contract)],
    )
    assert pull_partners() == 4
    assert pull_partners() == 4
    sweep_cdrs()
    assert ForeignCdr.objects.get().check_state == "ok"
    assert ForeignCdr.objects.get().session == ForeignSession.objects.get()
    first, second = asked(peer, "locations")
    assert first is None
    assert second is not None
    # `date_from` is required of sessions.
    assert None not in asked(peer, "sessions") + asked(peer, "cdrs")


def test_pages_are_followed_and_what_cannot_be_read_is_counted(peer, operator):
    serve(peer, locations=[location_body("A"), {"id": "B"}, 7, location_body("C")])
    assert pull_partners([operator.pk]) == 2
    state = PulledList.objects.get(module="locations")
    assert (state.objects_read, state.objects_refused) == (2, 2)
    assert state.error
    assert state.until is not None


def test_what_a_whole_list_names_no_more_is_gone(peer, operator):
    serve(peer, locations=[location_body("A"), location_body("B")], tariffs=[tariff_body()])
    pull_partners()
    PulledList.objects.update(whole_at=None)
    # B is listed still, only badly.
    serve(peer, locations=[{**location_body("B"), "address": 5}])
    pull_partners()
    gone = {one.ocpi_id: one.removed_at is not None for one in ForeignLocation.objects.all()}
    assert gone == {"A": True, "B": False}
    assert ForeignTariff.objects.get().removed_at is not None
    serve(peer, locations=[location_body("A", last_updated=LATER)])
    pull_partners()
    assert ForeignLocation.objects.get(ocpi_id="A").is_offered


def test_list_that_breaks_off_is_asked_for_again_and_keeps_no_other_back(peer, operator):
    def answer(request):
        if "locations" in request.path:
            return 500, success()
        return 200, dump(success([tariff_body()] if "tariffs" in request.path else []))

    peer.answers["GET"] = answer
    assert pull_partners() == 1
    state = PulledList.objects.get(module="locations")
    assert (state.until, state.whole_at) == (None, None)
    assert state.error
    serve(peer, locations=[location_body()])
    pull_partners()
    assert asked(peer, "locations") == [None, None]


def test_only_connected_operators_are_asked_and_one_knows_no_others_party(peer, operator):
    connect_partner(peer)
    paused = connect_operator(peer, party=("FR", "TWO"))
    type(paused).objects.filter(pk=paused.pk).update(status="suspended")
    assert operators() == [operator]
    serve(peer, locations=[location_body(country_code="FR", party_id="TWO")])
    assert pull_partners() == 0
    assert not ForeignLocation.objects.exists()


def test_without_a_party_of_ours_nobody_is_asked(peer):
    connect_operator(peer)
    assert operators() == []
