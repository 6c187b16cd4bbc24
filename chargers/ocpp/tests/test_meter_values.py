import json
from datetime import UTC, datetime
from pathlib import Path

import ocpp
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.ocpp.times import Clock
from chargers.ocpp.v16.measurands import MEASURANDS
from chargers.ocpp.v16.meter_values import content_hash, read_meter_values, read_samples

RECEIVED = datetime(2026, 2, 1, 12, 0, 0, tzinfo=UTC)
CLOCK = Clock(RECEIVED)


REGISTER = "Energy.Active.Import.Register"
MEASURAND_ENUM = Path(ocpp.__file__).parent / "v16" / "schemas" / "MeterValues.json"


def sample(value, measurand=None, unit=None, **more):
    fields = {"value": value, "measurand": measurand, "unit": unit, **more}
    return {name: field for name, field in fields.items() if field is not None}


def columns(*samples):
    return read_samples(samples).columns


@pytest.mark.proves("own 12", "quirk 16", "pain 36", "MeterValues")
@pytest.mark.parametrize(
    ("given_sample", "column", "value"),
    [
        (sample("1234"), "energy_wh", 1234),
        (sample("1234.5", "Energy.Active.Import.Register"), "energy_wh", 1235),
        (sample("108.09", "Energy.Active.Import.Register", "kWh"), "energy_wh", 108_090),
        (sample("4296944685", None, "Wh"), "energy_wh", 4_296_944_685),
        (sample("12,5", "Energy.Active.Import.Register", "kWh"), "energy_wh", 12_500),
        (sample(7.5, "Energy.Active.Import.Register", "kWh"), "energy_wh", 7_500),
        (sample("250", "Energy.Active.Import.Interval", "Wh"), "interval_wh", 250),
        (sample("11000", "Power.Active.Import", "W"), "power_w", 11_000),
        (sample("11", "Power.Active.Import", "kW"), "power_w", 11_000),
        (sample("-3.5", "Power.Active.Import", "kW"), "power_w", -3_500),
        (sample("11", "Power.Active.Import", "kWh"), "power_w", 11_000),
        (sample("16", "Current.Import", "A"), "current_ma", 16_000),
        (sample("16", "Current.import", "A"), "current_ma", 16_000),
        (sample("15.630", None, "A"), "current_ma", 15_630),
        (sample("230.4", "Voltage", "V"), "voltage_mv", 230_400),
        (sample("55", "SoC", "Percent"), "soc_percent", 55),
        (sample("55.4", "SoC"), "soc_percent", 55),
        (sample("21.5", "Temperature", "Celsius"), "temperature_mc", 21_500),
        (sample("21.5", "Temperature", "Celcius"), "temperature_mc", 21_500),
        (sample("300.15", "Temperature", "K"), "temperature_mc", 27_000),
        (sample("212", "Temperature", "Fahrenheit"), "temperature_mc", 100_000),
    ],
)
def test_units_become_base_units(given_sample, column, value):
    assert columns(given_sample) == {column: value}


@pytest.mark.parametrize(
    "given_sample",
    [
        sample("49.97", "Frequency", "Hz"),
        sample("1", "Vendor.Something"),
        sample("OCMF|{...}", "Energy.Active.Import.Register", "Wh", format="SignedData"),
        sample("16", "Current.Import", "A", phase="N"),
        sample("400", "Voltage", "V", phase="L1-L2"),
        sample("5", "Energy.Active.Export.Register", "Wh"),
    ],
)
def test_other_measurands_stay_in_the_samples_without_a_doubt(given_sample):
    assert read_samples([given_sample])[:2] == ({}, [])


@pytest.mark.proves("quirk 16", "pain 57")
@pytest.mark.parametrize(
    ("given_sample", "note"),
    [
        (sample("x"), "energy_wh: unreadable value"),
        (sample(""), "energy_wh: unreadable value"),
        (sample("NaN"), "energy_wh: unreadable value"),
        (sample("1e400"), "energy_wh: unreadable value"),
        (sample("1_000"), "energy_wh: unreadable value"),
        (sample(True), "energy_wh: unreadable value"),
        (sample({"a": 1}), "energy_wh: unreadable value"),
        ({}, "energy_wh: unreadable value"),
        (sample("-5"), "energy_wh: impossible value"),
        (sample("10000000000000000"), "energy_wh: impossible value"),
        (sample("101", "SoC"), "soc_percent: impossible value"),
        (sample("9999999", "Power.Active.Import", "kW"), "power_w: impossible value"),
        (sample("5", "Voltage", "furlong"), "voltage_mv: unknown unit furlong"),
        (sample("5", ["Voltage"]), "sample is not made of words"),
        (sample("5", 7), "sample is not made of words"),
    ],
)
def test_what_cannot_be_used_is_named(given_sample, note):
    assert read_samples([given_sample])[:2] == ({}, [note])


