"""Partners that judge their drivers themselves, while the driver waits (reference §6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync

from chargers.services.authorization import authorize
from chargers.tests.factories import make_token
from ocpi.models import Partner, RoamingTag, RoamingToken
from ocpi.services.calling.transport import send
from ocpi.services.partners.registering import suspend
from ocpi.services.selling.sessions import begin_roaming
from ocpi.services.tokens.asking import Asker, ask_issuer, question_of, take_answer
from ocpi.tests.driving import begin, push_token, token_body
from ocpi.tests.field import make_site
from ocpi.tests.peer import success
from unievp.lib import clock

pytestmark = pytest.mark.django_db
ASKED = "POST /2.2.1/tokens/CARD-A/authorize?type=RFID"


@pytest.fixture
def site(partner):
    return make_site()


def present(charger, tag="CARD-A"):
    """As the ocpp process does: ask where somebody wants to be asked, then judge."""
    async_to_sync(ask_issuer)(charger.pk, tag)
    return authorize(charger.pk, id_tag=tag, at=clock.now()).status


def says(allowed="ALLOWED", **values):
    return 200, success({"allowed": allowed, "token": token_body("CARD-A"), **values})


@pytest.mark.parametrize("whitelist", ["NEVER", "ALLOWED_OFFLINE"])
def test_partner_is_asked_with_the_place_and_its_reference_goes_into_the_session(
    call, site, peer, whitelist
):
    push_token(call, "CARD-A", whitelist=whitelist)
    peer.answers[ASKED] = says(authorization_reference="REF-9")
    assert present(site) == "Accepted"
    (post,) = peer.calls("POST")
    assert post.body["location_id"] == f"L{site.location_id}"
    assert len(post.body["evse_uids"]) == 2
    assert post.headers["ocpi-to-party-id"] == "TNM"
    # The StartTransaction that follows does not ask again.
    assert present(site) == "Accepted"
    assert len(peer.calls("POST")) == 1
    row = begin_roaming(begin(site, "CARD-A").pk)
    assert (row.auth_method, row.authorization_reference) == ("AUTH_REQUEST", "REF-9")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("BLOCKED", "Blocked"),
        ("EXPIRED", "Expired"),
        ("NO_CREDIT", "Blocked"),
        ("NOT_ALLOWED", "Blocked"),
    ],
)
def test_no_is_no_and_may_be_yes_the_next_time(call, site, peer, said, verdict):
    push_token(call, "CARD-A", whitelist="NEVER")
    peer.answers[ASKED] = says(said)
    assert present(site) == verdict
    peer.answers[ASKED] = says()
    assert present(site) == "Accepted"


def test_token_that_is_not_valid_is_asked_about_all_the_same(call, site, peer):
    push_token(call, "CARD-A", whitelist="NEVER", valid=False)
    peer.answers[ASKED] = says()
    assert present(site) == "Accepted"


@pytest.mark.parametrize(
    "answer",
    [
        (404, {"status_code": 2004}),
        (200, {"status_code": 2004}),
        (200, {"status_code": 2002}),
        (200, success("yes")),
        (200, success({"allowed": 1})),
        (200, b"<html>"),
        says(location={"location_id": "L1", "evse_uids": 5}),
    ],
)
def test_anything_but_a_clear_yes_is_a_no(call, site, peer, answer):
    push_token(call, "CARD-A", whitelist="NEVER")
    peer.answers[ASKED] = answer
    assert present(site) == "Blocked"


@pytest.mark.parametrize(
    ("whitelist", "valid", "verdict"),
    [
        ("ALLOWED_OFFLINE", True, "Accepted"),
        ("ALLOWED_OFFLINE", False, "Blocked"),
        ("NEVER", True, "Blocked"),
    ],
)
def test_partner_that_is_down_leaves_it_to_the_list(call, site, peer, whitelist, valid, verdict):
    push_token(call, "CARD-A", whitelist=whitelist, valid=valid)
    # Its own server's fault, and a hub that does not reach it.
    for answer in ((503, b""), (200, {"status_code": 3000}), (200, {"status_code": 4002})):
        peer.answers[ASKED] = answer
        assert present(site) == verdict
        RoamingTag.objects.update(allowed_until=None)
    if verdict == "Accepted":
        assert RoamingTag.objects.get().auth_method == "WHITELIST"


def test_partner_that_takes_too_long_is_down(call, site, peer, settings):
    settings.OCPI_AUTHORIZE_TIMEOUT_S = 0.1
    push_token(call, "CARD-A", whitelist="ALLOWED_OFFLINE")
    peer.delay = 0.4
    assert present(site) == "Accepted"


def test_yes_for_other_evses_is_no_here(call, site, peer):
    push_token(call, "CARD-A", whitelist="NEVER")
    peer.answers[ASKED] = says(location={"location_id": "L1", "evse_uids": ["9-9"]})
    assert present(site) == "Blocked"
    uid = f"{site.location_id}-{site.connectors.get(number=1).pk}"
    peer.answers[ASKED] = says(location={"location_id": "L1", "evse_uids": [uid]})
    assert present(site) == "Accepted"


def test_yes_does_not_last(call, site, peer):
    push_token(call, "CARD-A", whitelist="NEVER")
    peer.answers[ASKED] = says()
    present(site)
    RoamingTag.objects.update(allowed_until=clock.now() - timedelta(seconds=1))
    peer.answers[ASKED] = says("BLOCKED")
    assert present(site) == "Blocked"
    assert len(peer.calls("POST")) == 2


def test_yes_that_comes_after_the_partner_was_paused_is_none(call, site, partner, peer):
    push_token(call, "CARD-A", whitelist="NEVER")
    peer.answers[ASKED] = says()
    question = question_of(site.pk, "CARD-A")
    reply = async_to_sync(send)(question.peer, question.call)
    suspend(partner, actor="test")
    take_answer(question, reply)
    assert authorize(site.pk, id_tag="CARD-A", at=clock.now()).status == "Blocked"


def test_list_decides_where_the_partner_leaves_it_to_us(call, site, peer):
    push_token(call, "CARD-A", whitelist="ALLOWED")
    assert present(site) == "Accepted"
    make_token("OWN")
    assert present(site, "OWN") == "Accepted"
    assert present(site, "NOBODY") == "Invalid"
    assert peer.calls() == []


def test_we_may_ask_by_choice(call, site, partner, peer):
    Partner.objects.update(realtime_by_choice=True)
    push_token(call, "CARD-A", whitelist="ALLOWED")
    peer.answers[ASKED] = says()
    assert present(site) == "Accepted"
    assert len(peer.calls("POST")) == 1


def test_unknown_tag_is_asked_about_where_a_partner_does_not_push(call, site, partner, peer):
    Partner.objects.update(ask_about_unknown=True)
    peer.answers[ASKED] = says(authorization_reference="REF-1")
    assert present(site) == "Accepted"
    assert RoamingToken.objects.get().uid == "CARD-A"
    assert RoamingTag.objects.get().authorization_reference == "REF-1"


def test_unknown_tag_that_the_partner_does_not_know_stays_unknown(site, partner, peer):
    Partner.objects.update(ask_about_unknown=True)
    peer.answers[ASKED] = (404, {"status_code": 2004})
    assert present(site) == "Invalid"
    assert not RoamingTag.objects.exists()


def test_tags_cost_nothing_where_nobody_wants_to_be_asked(
    call, site, peer, django_assert_num_queries
):
    asker = Asker()
    first = asker(site.pk, "CARD-A")

    async def wait(question):
        await question

    async_to_sync(wait)(first)
    with django_assert_num_queries(0):
        assert asker(site.pk, "CARD-A") is None
    push_token(call, "CARD-A", whitelist="NEVER")
    peer.answers[ASKED] = says()
    later = Asker()
    async_to_sync(wait)(later(site.pk, "CARD-A"))
    assert len(peer.calls("POST")) == 1
