"""Frames of the shapes that real chargers were seen to send (reference/clients.md §3).

One builder per make. The words are theirs, the values and serial numbers are ours. A builder
returns the frames of one connection as texts: the spaces, the order of keys and the line breaks of
some of them are part of the shape.
"""

from __future__ import annotations

import json
from typing import Any

TIME = "2026-03-04T05:06:07Z"


def call(message_id: str, action: str, payload: dict[str, Any]) -> str:
    return json.dumps([2, message_id, action, payload], separators=(",", ":"))


def spaced(message_id: str, action: str, payload: dict[str, Any]) -> str:
    return json.dumps([2, message_id, action, payload])


def boot(message_id: str, vendor: str, model: str, **more: str) -> str:
    payload = {"chargePointVendor": vendor, "chargePointModel": model, **more}
    return call(message_id, "BootNotification", payload)


def status(number: int, word: str, **more: Any) -> dict[str, Any]:
    return {"connectorId": number, "errorCode": "NoError", "status": word, **more}


def sample(value: Any, measurand: str | None = None, unit: str | None = None, **more: Any) -> Any:
    fields = {"value": value, "measurand": measurand, "unit": unit, **more}
    return {name: field for name, field in fields.items() if field is not None}


def values(connector: int, *samples: Any, time: str = TIME, **more: Any) -> dict[str, Any]:
    value = {"timestamp": time, "sampledValue": list(samples)}
    return {"connectorId": connector, "meterValue": [value], **more}


REGISTER = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
CURRENT = "Current.Import"


def abb_terra_ac() -> list[str]:
    """Numeric texts as ids, "null" as info, no timestamps, and energy of the session."""
    quiet = {"info": "null", "vendorErrorCode": "0x0000"}
    periodic = {"context": "Sample.Periodic", "format": "Raw"}
    return [
        boot("7300001", "ABB", "CDT_TACW22::NET_WIFI", firmwareVersion="TAC3Z91::V1.8.21"),
        spaced("7300002", "StatusNotification", status(0, "Available", **quiet)),
        spaced("7300003", "StatusNotification", status(1, "Charging", **quiet)),
        spaced(
            "7300004",
            "MeterValues",
            values(
                1,
                sample("229.10", "Voltage", "V", phase="L1-N", **periodic),
                sample("10.00", CURRENT, "A", phase="L1", **periodic),
                sample("2291", POWER, "W", phase="L1", **periodic),
                sample("1500", REGISTER, "Wh", location="Inlet", **periodic),
                transactionId=39,
            ),
        ),
        spaced(
            "7300005",
            "MeterValues",
            values(1, sample("4500321", REGISTER, location="Inlet", context="Sample.Clock")),
        ),
    ]


def abb_terra_dc() -> list[str]:
    """No boot after a reconnect; statuses of hours ago; ids with a colon."""
    return [
        call(
            "41:7", "StatusNotification", status(1, "Charging", timestamp="2026-03-04T00:06:07.5Z")
        ),
        call(
            "41:8",
            "MeterValues",
            values(
                1,
                sample("364208", REGISTER, "Wh", location="Outlet"),
                sample("19343", POWER, "W"),
                sample("46.0", "SoC", "Percent", location="EV"),
                sample("29.9", "Current.Offered", "A", location="Inlet"),
            ),
        ),
    ]


def abl() -> list[str]:
    """A space before each comma, +00:00 with milliseconds, the word "none"."""
    return [
        '[3, "28795" ,{"status":"Accepted"}]',
        '[2, "27393" ,"StatusNotification" ,{"connectorId":1,"status":"Finishing",'
        '"errorCode":"NoError","info":"none","timestamp":"2026-03-04T05:06:07.659+00:00",'
        '"vendorId":"ABL","vendorErrorCode":"none"}]',
    ]


def actec() -> list[str]:
    """An AC box that reports the SoC of no car, as "0"."""
    currents = [sample(f"6.{n}0", CURRENT, "A", phase=f"L{n}") for n in (1, 2, 3)]
    payload = values(1, sample("60", REGISTER, "Wh"), *currents, sample("0", "SoC", "Percent"))
    return [call("1063", "MeterValues", payload | {"transactionId": 1})]


