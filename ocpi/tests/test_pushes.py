"""What partners are told, in which order, and what becomes of it when they are away."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db.models import F

from chargers.models import Connector, Presence, TariffAssignment
from cpo.models import CPO, AuditEntry, CPOStatus
from ocpi.models import (
    Partner,
    PartnerEndpoint,
    PublishedLocation,
    Push,
    PushLine,
    PushStatus,
    RoamingSession,
)
from ocpi.services.partners.registering import resume, suspend
from ocpi.services.publishing.locations import refresh_chargers, refresh_location
from ocpi.services.publishing.tariffs import refresh_tariffs
from ocpi.services.pushing import sending
from ocpi.services.pushing.sending import MOST_REFUSALS, note_sent, push_due
from ocpi.services.pushing.sweeping import push_everything, resend, resend_dead, sweep_pushes
from ocpi.services.selling.cdrs import issue_cdr
from ocpi.services.selling.sessions import begin_roaming
from ocpi.tests.driving import begin, charge, push_token, sell
from ocpi.tests.field import make_site
from ocpi.tests.partners import connect_partner
from payments.services.billing import bill_session
from unievp.lib import clock
from unievp.lib.errors import ConflictError

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(partner):
    return make_site()


@pytest.fixture
def told(site, peer):
    """A site that its partner knows already."""
    push_due()
    peer.requests.clear()
    return site


def set_status(site, status, number=1):
    Connector.objects.filter(charger=site, number=number).update(status=status)
    refresh_chargers([site.pk])


def test_new_location_is_put_whole_after_its_tariff(site, peer):
    assert push_due() == 2
    tariff, location = peer.calls("PUT")
    party = site.cpo.ocpi_parties.get()
    assert tariff.path.startswith(f"/2.2.1/tariffs/ID/{party.party_id}/T")
    assert location.path == f"/2.2.1/locations/ID/{party.party_id}/L{site.location_id}"
    assert location.body["id"] == f"L{site.location_id}"
    assert location.token == "token-of-the-peer"
    assert location.headers["ocpi-from-party-id"] == party.party_id
    assert location.headers["ocpi-to-party-id"] == "TNM"
    assert location.headers["x-request-id"] != location.headers["x-correlation-id"]
    assert push_due() == 0


def test_status_change_is_a_patch_of_its_evse(told, peer):
    set_status(told, "Charging")
    assert push_due() == 1
    (patch,) = peer.calls()
    uid = f"{told.location_id}-{told.connectors.get(number=1).pk}"
    assert patch.method == "PATCH"
    assert patch.path.endswith(f"/L{told.location_id}/{uid}")
    assert set(patch.body) == {"status", "last_updated"}
    assert patch.body["status"] == "CHARGING"


def test_patch_of_what_they_lost_becomes_a_put(told, peer):
    peer.answers["PATCH"] = (404, {"status_code": 2003})
    set_status(told, "Charging")
    assert push_due() == 1
    assert [one.method for one in peer.calls()] == ["PATCH", "PUT"]


def test_any_other_change_is_a_put(told, peer):
    PublishedLocation.objects.update(facilities=["WIFI"])
    refresh_location(told.location_id)
    push_due()
    assert [one.method for one in peer.calls()] == ["PUT"]


def test_tariff_that_is_sold_no_more_is_deleted_after_nobody_names_it(told, peer):
    TariffAssignment.objects.all().delete()
    refresh_location(told.location_id)
    push_due()
    assert [one.method for one in peer.calls()] == ["PUT"]
    peer.answers["DELETE"] = (404, {"status_code": 2000})
    refresh_tariffs()
    assert push_due() == 1
    assert peer.calls("DELETE")[0].path.rpartition("/")[2].startswith("T")


def test_session_and_cdr_go_to_the_owner_of_the_token(call, told, peer):
    sell(told)
    other = connect_partner(peer, party=("DE", "ABC"), path="/other")
    session = charge(told, push_token(call)["uid"])
    issue_cdr(bill_session(session.pk).pk)
    push_due()
    assert [one.method for one in peer.calls(None, "/2.2.1/sessions")] == ["PUT"]
    (post,) = peer.calls("POST", "/2.2.1/cdrs")
    assert post.body["cdr_token"]["party_id"] == "TNM"
    assert peer.calls(None, "/2.2.1/other/sessions") == []
    assert peer.calls(None, "/2.2.1/other/cdrs") == []
    assert not Push.objects.filter(partner=other, module__in=["sessions", "cdrs"]).exists()


def test_newest_state_wins_over_what_was_never_sent(told, peer):
    for status in ("Preparing", "Faulted", "Reserved"):
        set_status(told, status)
    assert push_due() == 1
    (patch,) = peer.calls()
    assert patch.body["status"] == "RESERVED"


def test_partner_that_is_away_hears_the_newest_when_it_is_back(told, peer):
    peer.answers["PATCH"] = (503, b"")
    set_status(told, "Charging")
    assert push_due() == 0
    assert len(peer.calls()) == 1
    # Nothing is tried before its time.
    assert push_due() == 0
    assert len(peer.calls()) == 1
    set_status(told, "Faulted")
    del peer.answers["PATCH"]
    PushLine.objects.update(again_at=clock.now())
    assert push_due() == 1
    assert peer.calls()[-1].body["status"] == "OUTOFORDER"
    assert PushLine.objects.get().failures == 0


def test_absence_kills_nothing_and_refusals_do_until_somebody_sends_again(told, peer):
    peer.answers["PATCH"] = peer.answers["PUT"] = (200, {"status_code": 2001})
    set_status(told, "Charging")
    for _ in range(MOST_REFUSALS):
        Push.objects.update(next_at=clock.now())
        push_due()
    row = Push.objects.get(module="locations")
    assert (row.status, row.attempts, row.error) == (PushStatus.DEAD, 5, "OCPI 2001")
    Push.objects.update(next_at=clock.now())
    assert push_due() == 0
    peer.answers.clear()
    resend(row, actor="test")
    assert push_due() == 1
    assert peer.calls()[-1].method == "PUT"
    resend(Push.objects.get(module="locations"), actor="test")
    with pytest.raises(ConflictError):
        resend(Push.objects.get(module="locations"), actor="test")


def test_all_that_was_given_up_is_sent_again_in_its_order_and_once(told, partner, peer):
    other = connect_partner(peer, party=("DE", "OTH"), path="/other")
    push_everything(other, actor="test")
    TariffAssignment.objects.all().delete()
    refresh_location(told.location_id)
    refresh_tariffs()
    Push.objects.update(status=PushStatus.DEAD, attempts=5, error="OCPI 2001")
    PushLine.objects.update(again_at=clock.now() + timedelta(hours=1))
    assert push_due() == 0
    assert resend_dead(partner, actor="test") == 2
    assert resend_dead(partner, actor="test") == 0
    entry = AuditEntry.objects.get(action="ocpi_partner.resend_dead")
    assert (entry.subject_id, entry.after) == (str(partner.pk), {"objects": 2})
    # The place, whole; then the tariff is taken back that nothing there refers to any more.
    assert push_due() == 2
    sent = [(one.method, one.path.split("/")[2]) for one in peer.calls()]
    assert sent == [("PUT", "locations"), ("DELETE", "tariffs")]
    assert not Push.objects.filter(partner=other).exclude(status=PushStatus.DEAD).exists()


def test_what_was_given_up_waits_for_a_partner_that_is_connected(told, partner, peer):
    Push.objects.update(status=PushStatus.DEAD)
    suspend(partner, actor="test")
    assert resend_dead(partner, actor="test") == 2
    assert push_due() == 0
    Push.objects.update(status=PushStatus.DEAD)
    Partner.objects.update(status="disconnected")
    with pytest.raises(ConflictError):
        resend_dead(partner, actor="test")
    assert set(Push.objects.values_list("status", flat=True)) == {PushStatus.DEAD}


def test_new_change_wakes_a_dead_push(told, peer):
    Push.objects.update(status=PushStatus.DEAD)
    set_status(told, "Charging")
    assert push_due() == 1


def test_refused_object_does_not_hold_up_the_next(call, told, peer):
    sell(told)
    session = charge(told, push_token(call)["uid"])
    issue_cdr(bill_session(session.pk).pk)
    peer.answers[f"PUT /2.2.1/sessions/ID/{told.cpo.ocpi_parties.get().party_id}/S{session.pk}"] = (
        200,
        {"status_code": 2000},
    )
    push_due()
    assert len(peer.calls("POST", "/2.2.1/cdrs")) == 1


def test_partner_that_is_paused_meanwhile_hears_nothing_and_all_of_it_later(
    site, partner, peer, monkeypatch
):
    real = sending.compose

    def compose_late(push):
        if Partner.objects.get(pk=partner.pk).is_registered:
            suspend(partner, actor="test")
        return real(push)

    monkeypatch.setattr(sending, "compose", compose_late)
    push_due()
    assert peer.requests == []
    assert set(Push.objects.values_list("status", flat=True)) == {PushStatus.WAITING}
    monkeypatch.undo()
    resume(partner, actor="test")
    assert push_due() == 2


def test_slow_partner_delays_no_other(told, peer):
    fast = [connect_partner(peer, party=("DE", f"F{n:02}"), path=f"/fast{n}") for n in range(5)]
    for one in fast:
        push_everything(one, actor="test")
    push_due()
    # It answers only once all the others have heard: in a row they never would.
    heard = threading.Semaphore(0)
    waited = []

    def slowly(_request):
        waited.append(all(heard.acquire(timeout=10) for _ in fast))
        return 200, {"status_code": 1000}

    def quickly(_request):
        heard.release()
        return 200, {"status_code": 1000}

    uid = f"{told.location_id}-{told.connectors.get(number=1).pk}"
    party = told.cpo.ocpi_parties.get().party_id
    below = f"locations/ID/{party}/L{told.location_id}/{uid}"
    peer.answers[f"PATCH /2.2.1/{below}"] = slowly
    for n in range(len(fast)):
        peer.answers[f"PATCH /2.2.1/fast{n}/{below}"] = quickly
    set_status(told, "Charging")
    assert push_due() == 6
    assert waited == [True]


def test_one_line_is_served_by_one_process(told, peer):
    PushLine.objects.update(leased_until=clock.now() + timedelta(minutes=1))
    set_status(told, "Charging")
    assert push_due() == 0
    PushLine.objects.update(leased_until=clock.now() - timedelta(minutes=1))
    assert push_due() == 1


def test_change_while_it_is_on_its_way_is_sent_again(told, peer):
    set_status(told, "Charging")
    push = Push.objects.get(module="locations")
    # Read by the sender, and changed before its answer came back.
    Push.objects.filter(pk=push.pk).update(wanted=F("wanted") + 1)
    note_sent(push, None, "")
    push.refresh_from_db()
    assert push.status == PushStatus.WAITING


def test_paused_partner_hears_nothing_and_everything_afterwards(told, partner, peer):
    suspend(partner, actor="test")
    set_status(told, "Charging")
    assert push_due() == 0
    resume(partner, actor="test")
    assert push_due() == 1


def test_partner_without_the_module_is_not_pushed_to(told, partner, peer):
    PartnerEndpoint.objects.filter(identifier="locations").delete()
    Push.objects.all().delete()
    set_status(told, "Charging")
    assert push_due() == 0
    assert not Push.objects.filter(module="locations").exists()


def test_partner_of_one_company_hears_of_no_other(peer, site):
    rival = make_site()
    mine = connect_partner(peer, cpo=site.cpo, party=("DE", "ABC"))
    set_status(rival, "Charging")
    set_status(site, "Charging")
    ids = set(Push.objects.filter(partner=mine).values_list("object_id", flat=True))
    assert ids == {f"L{site.location_id}"}


def test_sweep_finds_what_was_never_marked(call, told, partner, peer):
    sell(told)
    session = begin(told, push_token(call)["uid"])
    begin_roaming(session.pk)
    Push.objects.all().delete()
    PublishedLocation.objects.update(last_updated=clock.now() + timedelta(seconds=5))
    assert sweep_pushes() >= 2
    keys = set(Push.objects.values_list("module", flat=True))
    assert {"locations", "sessions"} <= keys
    RoamingSession.objects.update(last_updated=clock.now() - timedelta(minutes=1))
    Push.objects.filter(module="sessions").update(marked_at=clock.now())
    PublishedLocation.objects.update(last_updated=clock.now() - timedelta(minutes=1))
    assert sweep_pushes() == 0


def test_everything_is_pushed_again_on_demand(told, partner, peer):
    assert push_everything(partner, actor="test") == 2
    assert push_due() == 2
    assert [one.method for one in peer.calls()] == ["PUT", "PUT"]


def test_offline_charger_reaches_partners_as_unknown(told, peer):
    Presence.objects.filter(charger=told).update(online=False)
    refresh_chargers([told.pk])
    push_due()
    assert {one.body["status"] for one in peer.calls("PATCH")} == {"UNKNOWN"}


def test_chargers_of_a_suspended_company_are_out_of_use_for_partners(told, peer):
    CPO.objects.filter(pk=told.cpo_id).update(status=CPOStatus.SUSPENDED)
    refresh_chargers([told.pk])
    push_due()
    assert {one.body["status"] for one in peer.calls("PATCH")} == {"INOPERATIVE"}
