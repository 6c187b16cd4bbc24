"""The public list of locations: off unless wanted, cacheable, and of verified companies alone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cpo.access import Right
from cpo.models import AuditEntry, CPOStatus, Role
from ocpi.models import Party, PublishedLocation, PublishedTariff
from ocpi.services.open_data import publish_to_everybody
from ocpi.services.publishing.locations import sweep_locations
from ocpi.services.publishing.tariffs import refresh_tariffs
from ocpi.tests.driving import sell
from ocpi.tests.field import make_site
from payments.tests.factories import make_member
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(partner):
    site = make_site()
    sell(site)
    refresh_tariffs()
    sweep_locations()
    return site


@pytest.fixture
def feed(site):
    owner = make_member(site.cpo, Role.OWNER)
    party = publish_to_everybody(site.cpo, wanted=True, actor=owner)
    return f"/open-data/{party.country_code}-{party.party_id}/locations"


def test_nothing_is_public_unless_wanted(client, site):
    party = Party.objects.get(cpo=site.cpo)
    address = f"/open-data/{party.country_code}-{party.party_id}/locations"
    assert client.get(address).status_code == 404
    operator = make_member(site.cpo, Role.OPERATOR)
    with pytest.raises(ForbiddenError) as refusal:
        publish_to_everybody(site.cpo, wanted=True, actor=operator)
    assert refusal.value.code == Right.MANAGE
    assert client.get(address).status_code == 404


def test_everybody_reads_places_and_prices(client, site, feed):
    answer = client.get(feed.lower())
    found = json.loads(answer.content)
    (place,) = found["locations"]
    assert place["id"] == f"L{site.location_id}"
    assert {one["status"] for one in place["evses"]}
    assert found["tariffs"]
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert AuditEntry.objects.filter(action="ocpi_party.open_data").count() == 1


def test_what_has_not_changed_is_not_sent_again(client, site, feed):
    for model in (PublishedLocation, PublishedTariff):
        model.objects.update(last_updated=clock.now() - timedelta(minutes=1))
    etag = client.get(feed)["ETag"]
    again = client.get(feed, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    site.location.published.is_published = False
    site.location.published.save()
    changed = client.get(feed, headers={"If-None-Match": etag})
    assert json.loads(changed.content)["locations"] == []


def test_second_change_within_a_second_is_not_missed(client, site, feed):
    for standing in (site.connectors.get(number=1), site.connectors.get(number=2)):
        now = clock.now().replace(microsecond=0) + timedelta(minutes=1)
        PublishedLocation.objects.update(last_updated=now)
        etag = client.get(feed)["ETag"]
        standing.status = "Charging"
        standing.save()
        sweep_locations(now=clock.now() + timedelta(hours=1))
        PublishedLocation.objects.update(last_updated=now)
        answer = client.get(feed, headers={"If-None-Match": etag})
        assert answer.status_code == 200
        assert "Last-Modified" not in answer
    statuses = [one["status"] for one in json.loads(answer.content)["locations"][0]["evses"]]
    assert statuses == ["CHARGING", "CHARGING"]


def test_sites_of_others_and_unpublished_ones_are_not_in_it(client, site, feed):
    make_site()
    hidden = make_site(cpo=site.cpo)
    hidden.location.published.is_published = False
    hidden.location.published.save()
    # Its body is still the one that partners had.
    assert hidden.location.published.body
    places = json.loads(client.get(feed).content)["locations"]
    assert [one["id"] for one in places] == [f"L{site.location_id}"]


def test_a_suspended_company_is_not_found(client, site, feed):
    site.cpo.status = CPOStatus.SUSPENDED
    site.cpo.save(update_fields=["status"])
    assert client.get(feed).status_code == 404
    assert client.get("/open-data/ID/locations").status_code == 404
    assert client.post(feed).status_code == 405
