from random import Random

import pytest

from simulator.car import FULL, MODELS, WS_PER_WH, Car, CarModel
from simulator.meter import (
    AC_MEASURANDS,
    DC_MEASURANDS,
    ENERGY,
    EnergyRegister,
    Measurement,
    sample,
)

THREE_PHASE = CarModel("Test 3", 60_000, 150_000, 3, 16)
SINGLE_PHASE = CarModel("Test 1", 30_000, 0, 1, 32)


def car(model=THREE_PHASE, soc=500, target=FULL):
    return Car(model, model.battery_wh * WS_PER_WH * soc // FULL, target)


def test_an_ac_car_takes_what_its_phases_and_current_allow():
    assert car().accepts(22_000, dc=False) == 3 * 16 * 230
    assert car(SINGLE_PHASE).accepts(22_000, dc=False) == 32 * 230


def test_an_ac_car_pauses_below_six_amperes_per_phase():
    assert car().accepts(3 * 6 * 230 - 1, dc=False) == 0
    assert car().accepts(3 * 6 * 230, dc=False) == 3 * 6 * 230


def test_dc_power_falls_above_half_and_again_above_eighty_percent():
    powers = [car(soc=soc).accepts(150_000, dc=True) for soc in (300, 500, 700, 800, 900, 990)]
    assert powers[0] == powers[1] == 150_000
    assert powers[1] > powers[2] > powers[3] > powers[4] > powers[5] > 0
    assert powers[4] < 150_000 * 3 // 10


def test_a_car_at_its_target_takes_nothing():
    assert car(soc=800, target=800).accepts(150_000, dc=True) == 0


def test_the_meter_counts_more_than_the_battery_gains():
    one = car()
    before = one.stored_ws
    counted = one.charge(11_040, 60_000, dc=False)
    assert counted == 11_040 * 60
    assert one.stored_ws - before == counted * 920 // 1000


def test_a_battery_never_holds_more_than_it_can():
    one = car(soc=999)
    one.charge(150_000, 3_600_000, dc=True)
    assert one.soc == FULL
    assert one.stored_ws == one.model.battery_wh * WS_PER_WH


def test_the_same_seed_brings_the_same_car():
    assert Car.arriving(Random(7), dc=True) == Car.arriving(Random(7), dc=True)


def test_no_car_without_a_dc_inlet_comes_to_a_dc_charger():
    models = {Car.arriving(Random(seed), dc=True).model.name for seed in range(200)}
    assert models == {model.name for model in MODELS if model.max_dc_w}


def test_a_register_shows_whole_watt_hours_and_loses_no_watt_second():
    register = EnergyRegister()
    for _ in range(7200):
        register.add(1)
    assert register.wh == 2
    register.add(3599)
    assert register.wh == 2
    register.add(1)
    assert register.wh == 3


def test_a_register_does_not_run_backwards():
    with pytest.raises(ValueError, match="backwards"):
        EnergyRegister(5).add(-1)


def test_an_ac_sample_has_eight_values_on_three_phases():
    values = sample(Measurement(1234, 11_040, 22_000, 3), AC_MEASURANDS)
    assert [(v["measurand"], v.get("phase"), v["value"], v["unit"]) for v in values] == [
        (ENERGY, None, "1234", "Wh"),
        ("Power.Active.Import", None, "11040", "W"),
        ("Current.Import", "L1", "16.000", "A"),
        ("Current.Import", "L2", "16.000", "A"),
        ("Current.Import", "L3", "16.000", "A"),
        ("Voltage", "L1-N", "230.0", "V"),
        ("Voltage", "L2-N", "230.0", "V"),
        ("Voltage", "L3-N", "230.0", "V"),
    ]


def test_a_single_phase_car_draws_no_current_on_the_other_phases():
    values = sample(Measurement(0, 7360, 22_000, 1), ["Current.Import"])
    assert [value["value"] for value in values] == ["32.000", "0.000", "0.000"]


def test_a_dc_sample_has_eight_values_with_the_state_of_charge():
    values = sample(Measurement(1, 60_000, 120_000, 0, soc=425), DC_MEASURANDS)
    assert len(values) == 8
    (soc,) = [value for value in values if value["measurand"] == "SoC"]
    assert soc == {"value": "42.5", "measurand": "SoC", "unit": "Percent", "location": "EV"}


def test_a_context_is_named_on_every_value_and_left_out_when_periodic():
    seen = Measurement(1, 0, 22_000, 3)
    assert {value["context"] for value in sample(seen, AC_MEASURANDS, "Trigger")} == {"Trigger"}
    assert not any("context" in value for value in sample(seen, AC_MEASURANDS))
