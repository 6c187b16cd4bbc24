"""Quirks are chosen by make, field by field, and a charger's own row wins."""

from __future__ import annotations

import importlib
import itertools
import json
from datetime import datetime
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import IntegrityError, transaction

from chargers.models import ChargerQuirks, ChargingSession, MeterReading, ModelQuirks
from chargers.ocpp import doorkeeper
from chargers.ocpp.credentials import Credentials
from chargers.ocpp.doorkeeper import Knock
from chargers.ocpp.quirks import PLAIN, Make, choose, explain, load_rulebook, own_rule
from chargers.ocpp.tests.fleet import amake_charger, make_charger
from chargers.ocpp.tests.server import until
from chargers.ocpp.tests.wire import Wire
from chargers.services.quirks import announce_quirks

THOR = Make("Growatt", "THOR_11AS", "THOR_11AS-V5.2.4")


@pytest.fixture(autouse=True)
def no_seeds(db):
    ModelQuirks.objects.all().delete()


def rule(name="Rule", **fields):
    return ModelQuirks.objects.create(name=name, **fields)


def test_nothing_fits_nothing_changes():
    rule(vendor_pattern="Other*", energy_factor=1000)
    rule("No", active=False, energy_factor=10)
    assert choose(load_rulebook(), THOR) is PLAIN


@pytest.mark.parametrize(
    ("patterns", "fits"),
    [
        ({}, True),
        ({"vendor_pattern": "growatt"}, True),
        ({"vendor_pattern": "GROW*", "model_pattern": "thor_??as"}, True),
        ({"vendor_pattern": "Growatt", "model_pattern": "THOR"}, False),
        ({"firmware_pattern": "*-V5.*"}, True),
        ({"firmware_pattern": "*-V6.*"}, False),
        ({"vendor_pattern": ""}, True),
    ],
)
def test_patterns_are_globs_in_any_case(patterns, fits):
    rule(energy_factor=1000, **patterns)
    assert (choose(load_rulebook(), THOR).energy_factor == 1000) is fits


def test_the_highest_priority_wins_field_by_field_and_the_chargers_own_row_over_all():
    rule("Vendor", energy_factor=1000, start_answer_delay_ms=500, priority=10)
    rule("Model", energy_factor=10, priority=20, local_time="always")
    own = own_rule(ChargerQuirks(local_time="never", breaks_on_pings=False))
    rules = load_rulebook()
    quirks = choose(rules, THOR, own)
    assert (quirks.energy_factor, quirks.start_answer_delay_ms) == (10, 500)
    assert (quirks.local_time, quirks.breaks_on_pings) == ("never", False)
    assert [(item.field, item.value, item.rule) for item in explain(rules, THOR, own)] == [
        ("energy_factor", Decimal(10), "Model"),
        ("local_time", "never", ""),
        ("start_answer_delay_ms", 500, "Vendor"),
        ("breaks_on_pings", False, ""),
    ]


@pytest.mark.proves("quirk 17", "pain 36")
def test_kilowatt_hours_that_are_called_watt_hours_are_multiplied_and_noted():
    rule(vendor_pattern="OpenEVSE", energy_factor=1000)
    charger = make_charger("CP1", vendor="OpenEVSE", model="WiFi")
    wire = Wire(charger)
    start = {"connectorId": 1, "idTag": "T", "meterStart": 12, "timestamp": "2026-03-04T05:00:00Z"}
    wire.call("StartTransaction", start)
    samples = [
        {"value": "12.345", "unit": "Wh"},
        {"value": "3600", "unit": "W", "measurand": "Power.Active.Import"},
    ]
    value = {"timestamp": "2026-03-04T05:30:00Z", "sampledValue": samples}
    wire.call("MeterValues", {"connectorId": 1, "meterValue": [value]})
    named = [{"value": "12.9", "unit": "kWh"}]
    value = {"timestamp": "2026-03-04T05:40:00Z", "sampledValue": named}
    wire.call("MeterValues", {"connectorId": 1, "meterValue": [value]})
    first, second = MeterReading.objects.order_by("measured_at")
    assert (first.energy_wh, first.power_w) == (12_345, 3_600)
    assert first.adjustments == ["energy_wh: times 1000"]
    assert first.samples == samples
    assert (second.energy_wh, second.adjustments) == (12_900, None)
    session = ChargingSession.objects.get()
    assert (session.meter_start_wh, session.energy_wh) == (12_000, 900)


