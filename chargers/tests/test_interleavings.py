"""Any order of duplicated, delayed and reordered frames of a session ends as the clean order does.

Starts come in any order with everything else of a charger's queue only where the charger had no
answer yet, so the frames speak of the transaction as -1 until their Start was stored.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chargers.models import ChargingSession, MeterReading, OrphanStop
from chargers.tests.factories import (
    at,
    make_charger,
    make_token,
    meter_values,
    reading,
    send_one,
    start,
    stop,
)

pytestmark = pytest.mark.django_db

_READINGS = [(10, 1200), (20, 1350), (30, 1350), (40, 1700)]
_FRAMES = ["start", *range(len(_READINGS)), "stop"]
_ENDED = (
    "status",
    "energy_wh",
    "meter_stop_wh",
    "ended_at",
    "stop_reason",
    "billing_status",
    "hold_reason",
)


def final_state():
    sessions = list(ChargingSession.objects.values(*_ENDED))
    attached = MeterReading.objects.filter(session_id__isnull=False)
    readings = sorted(attached.values_list("measured_at", "energy_wh"))
    return sessions, readings, OrphanStop.objects.filter(session=None).count()


def deliver(charger, frames):
    number = -1
    for clock_s, frame in enumerate(frames):
        moment = at(200) + timedelta(seconds=clock_s)
        if frame == "start":
            answer = send_one(charger, start("A"), received_at=moment)
            number = answer.transaction_id
        elif frame == "stop":
            work = stop(number, meter=1900, seconds=50, id_tag="A", reason="Local")
            send_one(charger, work, received_at=moment)
        else:
            work = meter_values(7, reading(*_READINGS[frame]))
            send_one(charger, work, received_at=moment)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    order=st.permutations(_FRAMES),
    again=st.lists(st.sampled_from(_FRAMES), max_size=6),
    seed=st.randoms(use_true_random=False),
)
def test_any_interleaving_ends_as_the_clean_order(order, again, seed):
    frames = list(order)
    for frame in again:
        # A copy never comes before its original was sent.
        frames.insert(seed.randint(frames.index(frame) + 1, len(frames)), frame)
    with transaction.atomic():
        charger = make_charger()
        make_token("A")
        clean = transaction.savepoint()
        deliver(charger, _FRAMES)
        expected = final_state()
        transaction.savepoint_rollback(clean)
        deliver(charger, frames)
        assert final_state() == expected
        transaction.set_rollback(True)
