"""The demo's companies in the middle of a busy month: what the documentation's pictures show.

The same every time but for the hour: chance is seeded, and times are told from now.
"""

from __future__ import annotations

import random
from datetime import timedelta

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from chargers.models import (
    BillingStatus,
    Charger,
    ChargingSession,
    Connector,
    Location,
    MeterReading,
    Presence,
    SessionStatus,
)
from cpo.models import CPO, User
from payments.services.billing import bill_session
from payments.services.settlements import request_settlement
from payments.tests.factories import give
from payments.tests.prepaid import set_price
from tickets.services.changing import Change, change_ticket
from tickets.services.opening import Report, open_ticket
from unievp.lib import clock
from unievp.web.demo.loader import load_demo
from unievp.web.demo.logins import SAME_FOR_ALL
from unievp.web.tests.cast import add_charger, start_session
from unievp.web.tests.charged import play, stamp, value

OWNER = "owner@nusantara.example"
DAYS, A_DAY = 30, (2, 6)
SOLD = "SIM-0002"
HARDWARE = (("Voltaris", "DC-120"), ("Kilat", "AC-22 Duo"), ("Sinar Daya", "HPC 60"))


def make_scene() -> ChargingSession:
    """Everything; the session that the pictures explain."""
    load_demo()
    # As the web process checks it; tests hash more cheaply.
    hashed = PBKDF2PasswordHasher().encode(SAME_FOR_ALL, "salt", iterations=1)
    User.objects.update(password=hashed)
    cpo = CPO.objects.get(name="Nusantara Charge")
    _add_site(cpo)
    dice = random.Random(7)
    for number, charger in enumerate(Charger.objects.order_by("identity")):
        _set_up(charger, HARDWARE[number % len(HARDWARE)])
        _history(charger, dice)
    sold = _explained()
    _now(cpo)
    _tickets(cpo)
    give(cpo, 18_450_000)
    request_settlement(cpo, actor=User.objects.get(username=OWNER), amount=12_000_000)
    return sold


def _add_site(cpo: CPO) -> None:
    """A third place with chargers that have troubles."""
    site = Location.objects.create(
        cpo=cpo, name="Bandung Cihampelas", city="Bandung", time_zone="Asia/Jakarta",
        latitude="-6.8934000", longitude="107.6041000",
    )  # fmt: skip
    for identity, name in (("SIM-0007", "Level P1"), ("SIM-0008", "Level P2")):
        charger = add_charger(site, identity)
        charger.name = name
        charger.save()
        charger.connectors.update(
            standard="IEC_62196_T2_COMBO", power_type="DC", max_power_w=60_000
        )


def _set_up(charger: Charger, hardware: tuple[str, str]) -> None:
    charger.vendor, charger.model = hardware
    charger.status, charger.firmware_version = "Available", "2.4.1"
    charger.save()
    charger.connectors.update(status="Available")
    Presence.objects.update_or_create(
        charger=charger, defaults={"online": True, "last_seen_at": clock.now()}
    )


def _history(charger: Charger, dice: random.Random) -> None:
    """A month of sessions: more at the weekend, more money on fast chargers."""
    now, power_w = clock.now(), charger.connectors.get(number=1).max_power_w or 22_000
    rows = []
    for day in range(1, DAYS):
        date = now - timedelta(days=day)
        for _session in range(dice.randint(*A_DAY) + 2 * (date.weekday() >= 5)):
            began = date - timedelta(seconds=dice.randint(0, 42_000))
            minutes = dice.randint(25, 95)
            wh = round(power_w * minutes / 60 * dice.uniform(0.25, 0.5))
            rows.append(_ended(charger, began, minutes, wh))
    ChargingSession.objects.bulk_create(rows)


def _ended(charger: Charger, began, minutes: int, wh: int) -> ChargingSession:
    return ChargingSession(
        cpo_id=charger.cpo_id, charger=charger, connector=charger.connectors.get(number=2),
        id_tag="DEMO0001", authorization="Accepted", status=SessionStatus.ENDED,
        billing_status=BillingStatus.BILLED, started_at=began,
        ended_at=began + timedelta(minutes=minutes), meter_start_wh=0, meter_last_wh=wh,
        meter_stop_wh=wh, energy_wh=wh, cost=round(wh * 2.45),
    )  # fmt: skip


