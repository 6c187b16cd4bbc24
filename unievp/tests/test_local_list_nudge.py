"""A token that changed nudges the local lists of its company's chargers."""

from __future__ import annotations

import pytest

from chargers.events import IdTokensChanged
from chargers.models import Command, LocalList, Presence
from chargers.services.id_tokens import managing
from chargers.tests.factories import make_charger
from unievp import subscriptions
from unievp.lib import clock

pytestmark = pytest.mark.django_db


def test_change_of_a_token_reaches_the_list_by_its_event(monkeypatch):
    charger = make_charger()
    Presence.objects.create(charger=charger, online=True)
    LocalList.objects.create(
        charger=charger, kept=True, state="current", whole=False, reported_at=clock.now()
    )
    asked = []
    task = subscriptions.charger_tasks.sync_local_lists
    monkeypatch.setattr(task, "apply_async", lambda args, **_: asked.append(args))
    managing.create_token(charger.cpo, token="B1", actor="ops")
    changed = IdTokensChanged(charger.cpo_id)
    subscriptions.sync_local_lists([changed, changed])
    assert asked == [(str(charger.cpo_id),)]
    assert task(*asked[0]) == 1
    assert Command.objects.get(charger=charger).payload == {
        "listVersion": 1,
        "localAuthorizationList": [{"idTag": "B1", "idTagInfo": {"status": "Accepted"}}],
        "updateType": "Differential",
    }
