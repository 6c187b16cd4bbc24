"""Chargers that sell at a tariff, and messages from them, for tests.

`received` makes the `Inbound` of a message; `send` writes messages as the ocpp process does and
answers with their results.
"""

from __future__ import annotations

import hashlib
import itertools
from datetime import timedelta

from django.db import transaction

from chargers.models import Charger, Connector, IdToken, Location, TariffAssignment
from chargers.store import inbound
from chargers.store.work import Inbound, MeterValues, Reading, StartTransaction, StopTransaction
from cpo.tests.factories import make_cpo
from tariffs.models import TariffTemplate, TariffVersion
from unievp.lib import clock

_numbers = itertools.count(1)
# Whole seconds, a while ago: chargers' times have no microseconds.
T0 = clock.now().replace(microsecond=0) - timedelta(minutes=2)


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def make_location(cpo=None, **values) -> Location:
    return Location.objects.create(
        cpo=cpo or make_cpo(), name=values.pop("name", f"Location {next(_numbers)}"), **values
    )


def make_charger(*, cpo=None, connectors=2, tariff=True, location=None, **values) -> Charger:
    location = location or make_location(cpo)
    identity = values.pop("identity", f"CP-{next(_numbers):05}")
    charger = Charger.objects.create(
        cpo=location.cpo, location=location, identity=identity, **values
    )
    for number in range(1, connectors + 1):
        Connector.objects.create(charger=charger, number=number)
    if tariff:
        assign_some_tariff(charger)
    return charger


def make_tariff(cpo):
    template = TariffTemplate.objects.create(cpo=cpo, name=f"Tariff {next(_numbers)}")
    return TariffVersion.objects.create(
        template=template, number=1, valid_from=T0 - timedelta(days=30)
    )


def assign_some_tariff(charger, connector=None, version=None):
    version = version or make_tariff(charger.cpo)
    TariffAssignment.objects.create(
        template=version.template,
        charger=charger,
        connector=connector,
        valid_from=T0 - timedelta(days=1),
    )
    return version


def make_token(token=None, **values) -> IdToken:
    return IdToken.objects.create(token=token or f"TAG{next(_numbers)}", **values)


def start(token="TAG", *, connector=1, meter=1000, seconds=0, **values) -> StartTransaction:
    return StartTransaction(connector, str(token), meter, at(seconds), **values)


def stop(transaction_id, *, meter=3000, seconds=100, **values) -> StopTransaction:
    return StopTransaction(transaction_id, meter, at(seconds), **values)


def reading(seconds, energy=None, **values) -> Reading:
    samples = [{"value": str(energy), "context": "Sample.Periodic"}]
    text = repr((samples, sorted(values.items())))
    content_hash = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return Reading(at(seconds), samples, content_hash, energy_wh=energy, **values)


def meter_values(transaction_id, *readings, connector=1) -> MeterValues:
    return MeterValues(connector, transaction_id, tuple(readings))


def received(charger, work, *, received_at=None, results=None, action="") -> Inbound:
    def render(result):
        if results is not None:
            results[charger.pk] = result
        return "[3]"

    return Inbound(
        charger_pk=charger.pk,
        cpo_id=charger.cpo_id,
        received_at=received_at or clock.now(),
        message_id=str(next(_numbers)),
        action=action or type(work).__name__,
        request="[2]",
        work=work,
        render=render,
    )


def send(*messages, received_at=None):
    """Write (charger, work) pairs as one batch; the results, in order."""
    results = {}
    batch = [
        received(charger, work, results=results, received_at=received_at)
        for charger, work in messages
    ]
    with transaction.atomic():
        inbound.write(batch)
    return [results[charger.pk] for charger, _work in messages]


def send_one(charger, work, **values):
    return send((charger, work), **values)[0]
