"""The price that a driver saw is frozen with the payment, before a rupiah moves."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import Connector
from chargers.services.offers import tariff_now
from payments.models import IntentStatus, PaymentIntent, PrepaidCharge
from payments.services.intents.history import lock_intent
from unievp.lib import clock
from unievp.lib.errors import ConflictError, RefusedError


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


def place_charge(intent_id: UUID, connector: Connector) -> PaymentIntent:
    """A payment that was made for no connector is for this one now; again: nothing changes.

    Raises RefusedError (another connector, another company, nothing sold), ConflictError (not paid,
    or given back).
    """
    with transaction.atomic():
        intent = lock_intent(intent_id)
        elsewhere = intent.connector_id not in (None, connector.pk)
        if intent.charger_id not in (None, connector.charger_id) or elsewhere:
            raise RefusedError(_("This payment is for another connector."), field="payment_id")
        if intent.cpo_id != connector.charger.cpo_id:
            raise RefusedError(_("This charger is another company's."), field="payment_id")
        if intent.connector_id is None:
            if intent.status != IntentStatus.SUCCEEDED or intent.is_late:
                detail = _("This payment is not paid, or was given back.")
                raise ConflictError(detail, field="payment_id", code="not_paid")
            intent.charger, intent.connector = connector.charger, connector
            intent.save(update_fields=["charger", "connector"])
            promise_charge(intent, connector)
    return intent
