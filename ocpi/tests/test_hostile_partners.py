"""What a broken or hostile partner sends is refused by name: no traceback, nothing stored."""

from __future__ import annotations

import pytest

from ocpi.models import (
    ForeignCdr,
    ForeignLocation,
    ForeignSession,
    ForeignTariff,
    RoamingToken,
)
from ocpi.objects.foreign import locations
from ocpi.selectors.abroad import location_detail, location_view
from ocpi.services.calling import pages
from ocpi.services.calling.client import CallError
from ocpi.services.foreign import sessions
from ocpi.tests.abroad import (
    LATER,
    cdr_body,
    evse_body,
    location_body,
    period,
    session_body,
    tariff_body,
)
from ocpi.tests.calling import Caller, code, dump
from ocpi.tests.driving import token_body
from ocpi.tests.emsp import connect_operator, let_roam, make_emsp_party
from ocpi.tests.field import make_site
from ocpi.tests.peer import success

pytestmark = pytest.mark.django_db
FOREIGN = "/ocpi/emsp/2.2.1"
NONSENSE = [
    ("x", "[" * 300 + "]" * 300, 400),
    ("x", "1" + "0" * 60, 400),
    ("x", "NaN", 400),
    ("x", '"\\u0000"', 400),
    ("\\ud800", "1", 400),
    ("last_updated", '"9999-12-31T23:59:59Z"', 200),
    ("last_updated", "null", 200),
]


@pytest.fixture
def tell(peer):
    make_emsp_party()
    operator = connect_operator(peer, roles=("CPO", "EMSP", "HUB"))
    return Caller(operator.access_token)


def spliced(body, name, raw):
    text = dump({key: value for key, value in body.items() if key != name}).decode()
    return f'{text[:-1]}, "{name}": {raw}}}'.encode()


def test_objects_that_cannot_be_kept_are_refused_by_name(tell):
    contract = let_roam()
    objects = [
        (
            "PUT",
            "/ocpi/cpo/2.2.1/tokens/DE/CPO/CARD-A",
            token_body("CARD-A", country_code="DE", party_id="CPO"),
        ),
        ("PUT", f"{FOREIGN}/sessions/DE/CPO/S1", session_body(contract)),
        ("PUT", f"{FOREIGN}/tariffs/DE/CPO/T1", tariff_body()),
        ("POST", f"{FOREIGN}/cdrs", cdr_body(contract)),
    ]
    for index, (method, path, body) in enumerate(objects):
        # One reader reads them all: the first gets everything, the others a part.
        for name, raw, http in NONSENSE[index::4] if index else NONSENSE:
            answer = tell.send(method, path, spliced(body, name, raw))
            assert code(answer) == (http, 2001), (path, name, raw)
    for model in (RoamingToken, ForeignSession, ForeignTariff, ForeignCdr):
        assert not model.objects.exists()


def test_addresses_and_headers_that_no_column_holds_are_nobodys(tell, client):
    nul = "a%00b"
    addresses = [
        ("GET", f"tokens/NL/TNM/{nul}", 404),
        ("GET", f"locations/L1/{nul}", 404),
        ("GET", "hubclientinfo/N%00/ABC", 404),
        ("DELETE", f"chargingprofiles/{nul}", 404),
        ("PATCH", f"{FOREIGN}/sessions/DE/CPO/{nul}", 404),
        ("POST", f"{FOREIGN}/tokens/{nul}/authorize", 404),
        ("POST", f"{FOREIGN}/commands/START_SESSION/{nul}", 404),
        ("POST", f"{FOREIGN}/cdrs/1", 405),
        ("PUT", "sessions/S1/charging_preferences", 404),
    ]
    for method, path, http in addresses:
        body = {"last_updated": "2026-02-01T09:30:00Z", "result": "ACCEPTED"}
        answer = tell.send(method, path, None if method in ("GET", "DELETE") else body)
        assert answer.status_code == http, (method, path)
    make_site()
    odd = {"OCPI-to-country-code": "\0", "OCPI-to-party-id": "\0", "OCPI-from-party-id": "\0"}
    assert tell.send("GET", "locations", headers=odd).status_code == 404
    assert client.get("/open-data/ID-A%00B/locations").status_code == 404


def test_sessions_and_places_do_not_grow_without_end(tell, monkeypatch):
    monkeypatch.setattr(sessions, "_MOST_PERIODS", 2)
    monkeypatch.setattr(locations, "_MOST_EVSES", 2)
    address = f"{FOREIGN}/sessions/DE/CPO/S1"
    first = period(kwh="4.5", hours="0.5")
    tell.put(address, session_body(let_roam(), charging_periods=[first]))
    for hour, said in (("09", 1000), ("10", 2001), ("09", 1000)):
        more = [first, period(f"2026-02-03T{hour}:00:00Z")]
        answer = tell.patch(address, {"charging_periods": more, "last_updated": LATER})
        assert code(answer) == (200, said)
    place = f"{FOREIGN}/locations/DE/CPO/LOC1"
    tell.put(place, location_body())
    assert code(tell.put(f"{place}/E3", evse_body("E3"))) == (200, 2001)
    assert code(tell.put(f"{place}/E2", evse_body("E2", last_updated=LATER))) == (200, 1000)


@pytest.mark.parametrize("odd", [5, True, "x", {"a": 1}, [None]])
def test_place_with_nonsense_in_what_nobody_checks_is_shown_without_it(tell, odd):
    """One operator's fault must not take the list from every driver."""
    place = location_body(facilities=odd, directions=odd, operator=odd, opening_times=odd)
    place["evses"][0] |= {"capabilities": odd}
    place["evses"][0]["connectors"][0] |= {"tariff_ids": odd, "max_electric_power": odd}
    assert tell.put(f"{FOREIGN}/locations/DE/CPO/LOC1", place).status_code == 201
    row = ForeignLocation.objects.get()
    assert location_view(row)["evses"] == 2
    detail = location_detail(row, "en")
    assert (detail["directions"], detail["operator"]) == ("", "")
    assert detail["evse_list"][0]["can_reserve"] is False
    rule = {"price_components": [{"type": "FLAT", "price": 1, "step_size": 1}]}
    rule |= {"restrictions": {"day_of_week": odd}}
    answer = tell.put(f"{FOREIGN}/tariffs/DE/CPO/T1", tariff_body(elements=[rule]))
    assert code(answer) == (200, 2001)


@pytest.mark.parametrize("link", ["https://elsewhere.example/tokens", "{url}/tokens", "{n}"])
def test_list_leads_nowhere_else_and_ends(peer, partner, monkeypatch, link):
    """Another host would get our token; the same page and one empty page more never end."""
    monkeypatch.setattr(pages, "MOST_EMPTY", 2)

    def answer(request):
        page = f"{peer.url}/tokens?page={len(peer.requests)}"
        return 200, success([]), {"Link": f'<{link.format(url=peer.url, n=page)}>; rel="next"'}

    peer.answers["GET"] = answer
    with pytest.raises(CallError, match=r"the next page is at|the list has no end"):
        list(pages.pull(partner, f"{peer.url}/tokens", module="tokens"))
    assert len(peer.requests) <= 3


def test_redirect_is_not_followed(peer, partner):
    peer.answers["GET"] = (307, b"", {"Location": f"{peer.url}/elsewhere"})
    with pytest.raises(CallError, match="HTTP 307"):
        list(pages.pull(partner, f"{peer.url}/tokens", module="tokens"))
    assert [one.path for one in peer.requests] == ["/tokens"]