def test_a_register_of_the_session_is_its_energy_whatever_the_meter_said_at_the_start():
    charger = make_charger("CP1")
    ChargerQuirks.objects.create(charger=charger, energy_register="session")
    wire = Wire(charger)
    start = {"connectorId": 1, "idTag": "T", "meterStart": 500, "timestamp": "2026-03-04T05:00:00Z"}
    number = wire.call("StartTransaction", start)["transactionId"]
    value = {"timestamp": "2026-03-04T05:30:00Z", "sampledValue": [{"value": "700"}]}
    wire.call("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [value]})
    assert ChargingSession.objects.get().energy_wh == 700


@pytest.mark.proves("quirk 2")
@pytest.mark.parametrize(
    ("local_time", "sent", "expected", "note"),
    [
        ("when_ahead", "12:00:00Z", "05:00:00", "Z taken as Asia/Jakarta"),
        ("when_ahead", "04:59:00Z", "04:59:00", None),
        ("when_ahead", "12:00:00+07:00", "05:00:00", None),
        ("when_ahead", "12:00:00", "05:00:00", "no offset: taken as Asia/Jakarta"),
        ("always", "11:00:00Z", "04:00:00", "Z taken as Asia/Jakarta"),
        ("without_offset", "07:00:00Z", "07:00:00", "clock ahead"),
        ("never", "05:00:00", "05:00:00", "no offset"),
    ],
)
def test_local_times_that_are_labelled_as_utc(local_time, sent, expected, note):
    rule(local_time=local_time)
    charger = make_charger("CP1")
    wire = Wire(charger)
    wire.now = _at("05:00:10")
    value = {"timestamp": f"2026-03-04T{sent}", "sampledValue": [{"value": "1"}]}
    wire.call("MeterValues", {"connectorId": 1, "meterValue": [value]})
    reading = MeterReading.objects.get()
    assert reading.measured_at == _at(expected)
    assert reading.received_at == wire.now
    assert reading.adjustments == ([note] if note else None)


def _at(text):
    return datetime.fromisoformat(f"2026-03-04T{text}+00:00")


def test_the_chargers_own_zone_wins_over_that_of_its_site():
    rule(local_time="without_offset")
    charger = make_charger("CP1", time_zone="Asia/Jayapura")
    assert str(Wire(charger).caller.time_rule.tz) == "Asia/Jayapura"


def test_a_boot_that_names_another_make_chooses_again():
    rule(vendor_pattern="Chago", local_time="always")
    wire = Wire(make_charger("CP1", vendor="Other"))
    assert wire.caller.quirks is PLAIN
    wire.call("BootNotification", {"chargePointVendor": "Chago", "chargePointModel": "X"})
    assert wire.caller.quirks.local_time == "always"
    assert str(wire.caller.time_rule.tz) == "Asia/Jakarta"
    wire.call("BootNotification", {"chargePointVendor": "Other", "chargePointModel": "X"})
    assert wire.caller.quirks is PLAIN


def knock(identity, *subprotocols):
    return Knock(identity, subprotocols, Credentials(), "p", "10.0.0.1")


def test_a_batch_of_knocks_loads_the_rules_once(django_assert_num_queries):
    rule(vendor_pattern="Grow*", energy_factor=1000)
    for n in range(3):
        make_charger(f"CP{n}", vendor="Growatt" if n else "Other")
    with django_assert_num_queries(4):
        # Chargers, rules, who was online, arrivals.
        verdicts = doorkeeper.admit([knock(f"CP{n}", "ocpp1.6") for n in range(3)])
    factors = [verdict.caller.quirks.energy_factor for verdict in verdicts]
    assert factors == [None, 1000, 1000]


@pytest.mark.proves("quirk 10")
def test_a_make_that_names_no_subprotocol_is_let_in():
    rule(vendor_pattern="United Chargers", assume_ocpp16=True)
    make_charger("CP1", vendor="United Chargers")
    make_charger("CP2", vendor="Somebody")
    make_charger("CP3", vendor="Somebody", assume_ocpp16=True)
    verdicts = doorkeeper.admit([knock("CP1"), knock("CP2"), knock("CP3")])
    assert [getattr(verdict, "status", None) for verdict in verdicts] == [None, 400, None]
    assert verdicts[0].subprotocol is None


def test_a_factor_of_nothing_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        rule(energy_factor=0)


def test_the_seeds_are_known_makes_and_are_sown_once():
    seeds = importlib.import_module("chargers.migrations.0009_known_quirks")
    seeds.seed(apps, None)
    count = ModelQuirks.objects.count()
    assert count == len(seeds.KNOWN) >= 10
    ModelQuirks.objects.filter(name="OpenEVSE").update(energy_factor=1)
    seeds.seed(apps, None)
    assert ModelQuirks.objects.count() == count
    assert ModelQuirks.objects.get(name="OpenEVSE").energy_factor == 1
    rules = load_rulebook()
    free2move = Make("Free2move eSolutions", "F2ME.EPROSE01TXX", "2.9.3")
    assert choose(rules, free2move).start_answer_delay_ms == 1000
    assert choose(rules, Make("Voltaris", "DC-120")) is PLAIN


@pytest.mark.django_db(transaction=True)
@pytest.mark.proves("pain 31")
async def test_the_answer_to_a_start_waits_for_chargers_that_drop_fast_ones(server):
    charger = await amake_charger("CP1")
    await ChargerQuirks.objects.acreate(charger=charger, start_answer_delay_ms=1000)
    async with server.charger("CP1") as client:
        start = {
            "connectorId": 1,
            "idTag": "T",
            "meterStart": 5,
            "timestamp": "2026-03-04T05:00:00Z",
        }
        await client.send([2, "s", "StartTransaction", start])
        # What comes later is answered before it.
        await client.send([2, "h", "Heartbeat", {}])
        assert (await client.receive())[1] == "h"
        answer = await client.receive()
        assert (answer[0], answer[1]) == (3, "s")
        assert json.dumps(answer[2]["transactionId"])
    assert await ChargingSession.objects.acount() == 1


@pytest.mark.django_db(transaction=True)
async def test_an_edited_rule_holds_from_the_next_frame_on(server):
    charger = await amake_charger("CP1", vendor="Acme")
    async with server.charger("CP1") as client:
        await client.call("Heartbeat", {})
        await ModelQuirks.objects.acreate(name="Acme", vendor_pattern="acme", energy_factor=1000)
        await sync_to_async(announce_quirks)()
        numbers = itertools.count()

        async def is_multiplied():
            minute, second = divmod(next(numbers), 60)
            value = {
                "timestamp": f"2026-03-04T05:{minute:02}:{second:02}Z",
                "sampledValue": [{"value": "2"}],
            }
            await client.call("MeterValues", {"connectorId": 1, "meterValue": [value]})
            rows = MeterReading.objects.filter(charger_id=charger.pk).order_by("-measured_at")
            return (await rows.afirst()).energy_wh == 2000

        await until(is_multiplied)
