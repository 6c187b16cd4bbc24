"""MeterValues move a session's energy forward only (reference §2.12)."""

from __future__ import annotations

import pytest

from chargers.models import (
    BillingStatus,
    ChargingSession,
    MeterReading,
)
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


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def token():
    return make_token("CAFE01")


def the_session() -> ChargingSession:
    return ChargingSession.objects.get()


@pytest.mark.proves("pain 35", "quirk 20")
def test_meter_that_went_back_never_bills_the_register(charger, token):
    answer = send_one(charger, start("CAFE01", meter=5_000_000))
    send_one(charger, meter_values(answer.transaction_id, reading(50, 5_000_700)))
    send_one(charger, stop(answer.transaction_id, meter=4_999_999))
    session = the_session()
    assert (session.energy_wh, session.billing_status) == (700, BillingStatus.HELD)
    assert session.meter_stop_wh == 4_999_999
    assert "below the meter at the start" in session.hold_reason


@pytest.mark.proves("quirk 19", "quirk 20", "pain 34")
def test_lifetime_register_after_a_start_at_zero_is_held(charger, token):
    answer = send_one(charger, start("CAFE01", meter=0))
    send_one(charger, meter_values(answer.transaction_id, reading(50, 81_000_000)))
    assert the_session().energy_wh == 0
    send_one(charger, stop(answer.transaction_id, meter=81_002_000))
    session = the_session()
    assert (session.energy_wh, session.billing_status) == (0, BillingStatus.HELD)


@pytest.mark.proves("pain 34")
def test_energy_moves_forward_only(charger, token):
    answer = send_one(charger, start("CAFE01"))
    seen = []
    for seconds, register in [(10, 1100), (30, 1300), (20, 1200), (40, 1250), (50, 0), (60, 1400)]:
        send_one(charger, meter_values(answer.transaction_id, reading(seconds, register)))
        seen.append(the_session().energy_wh)
    assert seen == [100, 300, 300, 300, 300, 400]
    assert the_session().meter_last_wh == 1400


@pytest.mark.proves("quirk 19")
@pytest.mark.proves("quirk 19")
def test_session_relative_counter_counts_as_it_stands(charger, token):
    answer = send_one(charger, start("CAFE01", meter=5_000_000))
    send_one(charger, meter_values(answer.transaction_id, reading(20, 400)))
    assert (the_session().energy_wh, the_session().meter_last_wh) == (400, 5_000_400)


@pytest.mark.proves("own 13")
@pytest.mark.proves("own 13")
def test_interval_registers_are_summed_once(charger, token):
    answer = send_one(charger, start("CAFE01"))
    for seconds, wh in [(10, 100), (20, 150), (20, 150)]:
        send_one(charger, meter_values(answer.transaction_id, reading(seconds, interval_wh=wh)))
    assert the_session().energy_wh == 250


def test_power_and_charge_are_those_of_the_newest_reading(charger, token):
    answer = send_one(charger, start("CAFE01"))
    number = answer.transaction_id
    send_one(charger, meter_values(number, reading(30, 1300, power_w=7000, soc_percent=50)))
    send_one(charger, meter_values(number, reading(20, 1200, power_w=9000, soc_percent=40)))
    session = the_session()
    assert (session.power_w, session.soc_percent, session.last_reading_at) == (7000, 50, at(30))


@pytest.mark.proves("own 3", "pain 23")
@pytest.mark.parametrize("transaction_id", [None, -1, 0])
def test_values_without_a_usable_id_belong_to_the_session_at_their_connector(
    charger, token, transaction_id
):
    send_one(charger, start("CAFE01", connector=2))
    send_one(charger, meter_values(transaction_id, reading(10, 1200), connector=2))
    send_one(charger, meter_values(transaction_id, reading(10, 900_000), connector=1))
    assert the_session().energy_wh == 200
    assert MeterReading.objects.filter(session_id=the_session().pk).count() == 1


@pytest.mark.proves("own 1", "MeterValues")
def test_same_values_again_are_stored_once(charger, token):
    answer = send_one(charger, start("CAFE01"))
    work = meter_values(answer.transaction_id, reading(10, 1200), reading(20, 1300))
    send_one(charger, work)
    send_one(charger, work)
    assert MeterReading.objects.count() == 2


@pytest.mark.proves("own 5", "pain 38", "quirk 21")
def test_values_after_the_stop_attach_and_do_not_reopen(charger, token):
    answer = send_one(charger, start("CAFE01"))
    send_one(charger, stop(answer.transaction_id))
    send_one(charger, meter_values(answer.transaction_id, reading(99, 5000)))
    session = the_session()
    assert (session.status, session.energy_wh) == ("ended", 2000)
    assert MeterReading.objects.get().session_id == session.pk


@pytest.mark.proves("own 13")
def test_intervals_stand_in_only_where_no_register_moves(charger, token):
    answer = send_one(charger, start(token, meter=1000))
    both = reading(30, 1400, interval_wh=900)
    send_one(charger, meter_values(answer.transaction_id, both))
    session = ChargingSession.objects.get()
    assert (session.energy_wh, session.interval_energy_wh) == (400, 900)
    send_one(charger, meter_values(answer.transaction_id, reading(60, interval_wh=900)))
    assert ChargingSession.objects.get().energy_wh == 400


def test_a_register_of_the_session_outweighs_the_meter_at_the_start(charger, token):
    answer = send_one(charger, start(token, meter=1000))
    send_one(charger, meter_values(answer.transaction_id, reading(60, 1500, counts_session=True)))
    assert ChargingSession.objects.get().energy_wh == 1500


def test_values_without_a_column_are_stored_beside_the_samples(charger):
    other = {"measurand": "Frequency", "value": "49.97", "unit": "Hz", "raw": "49.97"}
    send_one(charger, meter_values(None, reading(60, 5, others=(other,))))
    assert MeterReading.objects.get().others == [other]
