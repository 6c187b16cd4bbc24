"""A session made by frames on the real path, billed: what explain and replay are about."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from chargers.models import Charger, ChargingSession
from chargers.ocpp.messages import Caller
from chargers.tests.factories import assign_some_tariff, make_charger, make_location, make_token
from cpo.models import CPO, CPOStatus, User
from payments.models import Bill
from payments.services.billing import bill_session
from tariffs.models import PriceComponent, TariffElement, TariffTemplate, TariffVersion
from unievp.lib import clock
from unievp.web.replay.sandbox import deliver
from unievp.web.tests.cast import person

_numbers = itertools.count(1)


@dataclass
class Sold:
    owner: User
    charger: Charger
    session: ChargingSession
    bill: Bill
    began: datetime

    def meter_values(self, seconds, wh, *, power="7000", **more):
        at = self.began + timedelta(seconds=seconds)
        payload = {"connectorId": 1, "transactionId": self.session.transaction_id}
        return at, "MeterValues", payload | {"meterValue": [value(at, wh, power)]} | more


def value(at, wh, power="7000"):
    register = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    load = {"value": power, "measurand": "Power.Active.Import", "unit": "W"}
    return {"timestamp": stamp(at), "sampledValue": [register, load]}


def stamp(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def play(charger, calls):
    """Take (time, action, payload) through decode, services and the wire log; the answers."""
    caller = Caller(charger.pk, charger.cpo_id, charger.identity, charger.registration)
    answers = []
    with transaction.atomic():
        for at, action, payload in calls:
            text = json.dumps([2, f"m{next(_numbers)}", action, payload])
            answers.append(deliver(caller, at, text))
    return answers


def tariff_of(cpo):
    """2,000 a kWh from the first, 25 a minute of charging."""
    template = TariffTemplate.objects.create(cpo=cpo, name=f"Charged {next(_numbers)}")
    with transaction.atomic():
        version = TariffVersion.objects.create(
            template=template, number=1, valid_from=clock.now() - timedelta(days=30)
        )
        element = TariffElement.objects.create(version=version, position=1)
        for kind, price in (("ENERGY", "2000"), ("TIME", "1500")):
            PriceComponent.objects.create(element=element, kind=kind, price=Decimal(price))
    return version


def charge(name: str, *, minutes: int = 120, wh: int = 20_000) -> Sold:
    """20 kWh in two hours that ended a moment ago, in Jakarta."""
    cpo = CPO.objects.create(name=name, status=CPOStatus.VERIFIED, verified_at=clock.now())
    owner = person(f"owner{next(_numbers)}@{name.split()[0].lower()}.example", cpo)
    charger = make_charger(location=make_location(cpo), tariff=False)
    assign_some_tariff(charger, version=tariff_of(cpo))
    tag = f"CARD{next(_numbers)}"
    make_token(tag, cpo=cpo)
    began = clock.now().replace(microsecond=0) - timedelta(minutes=minutes + 1)
    answer = play(charger, _begin(began, tag))[-2]
    number = answer["transactionId"]
    step = minutes * 60 // 10
    calls = [
        (
            began + timedelta(seconds=n * step),
            "MeterValues",
            {
                "connectorId": 1,
                "transactionId": number,
                "meterValue": [value(began + timedelta(seconds=n * step), 1_000 + wh * n // 10)],
            },
        )
        for n in range(1, 10)
    ]
    end = began + timedelta(minutes=minutes)
    stop = {"transactionId": number, "idTag": tag, "meterStop": 1_000 + wh,
            "timestamp": stamp(end), "reason": "Local"}  # fmt: skip
    calls += [(end, "StopTransaction", stop), (end, "StatusNotification", status("Finishing", end))]
    play(charger, calls)
    session = ChargingSession.objects.get(transaction_id=number)
    bill_session(session.pk)
    session.refresh_from_db()
    return Sold(owner, charger, session, session.bill, began)


def _begin(began, tag):
    start = {"connectorId": 1, "idTag": tag, "meterStart": 1_000, "timestamp": stamp(began)}
    return [
        (began - timedelta(seconds=20), "StatusNotification", status("Preparing", began)),
        (began - timedelta(seconds=5), "Authorize", {"idTag": tag}),
        (began, "StartTransaction", start),
        (began, "StatusNotification", status("Charging", began)),
    ]


def status(word, at):
    return {"connectorId": 1, "errorCode": "NoError", "status": word, "timestamp": stamp(at)}
