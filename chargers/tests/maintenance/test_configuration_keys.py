"""What is known of the standard's keys: types, limits, equality, secrets."""

import pytest

from chargers.configuration_keys import fault_of, is_secret, same_value


@pytest.mark.proves("client 6")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("HeartbeatInterval", "abc"),
        ("heartbeatinterval", "0"),
        ("HeartbeatInterval", "1"),
        ("HeartbeatInterval", "-60"),
        ("HeartbeatInterval", ""),
        ("HeartbeatInterval", "60.5"),
        ("HeartbeatInterval", "٦٠"),
        ("LocalPreAuthorize", "yes"),
        ("LightIntensity", "101"),
        ("ChargingScheduleAllowedChargingRateUnit", "Amps"),
        ("MeterValueSampleInterval", "99999999999999999999"),
    ],
)
def test_value_that_would_ruin_a_charger_is_named(key, value):
    fault = fault_of(key, value)
    assert (fault.field, fault.final) == ("value", False)
    assert str(fault.text).startswith(key)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("HeartbeatInterval", "300"),
        ("MeterValueSampleInterval", "0"),
        ("LocalPreAuthorize", "TRUE"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,SoC"),
        ("ChargingScheduleAllowedChargingRateUnit", "Current, Power"),
        ("VendorSpecial", "anything at all"),
    ],
)
def test_sound_value_passes(key, value):
    assert fault_of(key, value) is None


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("AuthorizationKey", "x", "key"),
        ("securityprofile", "2", "key"),
        ("WifiPassword", "x", "key"),
        ("", "x", "key"),
        ("K" * 51, "x", "key"),
        ("Free", "x" * 501, "value"),
    ],
)
def test_no_insistence_helps_here(key, value, field):
    fault = fault_of(key, value)
    assert (fault.field, fault.final) == (field, True)


@pytest.mark.parametrize(
    ("key", "left", "right", "same"),
    [
        ("HeartbeatInterval", "60", " 060 ", True),
        ("HeartbeatInterval", "60", "60.0", True),
        ("HeartbeatInterval", "60", "61", False),
        ("LocalPreAuthorize", "true", "TRUE", True),
        ("LocalPreAuthorize", "true", "false", False),
        ("MeterValuesSampledData", "SoC, Voltage", "Voltage,SoC", True),
        ("MeterValuesSampledData", "SoC", "SoC,Voltage", False),
        ("VendorList", "a,b", "b,a", True),
        ("VendorName", "abc", "ABC", False),
        ("VendorName", "", "", True),
        ("VendorName", "NaN", "nan", False),
    ],
)
def test_values_are_compared_by_what_they_mean(key, left, right, same):
    assert same_value(key, left, right) is same


@pytest.mark.parametrize(
    "key", ["AuthorizationKey", "Wifi_Password", "admin.passwd", "API-Key", "ClientSecret"]
)
def test_password_like_keys_are_secret(key):
    assert is_secret(key)
    assert not is_secret("HeartbeatInterval")
