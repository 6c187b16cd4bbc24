"""A partner's driver charges: token pushed, started, metered, stopped, billed."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

from chargers.models import ChargingSession, TariffAssignment
from chargers.tests.factories import meter_values, reading, send_one, start, stop
from tariffs.models import TariffTemplate
from tariffs.pricing import SimpleTariff, simple_rules
from tariffs.services.templates import create_template
from unievp.lib import clock

_numbers = itertools.count(1)


def token_body(uid=None, **values):
    return {
        "country_code": "NL",
        "party_id": "TNM",
        "uid": uid or f"CARD{next(_numbers):04}",
        "type": "RFID",
        "contract_id": "NL-TNM-C00012345-X",
        "issuer": "TNM",
        "valid": True,
        "whitelist": "ALWAYS",
        "last_updated": "2026-02-01T09:30:00Z",
        **values,
    }


def push_token(call, uid=None, **values):
    body = token_body(uid, **values)
    path = f"tokens/{body['country_code']}/{body['party_id']}/{body['uid']}"
    response = call.put(path, body, type=body["type"])
    assert response.status_code == 201, response.content
    return body


def sell(charger, *, per_kwh=2_000, fee=1_000) -> TariffTemplate:
    """Another price for the whole charger: tax inside, 11 % on the fee, none on energy."""
    template = create_template(
        charger.cpo,
        name=f"Roaming {next(_numbers)}",
        rules=simple_rules(SimpleTariff(Decimal(per_kwh), Decimal(fee))),
        actor="test",
    )
    charger.tariff_assignments.all().delete()
    TariffAssignment.objects.create(
        template=template, charger=charger, valid_from=clock.now() - timedelta(days=1)
    )
    return template


def charge(charger, tag, *, energy_wh=400, seconds=90) -> ChargingSession:
    """One session of `seconds` from T0, ended and not billed."""
    answer = send_one(charger, start(tag, meter=0))
    assert answer.id_tag_info.status == "Accepted", answer
    half = energy_wh // 2
    send_one(charger, meter_values(answer.transaction_id, reading(seconds // 2, half)))
    send_one(charger, stop(answer.transaction_id, meter=energy_wh, seconds=seconds))
    return ChargingSession.objects.get(transaction_id=answer.transaction_id)


def begin(charger, tag, **values) -> ChargingSession:
    answer = send_one(charger, start(tag, meter=0, **values))
    assert answer.id_tag_info.status == "Accepted", answer
    return ChargingSession.objects.get(transaction_id=answer.transaction_id)