@pytest.mark.proves("quirk 19", "pain 36")
def test_phases_are_summed_only_without_a_total():
    phases = [sample(str(n), "Power.Active.Import", "W", phase=f"L{n}") for n in (1, 2, 3)]
    assert columns(*phases) == {"power_w": 6}
    assert columns(*phases, sample("7", "Power.Active.Import", "W")) == {"power_w": 7}
    energy = [sample(str(n), None, "kWh", phase=f"L{n}") for n in (1, 2, 3)]
    assert columns(*energy) == {"energy_wh": 6000}


def test_of_currents_the_highest_counts_and_of_voltages_the_mean():
    currents = [sample(str(n), "Current.Import", "A", phase=f"L{n}") for n in (1, 3, 2)]
    voltages = [sample(str(230 + n), "Voltage", "V", phase=f"L{n}-N") for n in (1, 2, 3)]
    assert columns(*currents, *voltages) == {"current_ma": 3000, "voltage_mv": 232_000}


@pytest.mark.proves("quirk 18")
def test_the_settled_context_wins_in_any_order():
    begin = sample("100", context="Transaction.Begin")
    periodic = sample("200", context="Sample.Periodic")
    end = sample("300", context="Transaction.End")
    strange = sample("400", context="CurrentMax")
    assert columns(begin, periodic) == columns(periodic, begin) == {"energy_wh": 200}
    assert columns(end, periodic, begin) == {"energy_wh": 300}
    assert columns(strange, begin) == {"energy_wh": 100}


def test_the_outlet_wins_over_the_inlet():
    inlet = sample("900", location="Inlet")
    outlet = sample("850", location="Outlet")
    assert columns(inlet, outlet) == {"energy_wh": 850}


def test_one_reading_for_each_timestamp():
    readings = read_meter_values(
        [
            {"timestamp": "2026-02-01T11:00:00Z", "sampledValue": [sample("5")]},
            {"timestamp": "2026-02-01T11:01:00", "sampledValue": [sample("6"), sample("x", "SoC")]},
        ],
        CLOCK,
    )
    assert [reading.energy_wh for reading in readings] == [5, 6]
    assert readings[0].measured_at == datetime(2026, 2, 1, 11, tzinfo=UTC)
    assert readings[0].adjustments == ()
    assert readings[1].adjustments == ("no offset", "soc_percent: unreadable value")
    assert readings[1].samples == [sample("6"), sample("x", "SoC")]


@pytest.mark.proves("own 12", "MeterValues")
@pytest.mark.parametrize(
    ("given_sample", "measurand", "value", "unit"),
    [
        (sample("2.5", "Current.Export", "A"), "Current.Export", 2500, "mA"),
        (sample("16", "Current.Offered", "A"), "Current.Offered", 16_000, "mA"),
        (sample("1.5", "Energy.Active.Export.Register", "kWh"), None, 1500, "Wh"),
        (sample("7", "Energy.Active.Export.Interval"), None, 7, "Wh"),
        (sample("3", "Energy.Reactive.Import.Register", "kvarh"), None, 3000, "varh"),
        (sample("3", "Energy.Reactive.Export.Register", "varh"), None, 3, "varh"),
        (sample("4", "Energy.Reactive.Import.Interval", "varh"), None, 4, "varh"),
        (sample("4", "Energy.Reactive.Export.Interval", "kvarh"), None, 4000, "varh"),
        (sample("50", "Frequency", "Hertz"), "Frequency", "50", "Hz"),
        (sample("49.97", "frequency"), "Frequency", "49.97", "Hz"),
        (sample("1.2", "Power.Active.Export", "kW"), None, 1200, "W"),
        (sample("22", "Power.Offered", "kW"), None, 22_000, "W"),
        (sample("0.98", "Power.Factor"), "Power.Factor", "0.98", None),
        (sample("98", "Power.Factor", "Percent"), "Power.Factor", "0.98", None),
        (sample("1.5", "Power.Reactive.Import", "kvar"), None, 1500, "var"),
        (sample("2", "Power.Reactive.Export", "VAr"), None, 2, "var"),
        (sample("1400", "RPM"), "RPM", "1400", "RPM"),
        (sample("12", None, "kvar"), "Power.Reactive.Import", 12_000, "var"),
        (sample("50.1", None, "Hz"), "Frequency", "50.1", "Hz"),
        (sample("9", "Energy.Active.Import.Interval", context="Sample.Clock"), None, 9, "Wh"),
        (sample("400", "Voltage", "V", phase="L1-L2"), None, 400_000, "mV"),
    ],
)
def test_what_has_no_column_is_kept_in_base_units_with_its_own_words(
    given_sample, measurand, value, unit
):
    columns, notes, (other,) = read_samples([given_sample])
    assert (columns, notes) == ({}, [])
    assert other["measurand"] == (measurand or given_sample["measurand"])
    assert (other["value"], other.get("unit")) == (value, unit)
    assert other["raw"] == given_sample["value"]
    assert other.get("raw_unit") == given_sample.get("unit")
    assert other.get("phase") == given_sample.get("phase")


