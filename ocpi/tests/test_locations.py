"""Locations as partners read them (reference §5)."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import (
    Charger,
    ConfigurationKey,
    Connector,
    Location,
    Presence,
    TariffAssignment,
)
from chargers.tests.factories import make_charger, make_location
from cpo.models import CPO, CPOStatus
from cpo.tests.factories import make_cpo
from ocpi.models import (
    ExceptionalHours,
    LocationImage,
    OpeningHours,
    PublishedLocation,
    PublishedTariff,
)
from ocpi.objects.locations import stamp
from ocpi.services.publishing.locations import (
    refresh_chargers,
    refresh_location,
    sweep_locations,
)
from ocpi.services.publishing.tariffs import refresh_tariffs
from ocpi.tests.calling import Caller, code, data
from ocpi.tests.field import make_site
from ocpi.tests.objects import Location as LocationModel
from ocpi.tests.objects import check
from ocpi.tests.partners import connect_partner
from unievp.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(partner):
    return make_site()


def only(call):
    (location,) = data(call.get("locations"))
    return check(LocationModel, location)


def evse_of(call, index=0):
    return only(call)["evses"][index]


def test_each_connector_is_its_own_evse(call, site):
    location = only(call)
    assert location["country_code"] == "ID"
    assert location["coordinates"] == {"latitude": "-6.2087634", "longitude": "106.845599"}
    one, two = location["evses"]
    assert [evse["connectors"][0]["id"] for evse in (one, two)] == ["1", "2"]
    assert one["uid"] != two["uid"]
    assert one["status"] == "AVAILABLE"
    assert one["connectors"][0]["max_voltage"] == 230
    assert one["connectors"][0]["format"] == "SOCKET"
    assert one["connectors"][0]["max_electric_power"] == 22_000
    party = location["party_id"]
    assert one["evse_id"].startswith(f"ID*{party}*E")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Available", "AVAILABLE"),
        ("Preparing", "CHARGING"),
        ("Charging", "CHARGING"),
        ("SuspendedEV", "CHARGING"),
        ("SuspendedEVSE", "CHARGING"),
        ("Finishing", "CHARGING"),
        ("Reserved", "RESERVED"),
        ("Unavailable", "INOPERATIVE"),
        ("Faulted", "OUTOFORDER"),
        ("Unknown", "UNKNOWN"),
    ],
)
def test_status_of_the_charger_in_words_of_ocpi(call, site, said, status):
    Connector.objects.filter(charger=site, number=1).update(status=said)
    refresh_chargers([site.pk])
    assert evse_of(call)["status"] == status
    assert evse_of(call, 1)["status"] == "AVAILABLE"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"status": "Faulted", "status_at": clock.now()}, "OUTOFORDER"),
        ({"status": "Unavailable", "status_at": clock.now()}, "INOPERATIVE"),
        ({"status": "Unavailable", "status_at": None}, "AVAILABLE"),
        ({"forced_status": "Unavailable"}, "INOPERATIVE"),
        ({"registration": "Pending"}, "PLANNED"),
        ({"retired_at": clock.now()}, "REMOVED"),
    ],
)
def test_word_of_the_whole_charger_comes_first(call, site, values, status):
    Charger.objects.filter(pk=site.pk).update(**values)
    refresh_chargers([site.pk])
    assert {evse["status"] for evse in only(call)["evses"]} == {status}


def test_offline_charger_is_unknown(call, site):
    Presence.objects.filter(charger=site).update(online=False)
    refresh_chargers([site.pk])
    assert evse_of(call)["status"] == "UNKNOWN"


def test_change_of_one_connector_moves_its_evse_and_its_location_only(call, site):
    old = "2020-01-01T00:00:00Z"
    row = PublishedLocation.objects.get()
    before = only(call)["last_updated"]
    row.body, row.last_updated = row.body.replace(before, old), old
    row.save()
    Connector.objects.filter(charger=site, number=2).update(status="Charging")
    refresh_chargers([site.pk])
    location = only(call)
    one, two = location["evses"]
    assert location["last_updated"] > old
    assert two["last_updated"] == location["last_updated"]
    assert (one["last_updated"], one["connectors"][0]["last_updated"]) == (old, old)
    # The connector itself is as it was.
    assert two["connectors"][0]["last_updated"] == old
    row.refresh_from_db()
    assert clock.isoformat_z(row.last_updated) == location["last_updated"]


def test_nothing_moves_when_nothing_changed(call, site):
    before = PublishedLocation.objects.get().body
    assert refresh_location(site.location_id) is False
    assert PublishedLocation.objects.get().body == before


@pytest.mark.parametrize(
    "change",
    [
        lambda site: Location.objects.update(name="Other"),
        lambda site: TariffAssignment.objects.all().delete(),
        lambda site: Connector.objects.filter(number=1).update(max_power_w=7_400),
        lambda site: PublishedLocation.objects.update(facilities=["WIFI"]),
        lambda site: ConfigurationKey.objects.create(
            charger=site,
            key="SupportedFeatureProfiles",
            value="Core, Reservation",
            read_at=clock.now(),
        ),
    ],
)
def test_any_change_inside_is_found_by_the_sweep(call, site, change):
    PublishedLocation.objects.update(last_updated="2020-01-01T00:00Z", checked_at=None)
    change(site)
    assert sweep_locations() == 1
    since = clock.isoformat_z(clock.now() - timedelta(minutes=1))
    assert len(data(call.get("locations", date_from=since))) == 1
    only(call)


def test_removed_connector_stays_as_removed(call, site):
    gone = evse_of(call, 1)["uid"]
    Connector.objects.filter(charger=site, number=2).delete()
    refresh_chargers([site.pk])
    evse = evse_of(call, 1)
    assert (evse["uid"], evse["status"]) == (gone, "REMOVED")
    body = PublishedLocation.objects.get().body
    refresh_chargers([site.pk])
    assert PublishedLocation.objects.get().body == body


def test_location_without_an_address_waits_and_says_what_is_missing(call, partner):
    location = make_location(make_site().cpo)
    refresh_location(location.pk)
    row = PublishedLocation.objects.get(location=location)
    assert row.missing == "address, city, latitude, longitude"
    assert len(data(call.get("locations"))) == 1


def test_location_that_is_hidden_takes_its_evses_back(call, site):
    PublishedLocation.objects.update(is_published=False)
    refresh_location(site.location_id)
    location = only(call)
    assert location["publish"] is False
    assert {evse["status"] for evse in location["evses"]} == {"REMOVED"}


def test_hours_and_pictures_are_told(call, site):
    row = PublishedLocation.objects.get()
    assert only(call)["opening_times"] == {"twentyfourseven": True}
    OpeningHours.objects.create(location=row, weekday=1, opens_at=time(8), closes_at=time(22, 30))
    OpeningHours.objects.create(location=row, weekday=2, opens_at=time(8), closes_at=time(0))
    ExceptionalHours.objects.create(
        location=row, begins_at="2026-12-25T00:00Z", ends_at="2026-12-26T00:00Z"
    )
    LocationImage.objects.create(location=row, url="https://img.example/a.jpg")
    refresh_location(site.location_id)
    location = only(call)
    assert location["opening_times"] == {
        "twentyfourseven": False,
        "regular_hours": [
            {"weekday": 1, "period_begin": "08:00", "period_end": "22:30"},
            {"weekday": 2, "period_begin": "08:00", "period_end": "23:59"},
        ],
        "exceptional_closings": [
            {"period_begin": "2026-12-25T00:00:00Z", "period_end": "2026-12-26T00:00:00Z"}
        ],
    }
    assert location["images"][0]["category"] == "LOCATION"


def test_long_address_is_cut_at_a_word_and_told_whole_beside(call, partner):
    address = "Jalan Jenderal Gatot Subroto Kavling 52-53, Gedung Parkir Lantai 2"
    make_site(address=address)
    location = only(call)
    assert location["address"] == "Jalan Jenderal Gatot Subroto Kavling 52-53"
    assert location["directions"] == [{"language": "id", "text": address}]


def test_objects_inside_have_addresses_of_their_own(call, site):
    location = only(call)
    evse = location["evses"][0]
    assert data(call.get(f"locations/{location['id']}")) == location
    assert data(call.get(f"locations/{location['id'].lower()}/{evse['uid']}")) == evse
    path = f"locations/{location['id']}/{evse['uid']}/1/"
    assert data(call.get(path)) == evse["connectors"][0]


@pytest.mark.parametrize("path", ["L0", "L999999999", "nonsense", "Lx", "L²"])
def test_unknown_location_is_404(call, site, path):
    assert code(call.get(f"locations/{path}")) == (404, 2003)


def test_unknown_evse_and_connector_are_404(call, site):
    location = only(call)
    assert code(call.get(f"locations/{location['id']}/none")) == (404, 2003)
    uid = location["evses"][0]["uid"]
    assert code(call.get(f"locations/{location['id']}/{uid}/9")) == (404, 2003)


def test_pages_carry_three_headers_and_follow_each_other(call, partner, settings):
    settings.OCPI_PAGE_LIMIT = 2
    cpo = make_cpo()
    ids = [f"L{make_site(cpo=cpo, connectors=1).location_id}" for _ in range(5)]
    seen, path = [], "/ocpi/cpo/2.2.1/locations?limit=50&date_from=2020-01-01T00:00:00Z"
    for _ in range(3):
        response = call.send("GET", path)
        assert response.headers["X-Total-Count"] == "5"
        assert response.headers["X-Limit"] == "2"
        seen += [one["id"] for one in data(response)]
        link = response.headers.get("Link", "")
        if not link:
            break
        address, _sep, relation = link.partition("; ")
        assert relation == 'rel="next"'
        assert "date_from=2020-01-01T00%3A00%3A00Z" in address
        path = address.strip("<>").removeprefix("https://uniev.example")
    assert seen == ids
    assert link == ""


def test_nobody_misses_a_row_while_rows_change(call, partner, settings):
    """All of one second, and some of a page that was read leave the window before the next."""
    settings.OCPI_PAGE_LIMIT = 2
    cpo = make_cpo()
    ids = [make_site(cpo=cpo, connectors=1).location_id for _ in range(5)]
    moment = clock.now().replace(microsecond=0)
    PublishedLocation.objects.update(last_updated=moment)
    until = clock.isoformat_z(moment + timedelta(minutes=1))
    first = call.get("locations", date_to=until)
    PublishedLocation.objects.filter(location_id__in=ids[:2]).update(
        last_updated=moment + timedelta(hours=1)
    )
    path = first.headers["Link"].partition(">")[0].removeprefix("<https://uniev.example")
    second = call.send("GET", path)
    path = second.headers["Link"].partition(">")[0].removeprefix("<https://uniev.example")
    last = call.send("GET", path)
    seen = [one["id"] for page in (first, second, last) for one in data(page)]
    assert seen == [f"L{pk}" for pk in ids]
    assert "Link" not in last.headers


def test_window_is_from_inclusive_to_exclusive(call, site):
    moment = clock.isoformat_z(PublishedLocation.objects.get().last_updated)
    assert len(data(call.get("locations", date_from=moment))) == 1
    assert data(call.get("locations", date_to=moment)) == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "x"},
        {"offset": "-1"},
        {"offset": "0" * 20 + "9" * 20},
        {"date_from": "yesterday"},
    ],
)
def test_nonsense_in_the_query_is_2001(call, site, query):
    assert code(call.get("locations", **query)) == (200, 2001)


def test_partner_of_one_company_sees_no_other(peer, site):
    rival = make_site()
    mine = connect_partner(peer, cpo=site.cpo, party=("DE", "ABC"))
    caller = Caller(mine.access_token)
    assert [one["id"] for one in data(caller.get("locations"))] == [f"L{site.location_id}"]
    assert code(caller.get(f"locations/L{rival.location_id}")) == (404, 2003)
    assert {one["party_id"] for one in data(caller.get("tariffs"))} == {
        site.cpo.ocpi_parties.get().party_id
    }


def test_party_is_picked_by_the_routing_headers(call, site):
    other = make_site()
    party = other.cpo.ocpi_parties.get()
    headers = {
        "OCPI-to-country-code": "id",
        "OCPI-to-party-id": party.party_id.lower(),
        "OCPI-from-country-code": "NL",
        "OCPI-from-party-id": "TNM",
    }
    response = call.send("GET", "locations", headers=headers)
    assert [one["id"] for one in data(response)] == [f"L{other.location_id}"]
    assert response.headers["OCPI-from-party-id"] == party.party_id.lower()
    assert response.headers["OCPI-to-party-id"] == "TNM"
    headers["OCPI-to-party-id"] = "ZZZ"
    assert code(call.send("GET", "locations", headers=headers)) == (404, 2000)


def test_suspended_company_is_seen_no_more(call, site):
    CPO.objects.filter(pk=site.cpo_id).update(status=CPOStatus.SUSPENDED)
    assert data(call.get("locations")) == []


def test_page_of_locations_takes_few_queries(call, partner):
    cpo = make_cpo()
    for _ in range(3):
        make_site(cpo=cpo, connectors=1)
    with CaptureQueriesContext(connection) as queries:
        data(call.get("locations"))
    assert len(queries) <= 8


def test_refresh_of_a_large_site_takes_few_queries(site):
    for _ in range(6):
        make_charger(location=site.location)
    refresh_location(site.location_id)
    with CaptureQueriesContext(connection) as few:
        refresh_location(site.location_id)
    assert len(few) <= 16


def test_stamp_keeps_what_did_not_change():
    now = clock.now()
    new = {"a": 1, "evses": [{"uid": "1", "status": "AVAILABLE", "connectors": [{"id": "1"}]}]}
    first = stamp(new, {}, now)
    assert stamp(new, first, now + timedelta(hours=1)) == first


def test_tariff_that_nobody_sells_is_removed(call, site):
    assert len(data(call.get("tariffs"))) == 1
    TariffAssignment.objects.all().delete()
    refresh_location(site.location_id)
    assert refresh_tariffs() == 1
    assert data(call.get("tariffs")) == []
    assert PublishedTariff.objects.get().removed_at is not None
    assert refresh_tariffs() == 0
