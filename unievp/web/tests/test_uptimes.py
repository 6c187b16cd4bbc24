"""The dashboard's uptime: kept by company, ready before anybody asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chargers.models import Charger, Connector, ConnectorStatusChange, PresenceChange
from chargers.tests.factories import make_charger
from cpo.tests.factories import make_cpo, make_user
from unievp.lib import clock
from unievp.web.analytics.uptimes import USUAL, keep_uptimes, uptime_percent

pytestmark = pytest.mark.django_db


def gone(charger, *, share):
    """Known for ten days, and not connected in this share of them."""
    now = clock.now()
    Charger.objects.filter(pk=charger.pk).update(created_at=now - timedelta(days=20))
    PresenceChange.objects.filter(charger=charger).delete()
    for at, online in ((now - timedelta(days=10), True), (now - timedelta(days=10) * share, False)):
        PresenceChange.objects.create(charger=charger, at=at, online=online)
    Connector.objects.filter(charger=charger).update(status="Available")


def percent(actor, cpo=None):
    until = clock.now()
    return uptime_percent(actor, cpo and cpo.pk, until - USUAL, until)


def known(charger):
    before = clock.now() - timedelta(days=15)
    for connector in charger.connectors.all():
        ConnectorStatusChange.objects.create(
            charger=charger,
            connector_number=connector.number,
            status="Available",
            reported_at=before,
            received_at=before,
        )


@pytest.fixture
def two():
    chargers = make_charger(), make_charger(cpo=make_cpo())
    for charger, share in zip(chargers, (0.5, 0.1), strict=True):
        gone(charger, share=share)
        known(charger)
    return chargers


def test_each_company_has_its_own_and_the_platform_their_sum(two):
    staff = make_user(is_staff=True, is_superuser=True)
    low, high = (float(percent(staff, charger.cpo)) for charger in two)
    assert (low, high) == (pytest.approx(50, abs=0.1), pytest.approx(90, abs=0.1))
    assert float(percent(staff)) == pytest.approx(70, abs=0.1)
    assert percent(make_user()) is None


def test_what_was_kept_is_read_without_a_status(two):
    assert keep_uptimes() == 2
    staff = make_user(is_staff=True, is_superuser=True)
    with CaptureQueriesContext(connection) as queries:
        assert float(percent(staff)) == pytest.approx(70, abs=0.1)
    assert len(queries) == 1


def test_a_company_that_came_since_is_reckoned_at_once(two):
    keep_uptimes()
    late = make_charger(cpo=make_cpo())
    gone(late, share=0.2)
    known(late)
    staff = make_user(is_staff=True, is_superuser=True)
    assert float(percent(staff)) == pytest.approx((50 + 90 + 80) / 3, abs=0.1)
