"""A large field, and many partners (issue: ≤ 5 s for 10,000 connectors, ≤ 2 s to 20 partners)."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc

import pytest

from chargers.models import Charger, Connector, Location
from chargers.tests.factories import make_location
from ocpi.models import PublishedLocation
from ocpi.services.publishing.locations import refresh_chargers, refresh_location
from ocpi.services.pushing.sending import push_due
from ocpi.services.pushing.sweeping import push_everything
from ocpi.tests.calling import data
from ocpi.tests.field import ADDRESS, make_site
from ocpi.tests.partners import connect_partner
from unievp.lib import clock

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LOCATIONS, PER_LOCATION = 1_000, 10


@pytest.fixture
def large_field(partner):
    """1,000 locations of 10 connectors; their bodies are copies of one that was rendered."""
    site = make_site(connectors=PER_LOCATION)
    body = PublishedLocation.objects.get().body
    places = Location.objects.bulk_create(
        Location(cpo=site.cpo, name=f"Site {n}", **ADDRESS) for n in range(LOCATIONS - 1)
    )
    PublishedLocation.objects.bulk_create(
        PublishedLocation(
            location=place,
            party=site.cpo.ocpi_parties.get(),
            body=body,
            last_updated=clock.now(),
        )
        for place in places
    )


def pull(call, path="/ocpi/cpo/2.2.1/locations"):
    """Every page, as its Link leads to the next; the answers are read and dropped."""
    while path:
        response = call.send("GET", path)
        yield response
        link = response.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("<https://uniev.example")


def test_full_pull_of_ten_thousand_connectors(large_field, call):
    began = time.monotonic()
    pages = [len(response.content) for response in pull(call)]
    took = time.monotonic() - began
    seen = sum(len(one["evses"]) for response in pull(call) for one in data(response))
    assert seen == LOCATIONS * PER_LOCATION
    print(f"{seen} connectors, {sum(pages) / 1e6:.1f} MB in {took:.2f} s")
    assert took <= 5


def test_page_takes_the_same_memory_wherever_it_is(large_field, call):
    peaks = []
    tracemalloc.start()
    for _response in pull(call):
        peaks.append(tracemalloc.get_traced_memory()[1])
        # The test client's answers hold themselves; they are no pages of the server's.
        gc.collect()
        tracemalloc.reset_peak()
    tracemalloc.stop()
    print(f"at most {max(peaks) / 1e6:.0f} MB for a page")
    # The last as the first.
    assert max(peaks[1:]) <= 1.5 * peaks[0], peaks


def test_status_change_reaches_twenty_partners(peer, db):
    site = make_site()
    arrivals: list[float] = []
    began = 0.0

    def note(_request):
        arrivals.append(time.monotonic() - began)
        return 200, {"status_code": 1000}

    for n in range(20):
        partner = connect_partner(peer, party=("NL", f"P{n:02}"), path=f"/p{n}")
        push_everything(partner, actor="test")
    push_due()
    peer.answers["PATCH"] = note
    Connector.objects.filter(charger=site, number=1).update(status="Charging")
    began = time.monotonic()
    refresh_chargers([site.pk])
    assert push_due() == 20
    print(f"median {statistics.median(arrivals):.2f} s, last {max(arrivals):.2f} s")
    assert statistics.median(arrivals) <= 2


def test_large_location_is_rendered_quickly(partner):
    site = make_site(connectors=1)
    place = make_location(site.cpo, **ADDRESS)
    chargers = Charger.objects.bulk_create(
        Charger(cpo=site.cpo, location=place, identity=f"BIG-{n}") for n in range(50)
    )
    Connector.objects.bulk_create(
        Connector(charger=one, number=n) for one in chargers for n in (1, 2, 3, 4)
    )
    refresh_location(place.pk)
    began = time.monotonic()
    refresh_location(place.pk)
    took = time.monotonic() - began
    print(f"200 EVSEs in {took * 1000:.0f} ms")
    assert took <= 1