def test_all_22_measurands_are_known():
    known = {name for name in MEASURANDS if "Apparent" not in name and "Net" not in name}
    schema = json.loads(MEASURAND_ENUM.read_text("utf-8-sig"))
    value = schema["properties"]["meterValue"]["items"]["properties"]["sampledValue"]
    assert known == set(value["items"]["properties"]["measurand"]["enum"])
    assert len(known) == 22


@pytest.mark.proves("own 12", "quirk 16")
@pytest.mark.parametrize(
    ("given_sample", "column", "value", "note"),
    [
        (sample("5", REGISTER, "kW"), "energy_wh", 5000, "unit kW taken as kWh"),
        (sample("5", REGISTER, "W"), "energy_wh", 5, "unit W taken as Wh"),
        (sample("7", "Power.Active.Import", "Wh"), "power_w", 7, "unit Wh taken as W"),
        (sample("2", REGISTER, "MWh"), "energy_wh", 2_000_000, None),
        (sample("2000", REGISTER, "mWh"), "energy_wh", 2, None),
        (sample("1.5e3", REGISTER, "Wh"), "energy_wh", 1500, None),
        (sample("1500", REGISTER, " WH "), "energy_wh", 1500, None),
        (sample("0.55", "SoC", "Percent"), "soc_percent", 55, "fraction taken as percent"),
        (sample("1", "SoC", "Percent"), "soc_percent", 1, None),
        (
            sample("9", "Energy.Active.Net", "kWh"),
            "energy_wh",
            9000,
            "taken from Energy.Active.Net",
        ),
        (sample("32", "Temperature", "F"), "temperature_mc", 0, None),
    ],
)
def test_mistaken_units_are_taken_by_their_prefix_and_noted(given_sample, column, value, note):
    columns, notes, _ = read_samples([given_sample])
    assert columns == {column: value}
    assert notes == ([f"{column}: {note}"] if note else [])


@pytest.mark.proves("pain 36")
def test_the_energy_of_a_charger_falls_back_from_total_to_phases_to_net():
    phases = [sample("10", REGISTER, phase=phase) for phase in ("L1-N", "L2", "L3-N")]
    between = [sample("99", REGISTER, phase=phase) for phase in ("L1-L2", "L2-L3", "N")]
    net = sample("7", "Energy.Active.Net")
    export = sample("5000", "Energy.Active.Export.Register")
    assert columns(net, *between, *phases, export, sample("31")) == {"energy_wh": 31}
    assert columns(net, *between, *phases, export) == {"energy_wh": 30}
    assert columns(net, *between, export) == {"energy_wh": 7}
    assert columns(*between, export) == {}
    # The same phase under both names is one phase.
    assert columns(*phases, sample("10", REGISTER, phase="L1")) == {"energy_wh": 30}


@pytest.mark.parametrize("form", ["SignedData", "signeddata"])
def test_signed_data_is_kept_verbatim_and_is_never_a_number(form):
    signed = sample("12345", REGISTER, "Wh", format=form, context="Transaction.End")
    assert read_samples([signed]) == ({}, [], [])
    assert read_samples([signed, sample("7")]).columns == {"energy_wh": 7}
    ocmf = sample('OCMF|{"RD":[{"RV":1}]}|{"SD":"30"}', REGISTER, "Wh", format=form)
    value = {"timestamp": "2026-02-01T11:00:00Z", "sampledValue": [ocmf]}
    (reading,) = read_meter_values([value], CLOCK)
    assert (reading.samples, reading.energy_wh, reading.adjustments) == ([ocmf], None, ())


def test_only_so_many_other_values_are_kept():
    many = [sample(str(n), "Frequency") for n in range(500)]
    assert len(read_samples(many).others) == 100


@pytest.mark.proves("quirk 16")
@pytest.mark.parametrize(
    "values",
    [
        None,
        {},
        "x",
        [None],
        [1],
        [{}],
        [{"sampledValue": []}],
        [{"sampledValue": {}}],
        [{"sampledValue": [1, None, "x"]}],
    ],
)
def test_nothing_to_read_is_no_reading(values):
    assert read_meter_values(values, CLOCK) == ()


def test_the_hash_tells_copies_from_others():
    assert content_hash([{"value": "1", "unit": "Wh"}]) == content_hash(
        [{"unit": "Wh", "value": "1"}]
    )
    assert content_hash([{"value": "1"}]) != content_hash([{"value": "2"}])
    assert len(content_hash([])) == 16


words = st.none() | st.text(max_size=12) | st.sampled_from(["Wh", "kWh", "L1", "Voltage", "SoC"])
anything = st.recursive(
    words | st.integers() | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["value", "measurand", "unit", "phase", "location", "context"]),
            anything,
        )
    )
)
def test_any_samples_are_read_into_what_the_columns_hold(samples):
    values, notes, others = read_samples(samples)
    assert all(type(value) is int and abs(value) <= 10**15 for value in values.values())
    assert all(isinstance(note, str) for note in notes)
    orjson.dumps(others)
