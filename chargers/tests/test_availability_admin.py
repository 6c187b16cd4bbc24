"""Uptime on the charger's admin page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from chargers.models import Charger, ConnectorStatusChange, PresenceChange
from chargers.tests.factories import make_charger
from cpo.models import User
from unievp.lib import clock


@pytest.mark.django_db
def test_page_of_a_charger_tells_uptime_and_cause_of_each_connector(client):
    charger = make_charger(connectors=2)
    began = clock.now() - timedelta(days=10)
    Charger.objects.filter(pk=charger.pk).update(created_at=began)
    PresenceChange.objects.create(charger=charger, at=began, online=True)
    for number, status in ((1, "Available"), (2, "Faulted")):
        ConnectorStatusChange.objects.create(
            charger=charger, connector_number=number, status=status,
            reported_at=began, received_at=began,
        )  # fmt: skip
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    url = reverse("admin:chargers_charger_change", args=(charger.pk,))
    text = client.get(url, headers={"Accept-Language": "en"}).content.decode()
    assert "<div>1: 100.00 %</div>" in text
    assert "<div>2: 0.00 % · charger 240:00 h</div>" in text