def alfen() -> list[str]:
    """Ids from 1 on each connection; a start of hours ago, its tag the charger's serial number."""
    start = {"timestamp": TIME, "connectorId": 1, "meterStart": 2145278, "idTag": "ACE0001234"}
    return [
        boot("1", "Alfen BV", "NG910-60023", chargePointSerialNumber="ACE0001234"),
        call("2", "StartTransaction", start),
    ]


def alfen_unconfirmed() -> list[str]:
    """A transaction id of 64 bits, a context of its own, amperes without a measurand."""
    old = "2020-09-19T15:14:23Z"
    return [
        call(
            "4",
            "MeterValues",
            values(
                1,
                sample("15.630", unit="A", context="Sample.Periodic"),
                sample("16.000", unit="A", context="CurrentMax"),
                time=old,
                transactionId=2**63 - 1,
            ),
        ),
        call("221", "Heartbeat", {}),
    ]


def chargebyte() -> list[str]:
    """Security events of days ago, right after the boot."""
    event = {"techInfo": "Booted", "timestamp": "2026-03-01T16:01:59.122Z"}
    return [
        boot("cb-1", "chargebyte", "Charge Control C", firmwareVersion="0.5.0"),
        call("cb-2", "StatusNotification", status(0, "Available", timestamp=TIME)),
        call("cb-3", "SecurityEventNotification", event | {"type": "StartupOfTheDevice"}),
    ]


def enplus() -> list[str]:
    """JSON as text in info; readings of a transaction that has ended; keys in another order."""
    info = '{"reason":"plugInGun","cpv":0,"rv":0}'
    readings = values(1, sample("27010.0", REGISTER, "Wh", context="Trigger"))["meterValue"]
    late = {"meterValue": readings, "transactionId": 1720, "connectorId": 1}
    return [
        call("2717", "StatusNotification", status(1, "Finishing", info=info, vendorId="EN+")),
        call("2718", "Heartbeat", {}),
        '[3,"4222561237",{"status":"Accepted"}]',
        call("7080", "MeterValues", late),
    ]


def evbox() -> list[str]:
    """A vendor's message after every status; meterStart 0; energy of the session."""
    start = {"connectorId": 1, "idTag": "04A0", "timestamp": TIME, "meterStart": 0}
    words = {"vendorId": "EV-BOX", "messageId": "evbStatusNotification"}
    text = "1,Preparing,NoError,No error.,0,Off,0,{20,8016,100},{0,0},0,0,400"
    return [
        boot("e-1", "EV-BOX", "G4E-WBW-M7500E", iccid="8931000000000000000"),
        call("e-2", "DataTransfer", words | {"data": text}),
        call("e-3", "StartTransaction", start),
        call("e-4", "StatusNotification", status(1, "SuspendedEVSE", info="B;400", timestamp=TIME)),
        call("e-5", "Authorize", {"idTag": "04A0"}),
    ]


def go_e() -> list[str]:
    """Power for each phase and as a total; fractions of a second."""
    powers = [sample("1000.00", POWER, "W", phase=f"L{n}") for n in (1, 2, 3)]
    payload = values(
        1,
        sample("165333.00", REGISTER, "Wh"),
        *powers,
        sample("3000.00", POWER, "W"),
        time="2026-03-04T05:06:07.908Z",
    )
    return [
        boot("531531531", "go-e", "go-eCharger_V4", firmwareVersion="055.0"),
        call("531531542", "MeterValues", payload),
    ]


def grizzl_e() -> list[str]:
    """A CALLERROR of four elements, and an answer that breaks off."""
    return [
        boot("4011002b9caa694292", "United Chargers", "GRS-*", iccid="-67", meterType="SW"),
        '[4, "13236754-38b2-424a-a4e3-0f54eeffaf3a", "FormationViolation", ""]',
        '[3,"64b4a0fc-7282-4e26-ab30-cc3c2955c70d",{"configurationKey":[]',
    ]


