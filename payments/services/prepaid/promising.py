"""The price that a driver saw is frozen with the payment, before a rupiah moves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from chargers.models import Connector
from chargers.services.offers import tariff_now
from payments.models import PaymentIntent, PrepaidCharge
from unievp.lib import clock
from unievp.lib.errors import RefusedError


def promise_charge(intent: PaymentIntent, connector: Connector) -> PrepaidCharge:
    """What `intent` buys at `connector`, at the price of this moment.

    Raises RefusedError where nothing is sold, or not in the payment's currency.
    """
    at = clock.now()
    tariff = tariff_now(connector, at=at)
    if tariff is None:
        raise RefusedError(_("Nothing is sold here: there is no price."), code="no_tariff")
    if tariff.currency != intent.currency:
        raise RefusedError(_("The price here is in another currency."), code="wrong_currency")
    charge: PrepaidCharge = PrepaidCharge.objects.create(
        intent=intent,
        tariff_version_id=tariff.version_id,
        tariff_snapshot=tariff.snapshot,
        created_at=at,
    )
    return charge
