"""Tokens of partners' drivers: stored, mapped to what chargers carry, judged (reference §6)."""

from __future__ import annotations

import pytest

from chargers.models import IdToken
from chargers.services.authorization import authorize
from chargers.tests.factories import make_token
from ocpi.models import RoamingTag, RoamingToken
from ocpi.services.partners.registering import resume, suspend
from ocpi.services.tokens import fetching
from ocpi.services.tokens.fetching import fetch_recent, fetch_tokens
from ocpi.tests.calling import Caller, code, data, envelope
from ocpi.tests.driving import push_token, token_body
from ocpi.tests.field import make_site
from ocpi.tests.partners import connect_partner
from ocpi.tests.peer import success
from unievp.lib import clock

pytestmark = pytest.mark.django_db


def verdict(charger, tag):
    return authorize(charger.pk, id_tag=tag, at=clock.now()).status


def test_token_is_created_replaced_and_read_again(call):
    body = push_token(call, "CARD-A", visual_number="A-1", energy_contract={"supplier_name": "X"})
    assert data(call.get("tokens/NL/TNM/CARD-A")) == body
    assert data(call.get("tokens/nl/tnm/card-a", type="RFID")) == body
    newer = {**body, "contract_id": "NEW", "last_updated": "2026-02-02T00:00:00Z"}
    del newer["visual_number"]
    response = call.put("tokens/NL/TNM/CARD-A", newer)
    assert response.status_code == 200
    # PUT replaces: an optional that is absent is gone.
    assert data(call.get("tokens/NL/TNM/CARD-A")) == newer
    assert RoamingToken.objects.get().visual_number == ""


def test_older_push_changes_nothing(call):
    body = push_token(call, "CARD-A")
    older = {**body, "valid": False, "last_updated": "2025-01-01T00:00:00Z"}
    assert code(call.put("tokens/NL/TNM/CARD-A", older)) == (200, 1000)
    assert RoamingToken.objects.get().valid is True


def test_patch_changes_what_it_names_and_needs_a_time(call):
    body = push_token(call, "CARD-A")
    assert code(call.patch("tokens/NL/TNM/CARD-A", {"valid": False})) == (200, 2001)
    patch = {"valid": False, "last_updated": "2026-02-02T00:00:00Z"}
    assert code(call.patch("tokens/NL/TNM/CARD-A", patch)) == (200, 1000)
    assert data(call.get("tokens/NL/TNM/CARD-A")) == {**body, **patch}
    assert IdToken.objects.get().status == "blocked"


def test_unknown_token_is_404_with_2004(call):
    assert code(call.get("tokens/NL/TNM/NONE")) == (404, 2004)
    assert code(call.patch("tokens/NL/TNM/NONE", {})) == (404, 2004)
    assert code(call.get("tokens/NL/TNM/NONE", type="CAR")) == (200, 2001)


def test_one_uid_of_two_types_is_two_tokens(call):
    push_token(call, "SAME")
    push_token(call, "SAME", type="APP_USER", contract_id="OTHER")
    assert data(call.get("tokens/NL/TNM/SAME", type="APP_USER"))["contract_id"] == "OTHER"
    assert RoamingToken.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"uid": "OTHER"}, "uid"),
        ({"party_id": "ABC"}, "party_id"),
        ({"type": "APP_USER"}, "type"),
        ({"whitelist": "MAYBE"}, "whitelist"),
        ({"valid": "yes"}, "valid"),
        ({"issuer": None}, "issuer"),
        ({"last_updated": "2026-02-01T09:30:00+07:00"}, "last_updated"),
        ({"contract_id": "x" * 37}, "contract_id"),
    ],
)
def test_wrong_token_names_the_field_and_stores_nothing(call, change, field):
    response = call.put("tokens/NL/TNM/CARD-A", {**token_body("CARD-A"), **change})
    assert code(response) == (200, 2001)
    assert envelope(response)["status_message"].startswith(field)
    assert not RoamingToken.objects.exists()


def test_token_of_a_party_that_is_not_theirs_is_refused(call):
    body = token_body("CARD-A", party_id="XXX")
    assert code(call.put("tokens/NL/XXX/CARD-A", body)) == (404, 2001)


def test_partner_sees_its_own_tokens_only(call, peer):
    push_token(call, "CARD-A")
    rival = Caller(connect_partner(peer, party=("DE", "ABC")).access_token)
    assert code(rival.get("tokens/NL/TNM/CARD-A")) == (404, 2004)


def test_card_of_a_partner_charges_at_every_charger_of_the_platform(call):
    push_token(call, "04AABBCC")
    assert verdict(make_site(), "04aabbcc") == "Accepted"


def test_card_of_a_partner_of_one_company_charges_there_only(peer):
    site, rival = make_site(), make_site()
    partner = connect_partner(peer, cpo=site.cpo)
    push_token(Caller(partner.access_token), "04AABBCC")
    assert verdict(site, "04AABBCC") == "Accepted"
    assert verdict(rival, "04AABBCC") == "Invalid"


