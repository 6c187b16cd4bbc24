"""Chargers for tests, made without the services: only the columns that the wire looks at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from chargers.models import Charger, Connector, IdToken, Location, TariffAssignment
from cpo.models import CPO
from cpo.tests.factories import make_cpo
from tariffs.models import (
    ComponentKind,
    PriceComponent,
    TariffElement,
    TariffTemplate,
    TariffVersion,
)
from unievp.lib import clock
from unievp.lib.secrets import keyed_digest


def make_charger(identity: str = "CP1", *, password: bytes | None = None, **fields: Any) -> Charger:
    cpo = CPO.objects.first() or make_cpo(name="Test CPO")
    location = Location.objects.filter(cpo=cpo).first() or Location.objects.create(
        cpo=cpo, name="Here"
    )
    charger = Charger.objects.create(
        cpo=cpo,
        location=location,
        identity=identity,
        password_digest=keyed_digest(password) if password else None,
        **fields,
    )
    for number in (1, 2):
        Connector.objects.create(charger=charger, number=number)
    TariffAssignment.objects.create(
        charger=charger, template=_template(cpo), valid_from=clock.now() - timedelta(days=30)
    )
    return charger


@transaction.atomic
def _template(cpo: CPO) -> TariffTemplate:
    template = TariffTemplate.objects.first()
    if template is not None:
        return template
    template = TariffTemplate.objects.create(cpo=cpo, name="Flat")
    version = TariffVersion.objects.create(
        template=template, number=1, valid_from=clock.now() - timedelta(days=60)
    )
    element = TariffElement.objects.create(version=version, position=1)
    PriceComponent.objects.create(element=element, kind=ComponentKind.ENERGY, price=2500)
    return template


def make_token(token: str = "TAG1", **fields: Any) -> IdToken:
    return IdToken.objects.create(token=token, **fields)


amake_charger = sync_to_async(make_charger)
amake_token = sync_to_async(make_token)
