"""The database of the bench: migrated, with chargers, connectors, one token and a tariff."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import django

from bench.wire import PASSWORD

if TYPE_CHECKING:
    from tariffs.models import TariffTemplate


def prepare_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unievp.settings")
    django.setup(set_prefix=False)


def make_fleet(chargers: int) -> None:
    """BENCH-00001 … of one CPO, one connector each; calling it again adds what is missing."""
    from tariffs.models import TariffTemplate

    from chargers.models import Charger, Connector, IdToken, Location, TariffAssignment
    from cpo.models import CPO
    from unievp.lib import clock
    from unievp.lib.secrets import keyed_digest

    cpo, _ = CPO.objects.get_or_create(name="Bench")
    location, _ = Location.objects.get_or_create(cpo=cpo, name="Bench")
    IdToken.objects.get_or_create(token="BENCH")
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
    Connector.objects.bulk_create(Connector(charger=charger, number=1) for charger in made)
    # The connectors' price: sessions start as they do in production, with its frozen snapshot.
    template = TariffTemplate.objects.first() or make_tariff()
    since = clock.now() - timedelta(days=30)
    TariffAssignment.objects.bulk_create(
        TariffAssignment(charger=charger, template=template, valid_from=since) for charger in made
    )


def make_tariff() -> TariffTemplate:
    from tariffs.models import TariffTemplate, TariffVersion

    template = TariffTemplate.objects.create(name="Flat")
    TariffVersion.objects.create(template=template)
    return template