@pytest.mark.parametrize(
    ("whitelist", "valid", "status"),
    [
        ("ALWAYS", True, "Accepted"),
        ("ALLOWED", True, "Accepted"),
        ("ALWAYS", False, "Blocked"),
        # Not before the partner was asked.
        ("ALLOWED_OFFLINE", True, "Expired"),
        ("NEVER", True, "Expired"),
    ],
)
def test_list_alone_decides_as_the_whitelist_says(call, whitelist, valid, status):
    push_token(call, "CARD-A", whitelist=whitelist, valid=valid)
    assert verdict(make_site(), "CARD-A") == status


def test_long_uid_gets_a_tag_of_twenty_characters_and_keeps_it(call):
    uid = "9f7c9f0e-7c1e-4b6e-9a51-0f5d2f5b8c11"
    body = push_token(call, uid, type="APP_USER")
    tag = RoamingTag.objects.get()
    assert len(tag.id_token.token) == 20
    assert tag.uid == uid
    call.put(f"tokens/NL/TNM/{uid}", {**body, "contract_id": "NEW"}, type="APP_USER")
    again = RoamingTag.objects.get()
    assert (again.id_token_id, again.contract_id) == (tag.id_token_id, "NEW")


def test_group_is_the_partners_own_whatever_it_calls_it(call, peer):
    """Who is of one group ends each other's sessions: nobody joins another's by its name."""
    make_token("OURS", group="FLEET")
    for uid, group in (("CARD-A", "fleet"), ("CARD-B", "FLEET"), ("CARD-C", "F" * 36)):
        push_token(call, uid, group_id=group)
    rival = Caller(connect_partner(peer, party=("DE", "ABC")).access_token)
    push_token(rival, "CARD-D", country_code="DE", party_id="ABC", group_id="FLEET")
    groups = dict(IdToken.objects.values_list("token", "group"))
    assert groups["CARD-A"] == groups["CARD-B"]
    assert len(set(groups.values())) == 4
    assert all(len(group) == 20 for tag, group in groups.items() if tag != "OURS")


def test_list_that_is_still_read_brings_no_driver_of_a_paused_partner_back(
    call, partner, monkeypatch
):
    push_token(call, "CARD-A")

    def pull(*_args, **_values):
        suspend(partner, actor="test")
        yield token_body("CARD-A", last_updated="2026-03-01T00:00:00Z")
        yield token_body("CARD-B")

    monkeypatch.setattr(fetching, "pull", pull)
    assert fetch_tokens(partner) == 0
    assert verdict(make_site(), "CARD-A") == "Blocked"
    assert verdict(make_site(), "CARD-B") == "Invalid"
    # It is listed, so it is good again once the partner is.
    assert RoamingToken.objects.get().valid is True


def test_what_is_pushed_while_the_list_is_read_stays(call, partner, monkeypatch):
    def pull(*_args, **_values):
        push_token(call, "NEW")
        yield from ()

    monkeypatch.setattr(fetching, "pull", pull)
    assert fetch_tokens(partner) == 0
    assert RoamingToken.objects.get().valid is True


def test_hub_speaks_for_nobody_who_is_connected_otherwise(call, peer):
    hub = connect_partner(peer, party=("DE", "HUB"))
    hub.parties.update(role="HUB")
    tell = Caller(hub.access_token)
    push_token(tell, "FAR", country_code="FR", party_id="FAR")
    assert code(tell.put("tokens/NL/TNM/CARD-A", token_body("CARD-A"))) == (404, 2001)
    push_token(call, "CARD-A")


def test_drivers_of_a_partner_that_is_paused_or_gone_are_refused(call, partner):
    site = make_site()
    push_token(call, "CARD-A")
    suspend(partner, actor="test")
    assert verdict(site, "CARD-A") == "Blocked"
    resume(partner, actor="test")
    assert verdict(site, "CARD-A") == "Accepted"
    call.send("DELETE", "credentials")
    assert verdict(site, "CARD-A") == "Blocked"


def test_lost_pushes_are_fetched_of_every_partner(call, partner, peer):
    down = connect_partner(peer, party=("DE", "ABC"), path="/down")
    peer.answers["GET"] = lambda request: (
        (503, b"") if "/down" in request.path else (200, success([token_body("ONE")]))
    )
    assert fetch_recent(clock.now()) == 1
    assert RoamingToken.objects.get().partner == partner
    down.refresh_from_db()
    assert down.last_error.startswith("tokens: HTTP 503")


def test_own_card_of_the_same_number_wins(call):
    make_token("CARD-A", label="ours")
    push_token(call, "CARD-A")
    assert not RoamingTag.objects.exists()
    assert IdToken.objects.get().label == "ours"


def test_whole_list_is_fetched_page_by_page_and_ends_what_is_not_listed(call, partner, peer):
    push_token(call, "GONE")
    url = f"{peer.url}/2.2.1/tokens"
    first = token_body("ONE")
    peer.answers["GET /2.2.1/tokens"] = (200, success([first, {"uid": "broken"}]))
    assert fetch_tokens(partner) == 1
    valid = dict(RoamingToken.objects.values_list("uid", "valid"))
    assert valid == {"GONE": False, "ONE": True}
    assert IdToken.objects.get(token="GONE").status == "blocked"
    assert url.endswith("/tokens")
