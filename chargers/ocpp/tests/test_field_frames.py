"""Every shape of the field's frames is answered as it should be, and becomes the right rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from chargers.models import Charger, ChargingSession, Connector, Frame, MeterReading, ModelQuirks
from chargers.ocpp.tests import field_shapes as shapes
from chargers.ocpp.tests.fleet import amake_charger, make_charger
from chargers.ocpp.tests.wire import Wire
from unievp.lib import clock

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
KINDS = {3: "r", 4: "e"}


def play(shape, **fields) -> Charger:
    charger = make_charger("CP1", **fields)
    wire = Wire(charger)
    for text, expected in zip(shape(), shapes.SHAPES[shape], strict=True):
        answers = wire.frame(text)
        got = KINDS[answers[0][0]] if answers else "-"
        assert got == expected, (text, answers)
        if answers:
            # Truncated or not, the id is in the text.
            assert json.dumps(answers[0][1]) in text
    return charger


def only_reading(charger):
    return MeterReading.objects.get(charger_id=charger.pk)


@pytest.mark.django_db
@pytest.mark.proves("client 33", "pain 57", "quirk 23")
@pytest.mark.parametrize("shape", shapes.SHAPES, ids=lambda shape: shape.__name__)
def test_each_make_is_answered(shape):
    charger = play(shape)
    expected = shapes.SHAPES[shape].count("r")
    assert Frame.objects.filter(charger_id=charger.pk, outcome="result").count() == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("client 33")
async def test_every_frame_of_every_make_over_one_socket(server):
    """Whatever they are, in one connection: none ends it, and each answer comes in order."""
    await amake_charger("CP1")
    async with server.charger("CP1") as client:
        for shape, answers in shapes.SHAPES.items():
            for text, expected in zip(shape(), answers, strict=True):
                await client.send(text)
                if expected != "-":
                    frame = await client.receive()
                    assert KINDS[frame[0]] == expected, (text, frame)
        assert await client.call("Heartbeat", {})


@pytest.mark.django_db
def test_abb_counts_the_session_in_a_transaction_and_its_life_outside():
    ModelQuirks.objects.get_or_create(
        name="ABB Terra AC",
        defaults={"vendor_pattern": "ABB*", "energy_register": "session"},
    )
    charger = play(shapes.abb_terra_ac)
    within, outside = MeterReading.objects.filter(charger_id=charger.pk).order_by("energy_wh")
    assert (within.energy_wh, within.power_w, within.voltage_mv) == (1500, 2291, 229_100)
    assert within.adjustments == ["energy_wh: counts the session"]
    assert (outside.energy_wh, outside.adjustments) == (4_500_321, None)
    charger.refresh_from_db()
    assert charger.vendor == "ABB"
    assert charger.connectors.get(number=1).vendor_error_code == "0x0000"


@pytest.mark.django_db
@pytest.mark.proves("quirk 13")
def test_without_a_boot_statuses_of_hours_ago_count_by_their_own_time():
    charger = play(shapes.abb_terra_dc)
    connector = charger.connectors.get(number=1)
    assert connector.status == "Charging"
    assert connector.status_at == datetime(2026, 3, 4, 0, 6, 7, 500_000, tzinfo=UTC)
    reading = only_reading(charger)
    assert (reading.energy_wh, reading.power_w, reading.soc_percent) == (364_208, 19_343, 46)
    assert [other["measurand"] for other in reading.others] == ["Current.Offered"]
    assert reading.others[0]["value"] == 29_900


@pytest.mark.django_db
def test_a_transaction_id_of_64_bits_and_amperes_without_a_measurand():
    charger = play(shapes.alfen_unconfirmed)
    reading = only_reading(charger)
    assert reading.transaction_id == 2**63 - 1
    assert (reading.current_ma, reading.energy_wh) == (15_630, None)
    assert reading.session_id is None


@pytest.mark.django_db
def test_an_old_start_by_a_tag_that_nobody_knows_is_stored():
    charger = play(shapes.alfen)
    session = ChargingSession.objects.get(charger=charger)
    assert (session.started_at, session.meter_start_wh) == (AT, 2_145_278)
    assert (session.id_tag, session.authorization) == ("ACE0001234", "Invalid")


@pytest.mark.django_db
@pytest.mark.proves("quirk 18", "quirk 1", "pain 48")
def test_growatt_means_its_own_zone_and_the_periodic_value():
    ModelQuirks.objects.get_or_create(
        name="Growatt THOR",
        defaults={"vendor_pattern": "Growatt*", "local_time": "without_offset"},
    )
    reading = only_reading(play(shapes.growatt))
    # The location is in Jakarta (WIB, +7).
    assert (reading.measured_at, reading.energy_wh) == (AT, 999)
    assert reading.adjustments == ["no offset: taken as Asia/Jakarta"]


@pytest.mark.django_db
def test_without_a_rule_a_time_without_an_offset_is_utc():
    ModelQuirks.objects.all().delete()
    reading = only_reading(play(shapes.growatt))
    assert reading.measured_at == datetime(2026, 3, 4, 12, 6, 7, tzinfo=UTC)
    assert reading.adjustments == ["no offset"]


@pytest.mark.django_db
@pytest.mark.proves("quirk 16")
def test_units_of_the_field():
    reading = only_reading(play(shapes.huawei))
    assert (reading.energy_wh, reading.power_w) == (12_340, 4_200)
    Charger.objects.all().update(identity="OLD")
    reading = only_reading(play(shapes.hertz))
    assert reading.temperature_mc == 14_000
    assert reading.others == [
        {
            "measurand": "Frequency",
            "value": "49.97",
            "unit": "Hz",
            "raw": "49.97",
            "raw_unit": "Hz",
        }
    ]
    Charger.objects.filter(identity="CP1").update(identity="OLDER")
    reading = only_reading(play(shapes.numbers))
    assert reading.current_ma == 500


@pytest.mark.django_db
def test_a_tenth_of_a_watt_hour_is_rounded_and_phases_yield_to_the_total():
    assert only_reading(play(shapes.real_life)).energy_wh == 165
    Charger.objects.all().update(identity="OLD")
    assert only_reading(play(shapes.go_e)).power_w == 3000


@pytest.mark.django_db
@pytest.mark.proves("pain 52")
def test_the_main_meter_is_kept_apart_from_sessions():
    charger = make_charger("CP1")
    wire = Wire(charger)
    start = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": "2026-03-04T05:00:00Z"}
    wire.call("StartTransaction", start)
    for text in shapes.zaptec():
        wire.frame(text)
    energy, power = MeterReading.objects.filter(charger_id=charger.pk).order_by("energy_wh")
    assert (power.power_w, energy.energy_wh) == (0, 4_296_944_685)
    assert (energy.connector_number, energy.session_id) == (0, None)
    assert ChargingSession.objects.get().energy_wh == 0


@pytest.mark.django_db
def test_an_offset_without_minutes_is_an_offset():
    assert ChargingSession.objects.get(charger=play(shapes.th007)).started_at == AT


@pytest.mark.django_db
def test_readings_without_a_connector_are_the_main_meters():
    assert only_reading(play(shapes.wallbox)).connector_number == 0


@pytest.mark.django_db
def test_statuses_before_the_boot_count_and_make_connectors():
    before = clock.now()
    charger = play(shapes.teison)
    connector = Connector.objects.get(charger=charger, number=1)
    assert connector.status == "Charging"
    assert connector.status_at >= before
    charger.refresh_from_db()
    assert (charger.status, charger.model) == ("Available", "TeisonMe@7KW")
