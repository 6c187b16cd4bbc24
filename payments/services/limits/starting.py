"""A remote start that stops by itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, RemoteStart
from chargers.services.offers import offer_of
from chargers.services.remote_starts.intents import start_remotely
from cpo.models import User
from payments.models import ChargeLimit
from unievp.lib import clock
from unievp.lib.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Limit:
    """Wh, minor units, minutes since the start; None: no such limit. At least one is given."""

    energy_wh: int | None = None
    amount: int | None = None
    minutes: int | None = None


def start_limited(
    charger: Charger,
    *,
    id_tag: str,
    actor: User | str,
    connector_number: int | None = None,
    limit: Limit | None = None,
) -> RemoteStart:
    """`start_remotely`, and the session is asked to stop as soon as `limit` is reached.

    Raises RefusedError for an amount where nothing has a price, and what `start_remotely` raises.
    """
    with transaction.atomic():
        wish = start_remotely(
            charger, id_tag=id_tag, actor=actor, connector_number=connector_number
        )
        if limit is not None:
            if limit.amount is not None:
                _check_price(charger, connector_number)
            ChargeLimit.objects.create(
                remote_start=wish, created_at=wish.created_at, **asdict(limit)
            )
    return wish


def _check_price(charger: Charger, connector_number: int | None) -> None:
    """Every connector that the charger may choose has to have a price."""
    connectors = charger.connectors.all()
    if connector_number is not None:
        connectors = connectors.filter(number=connector_number)
    now = clock.now()
    if any(offer_of(connector, at=now) is None for connector in connectors):
        raise RefusedError(
            _("Nothing is sold here now, so no amount can be reached."), field="limit.amount"
        )