def _explained() -> ChargingSession:
    """Made by the frames of a fast charge that grew slower towards the end, and billed."""
    charger = Charger.objects.get(identity=SOLD)
    set_price(charger, per_kwh=2_467, session_fee=25_000)
    began = clock.now().replace(microsecond=0) - timedelta(minutes=70)
    start = {
        "connectorId": 1,
        "idTag": "DEMO0001",
        "meterStart": 812_000,
        "timestamp": stamp(began),
    }
    number = play(charger, [(began, "StartTransaction", start)])[0]["transactionId"]
    wh, calls = 812_000, []
    for minute in range(2, 46, 2):
        at = began + timedelta(minutes=minute)
        power_w = min(96_000, 20_000 + minute * 9_500) - max(0, minute - 20) * 2_900
        wh += power_w // 30
        reading = value(at, wh, str(power_w))
        percent = {"value": str(18 + minute * 3 // 2), "measurand": "SoC", "unit": "Percent"}
        reading["sampledValue"].append(percent)
        payload = {"connectorId": 1, "transactionId": number, "meterValue": [reading]}
        calls.append((at, "MeterValues", payload))
    end = began + timedelta(minutes=46)
    stop = {"transactionId": number, "idTag": "DEMO0001", "meterStop": wh,
            "timestamp": stamp(end), "reason": "Local"}  # fmt: skip
    play(charger, [*calls, (end, "StopTransaction", stop)])
    session = ChargingSession.objects.get(transaction_id=number)
    bill_session(session.pk)
    return session


def _now(cpo: CPO) -> None:
    """Cars that charge, one with a curve; a fault; a charger that fell silent."""
    now = clock.now()
    plugs = {c.charger.identity: c for c in Connector.objects.filter(number=1)}
    live = start_session(
        plugs["SIM-0002"], energy_wh=31_420, power_w=96_300, soc_percent=64, cost=102_513,
        started_at=now - timedelta(minutes=22),
    )  # fmt: skip
    for minute in range(22):
        MeterReading.objects.create(
            charger_id=live.charger_id, connector_number=1, session_id=live.pk,
            measured_at=live.started_at + timedelta(minutes=minute), received_at=now,
            power_w=96_300 - max(0, minute - 18) * 3_100, soc_percent=20 + minute * 2,
            energy_wh=1_000 + minute * 1_430, samples=[], content_hash=bytes([minute]) * 32,
        )  # fmt: skip
    start_session(plugs["SIM-0001"], energy_wh=6_230, power_w=10_900, soc_percent=None, cost=15_201)
    start_session(plugs["SIM-0005"], energy_wh=11_080, power_w=21_700, soc_percent=71, cost=27_146)
    start_session(plugs["SIM-0003"], energy_wh=4_410, power_w=7_300, soc_percent=38, cost=10_584)
    Connector.objects.filter(pk=plugs["SIM-0007"].pk).update(
        status="Faulted", error_code="GroundFailure", vendor_error_code="E-1042"
    )
    Connector.objects.filter(charger__identity="SIM-0006", number=2).update(status="Preparing")
    Presence.objects.filter(charger__identity="SIM-0008").update(
        online=False, last_seen_at=now - timedelta(hours=3)
    )


def _tickets(cpo: CPO) -> None:
    owner = User.objects.get(username=OWNER)
    owner.first_name, owner.last_name = "Sri", "Wahyuni"
    owner.save()
    chargers = {c.identity: c for c in Charger.objects.filter(cpo=cpo)}
    for identity, category, priority, subject in (
        ("SIM-0007", "charger", "urgent", "Ground fault on connector 1 since this morning"),
        ("SIM-0002", "payment", "high", "Paid by QRIS, but the charge did not start"),
        ("SIM-0008", "charger", "normal", "Offline after the power cut"),
        ("SIM-0001", "other", "low", "New stickers with the QR code"),
    ):
        report = Report(
            category=category, priority=priority, subject=subject, charger=chargers[identity]
        )
        ticket = open_ticket(report, cpo=cpo, actor=owner, via="portal")
        if priority == "high":
            change_ticket(ticket, Change(assignee=owner, status="in_progress"), actor=owner)
