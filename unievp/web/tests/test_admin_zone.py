"""The admin speaks in the office's time; nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from chargers.models import ChargingSession
from cpo.models import User
from unievp.web.tests.rows import make_row
from unievp.web.timezones import office_zone


def zone_name(_request):
    return HttpResponse(timezone.get_current_timezone_name())


async def zone_name_async(request):
    return zone_name(request)


@pytest.mark.parametrize(
    ("path", "zone"), [("/admin/", "Asia/Jakarta"), ("/", "UTC"), ("/api/chargers", "UTC")]
)
def test_only_the_admin_is_in_the_offices_zone(rf, path, zone):
    assert office_zone(zone_name)(rf.get(path)).content.decode() == zone


async def test_zone_holds_in_async_requests_too(async_rf):
    response = await office_zone(zone_name_async)(async_rf.get("/admin/"))
    assert response.content == b"Asia/Jakarta"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db
def test_session_times_name_the_zone(client):
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    session = make_row(ChargingSession, started_at=datetime(2026, 3, 9, 19, 30, tzinfo=UTC))
    url = reverse("admin:chargers_chargingsession_change", args=(session.pk,))
    assert "02:30:00 WIB" in client.get(url).content.decode()
