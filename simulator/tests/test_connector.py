from datetime import UTC, datetime

import pytest

from simulator.car import FULL, WS_PER_WH, Car, CarModel
from simulator.connector import Connector, Transaction, TransitionError
from simulator.meter import EnergyRegister

MODEL = CarModel("Test", 50_000, 100_000, 3, 16)
HOUR_MS = 3_600_000


def charging(soc=200, target=FULL, **fields):
    connector = Connector(1, 22_000, register=EnergyRegister(1000 * WS_PER_WH), **fields)
    connector.car = Car(MODEL, MODEL.battery_wh * WS_PER_WH * soc // FULL, target)
    connector.begin(Transaction(1, "TAG", datetime.now(UTC), connector.register.wh), 0)
    return connector


def test_energy_flows_only_while_a_transaction_runs():
    connector = charging()
    connector.advance(HOUR_MS)
    assert connector.register.wh == 1000 + 11_040
    connector.end(HOUR_MS)
    connector.advance(5 * HOUR_MS)
    assert connector.register.wh == 1000 + 11_040


def test_energy_is_the_same_however_often_it_is_looked_at():
    seldom, often = charging(), charging()
    seldom.advance(HOUR_MS)
    for now in range(0, HOUR_MS + 1, 10_000):
        often.advance(now)
    assert often.register.ws == seldom.register.ws


def test_a_full_car_suspends_and_the_register_rests():
    connector = charging(soc=799, target=800)
    connector.advance(HOUR_MS)
    assert connector.charging_status() == "SuspendedEV"
    rest = connector.register.ws
    connector.advance(2 * HOUR_MS)
    assert connector.register.ws == rest


def test_too_low_a_limit_suspends_by_the_charger():
    connector = charging(ceiling=lambda: 1000)
    connector.advance(HOUR_MS)
    assert connector.charging_status() == "SuspendedEVSE"
    assert connector.register.wh == 1000


def test_a_limit_is_the_power_that_flows():
    connector = charging(ceiling=lambda: 6000)
    connector.advance(HOUR_MS)
    assert connector.power_w == 6000
    assert connector.register.wh == 7000


@pytest.mark.parametrize(
    ("old", "new"),
    [("Available", "Finishing"), ("Finishing", "Charging"), ("Preparing", "Reserved")],
)
def test_a_change_the_specification_does_not_know_is_refused(old, new):
    connector = Connector(1, 22_000, status=old)
    with pytest.raises(TransitionError):
        connector.move(new)
    assert connector.status == old


def test_the_same_status_is_no_change():
    assert Connector(1, 22_000).move("Available") is False


def test_the_first_reason_to_stop_is_kept():
    connector = charging()
    connector.request_stop("Remote")
    connector.request_stop("UnlockCommand")
    assert connector.stop_reason == "Remote"


def test_a_connector_taken_out_of_service_rests_unavailable():
    connector = Connector(1, 22_000)
    connector.operative = False
    assert connector.resting_status == "Unavailable"
    assert not connector.free
