"""The database of the bench: chargers with two connectors and one token each, and a tariff."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from bench.wire import PASSWORD
from chargers.models import Charger, Connector, IdToken, Location, TariffAssignment
from cpo.models import CPO, CPOStatus
from tariffs.models import (
    ComponentKind,
    PriceComponent,
    TariffElement,
    TariffTemplate,
    TariffVersion,
)
from unievp.lib import clock
from unievp.lib.secrets import keyed_digest


def make_fleet(chargers: int) -> None:
    """BENCH-00001 … of one CPO, two connectors and one token each; again: adds what is missing."""
    cpo, _ = CPO.objects.get_or_create(
        name="Bench", defaults={"status": CPOStatus.VERIFIED, "verified_at": clock.now()}
    )
    location, _ = Location.objects.get_or_create(cpo=cpo, name="Bench")
    known = set(Charger.objects.values_list("identity", flat=True))
    names = [f"BENCH-{number:05}" for number in range(1, chargers + 1)]
    made = Charger.objects.bulk_create(
        Charger(
            cpo=cpo,
            location=location,
            identity=name,
            security_profile=1,
            password_digest=keyed_digest(PASSWORD.encode()),
        )
        for name in names
        if name not in known
    )
    Connector.objects.bulk_create(
        Connector(charger=charger, number=number) for charger in made for number in (1, 2)
    )
    IdToken.objects.bulk_create(IdToken(token=charger.identity) for charger in made)
    # The connectors' price: sessions start as they do in production, with its frozen snapshot.
    template = TariffTemplate.objects.first() or make_tariff(cpo)
    since = clock.now() - timedelta(days=30)
    TariffAssignment.objects.bulk_create(
        TariffAssignment(charger=charger, template=template, valid_from=since) for charger in made
    )


@transaction.atomic
def make_tariff(cpo: CPO) -> TariffTemplate:
    """Energy and a session fee, as most tariffs have."""
    template = TariffTemplate.objects.create(cpo=cpo, name="Flat")
    version = TariffVersion.objects.create(
        template=template, number=1, valid_from=clock.now() - timedelta(days=60)
    )
    element = TariffElement.objects.create(version=version, position=1)
    PriceComponent.objects.create(element=element, kind=ComponentKind.ENERGY, price=2500)
    PriceComponent.objects.create(element=element, kind=ComponentKind.FLAT, price=1000)
    return template