def growatt() -> list[str]:
    """Local time without an offset; Begin and Periodic in one message."""
    payload = values(
        1,
        sample("900", REGISTER, "Wh", context="Transaction.Begin"),
        sample("999", REGISTER, "Wh", context="Sample.Periodic"),
        time="2026-03-04T12:06:07",
    )
    return [
        boot("1047", "Growatt", "THOR_11AS", firmwareVersion="THOR_11AS-V5.2.4"),
        call("3779", "MeterValues", payload),
    ]


def huawei() -> list[str]:
    """No vendor; kWh and kW; hexadecimal ids."""
    begin = {"context": "Transaction.Begin"}
    payload = values(
        1,
        sample("0.00", CURRENT, "A", phase="L1", **begin),
        sample("12.34", REGISTER, "kWh", **begin),
        sample("4.2", POWER, "kW", **begin),
        transactionId=23,
    )
    return [
        boot("6a6705c7000009890980", "", "ACChargePoint", chargePointSerialNumber="huawei1"),
        call("697374760000025d0255", "MeterValues", payload),
    ]


def hertz() -> list[str]:
    """The unit Hz, which the schema calls Hertz."""
    payload = values(
        1,
        sample("14", "Temperature", "Celsius"),
        sample("49.97", "Frequency", "Hz"),
        sample("10", REGISTER, "Wh"),
        transactionId=1741782933,
    )
    return [call("265468940-1621710057-682692942", "MeterValues", payload)]


def keba() -> list[str]:
    """Answers a TriggerMessage, then boots."""
    return [
        '[3,"782b7e6a-7099-4945-9b50-5f5bef39070f",{"status":"Accepted"}]',
        boot("68128b3c", "Keba AG", "KC-M20-E0LE02-020", chargeBoxSerialNumber="32700000"),
    ]


def numbers() -> list[str]:
    """Values as JSON numbers; the timestamp last."""
    samples = [
        {"measurand": CURRENT, "phase": f"L{n}", "unit": "A", "value": 0.5, "location": "Body"}
        for n in (1, 2, 3)
    ]
    payload = {"connectorId": 1, "meterValue": [{"sampledValue": samples, "timestamp": TIME}]}
    return [call("41810", "MeterValues", payload)]


def orbis() -> list[str]:
    """A composite schedule whose periods are nonsense, as the answer to nobody's question."""
    schedule = {
        "duration": 60,
        "startSchedule": "2026-03-04T07:06:07Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 1006632455, "limit": 20, "numberPhases": 3}],
    }
    answer = {"status": "Accepted", "connectorId": 1, "chargingSchedule": schedule}
    return [json.dumps([3, "181830775", answer]), boot("o-1", "Orbis", "VIARIS COMBIPLUS")]


def phihong() -> list[str]:
    """Ids with letters beyond f, and an error for an id that nobody used."""
    return [
        boot("c2d6e365-ac1v-4ea9-96ee-c0df52dbt312", "Phihong Technology", "EA702CxTFxPx"),
        '[4,"5c2d6e365-ac1v","NotSupported","Requested Action is recognized but not supported",{}]',
    ]


def project_ev() -> list[str]:
    """Vendor keys and an answer without its schedule."""
    keys = [{"key": "G_ChargerID", "value": "TAG0", "readonly": True}]
    return [
        json.dumps([3, "367094329", {"configurationKey": keys}]),
        '[3,"367094330",{"status":"Rejected"}]',
    ]


def real_life() -> list[str]:
    """Connector 4 and a tenth of a watt-hour."""
    payload = values(4, sample("164.5", REGISTER, "Wh", location="Outlet"), transactionId=14)
    return [call("eb07f294-f7b3-4a70-b2fe-a1ad375236ba", "MeterValues", payload)]


def simple_charge() -> list[str]:
    return [boot("dabbadd0", "SimpleCharge", "MultiSocketCharger", iccid="", imsi="")]


