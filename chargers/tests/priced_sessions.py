"""Tariffs by their prices, and ended sessions that were sold at them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.tests.factories import T0
from cpo.tests.factories import make_user
from tariffs.pricing import Component, Element, Kind, Rules
from tariffs.services.snapshots import build_snapshot
from tariffs.services.templates import create_template

_numbers = itertools.count(1)
LONG_AGO = T0 - timedelta(days=400)


def rules_at(per_kwh, fee=0, **values):
    parts = [Component(Kind.ENERGY, Decimal(per_kwh))]
    parts += [Component(Kind.FLAT, Decimal(fee))] if fee else []
    return Rules((Element(tuple(parts)),), **values)


def make_template(cpo, name="AC", *, per_kwh=2_000, fee=0, **values):
    rules = rules_at(per_kwh, fee, **values)
    return create_template(cpo, name=name, rules=rules, actor=make_user(), valid_from=LONG_AGO)


def make_session(charger, template, *, energy_wh, hours_ago=1, **values):
    """An hour long, ended, at the template's first version."""
    version = template.versions.get(number=1)
    started = T0 - timedelta(hours=hours_ago)
    defaults = {
        "cpo": charger.cpo,
        "charger": charger,
        "connector": charger.connectors.first(),
        "id_tag": f"TAG{next(_numbers)}",
        "authorization": "Accepted",
        "status": SessionStatus.ENDED,
        "started_at": started,
        "ended_at": started + timedelta(hours=1),
        "meter_start_wh": 0,
        "meter_last_wh": energy_wh,
        "meter_stop_wh": energy_wh,
        "energy_wh": energy_wh,
        "billing_status": BillingStatus.UNBILLED,
        "tariff_version": version,
        "tariff_snapshot": build_snapshot(version, time_zone="Asia/Jakarta"),
    }
    return ChargingSession.objects.create(**defaults | values)