def smart_h10() -> list[str]:
    """An empty vendorId, a status without a time, the context Interruption.Begin."""
    info = "H10.Smart-Charge trigger charge station suspended"
    interrupted = {"context": "Interruption.Begin", "location": "Outlet"}
    payload = values(
        1,
        sample("0.0", POWER, "W", **interrupted),
        sample("0.01", REGISTER, "kWh", **interrupted),
    )
    return [
        spaced("0044", "StatusNotification", status(1, "SuspendedEVSE", info=info, vendorId="")),
        spaced("0045", "MeterValues", payload),
    ]


def site_controller() -> list[str]:
    """Four connectors, the connector's number last, no other fields."""
    payload = values(3, sample("23477368", REGISTER, "Wh"))
    return [
        spaced("001e792a", "MeterValues", {**payload, "connectorId": payload.pop("connectorId")})
    ]


def teison() -> list[str]:
    """Signs in its model and firmware; statuses before the boot."""
    return [
        spaced("0800-1", "StatusNotification", status(0, "Available")),
        spaced("0800-2", "StatusNotification", status(1, "Charging")),
        boot("0800-3", "TEISON", "TeisonMe@7KW", firmwareVersion="V1.5@25238bf+100,F8.gl,ws"),
    ]


def th007() -> list[str]:
    """An offset without minutes."""
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-03-04T08:06:07+03"}
    return [call("8934", "Authorize", {"idTag": "T"}), call("a59c", "StartTransaction", start)]


def wallbox() -> list[str]:
    """Readings without a connector; line breaks within a frame; an error of its own."""
    payload = values(1, sample("1669955.0", REGISTER, "Wh", context="Trigger"))
    del payload["connectorId"]
    return [
        '[3,"d63f7e70",\n{\n"status": "Accepted"\n}]',
        boot("1718276670", "Wall Box Chargers", "PLP1-0-2-3", meterSerialNumber=""),
        call("686353697", "MeterValues", payload),
        '[4,"867114990","ProtocolError","validation of RemoteStartTransaction failed",{}]',
    ]


def zaptec() -> list[str]:
    """The main meter: connector 0, one value at a time, more than 2^32 Wh."""
    groups = [
        {"timestamp": TIME, "sampledValue": [sample("0.0", POWER, "W", context="Trigger")]},
        {"timestamp": TIME, "sampledValue": [sample("4296944685", REGISTER, "Wh")]},
    ]
    return [spaced("a8fd4bb0", "MeterValues", {"connectorId": 0, "meterValue": groups})]


def zjb() -> list[str]:
    """No boot; statuses and a start at once, ids like cuid2."""
    start = {"connectorId": 1, "idTag": "evcc", "timestamp": TIME, "meterStart": 77}
    return [
        call(
            "qa3d41m7ebxtzf523hk13egz", "StatusNotification", status(0, "Available", timestamp=TIME)
        ),
        call(
            "t25z471w4d10ftw4on4a8iop", "StatusNotification", status(1, "Preparing", timestamp=TIME)
        ),
        call("x9", "StartTransaction", start),
    ]


def missing_comma() -> list[str]:
    """Broken JSON with a readable id."""
    return ['[2, "6a73f5c6-d83b", "Authorize", {"connectorId": 1 "idTag": "ee00"}]']


# What each frame is answered with: "r" a CALLRESULT, "e" a CALLERROR, "-" nothing.
SHAPES = {
    abb_terra_ac: "rrrrr",
    abb_terra_dc: "rr",
    abl: "-r",
    actec: "r",
    alfen: "rr",
    alfen_unconfirmed: "rr",
    chargebyte: "rrr",
    enplus: "rr-r",
    evbox: "rrrrr",
    go_e: "rr",
    grizzl_e: "r--",
    growatt: "rr",
    hertz: "r",
    huawei: "rr",
    keba: "-r",
    missing_comma: "e",
    numbers: "r",
    orbis: "-r",
    phihong: "r-",
    project_ev: "--",
    real_life: "r",
    simple_charge: "r",
    site_controller: "r",
    smart_h10: "rr",
    teison: "rrr",
    th007: "rr",
    wallbox: "-rr-",
    zaptec: "r",
    zjb: "rrr",
}
