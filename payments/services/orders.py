"""A driver's order at a connector: some energy, some money, or a full battery, paid in advance.

What is not used goes back, so an amount is what the order costs at most, told before it is paid.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from chargers.models import Connector, PowerType
from chargers.selectors.outlets import CAN_START, outlet_state
from chargers.services.offers import offer_of
from payments.models import PaymentIntent
from payments.services.intents.creating import Wish, create_intent
from tariffs.estimate import energy_for, total_of
from tariffs.pricing import Snapshot
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError
from unievp.lib.secrets import keyed_digest

# The largest batteries sold here hold about this much.
FULL_WH: Final = 60_000
LEAST_WH: Final = 500
MOST_WH: Final = 150_000
# What cars usually take: onboard chargers of 7 kW, and DC far below the plate for most of the time.
_USUAL_AC_W: Final = 7_000
_USUAL_DC_PERCENT: Final = 50
# An estimate is rounded up to this, so that a rupiah of VAT does not end a charge early.
_ROUND_UP_TO: Final = 500
_SECRET_BYTES: Final = 16


class Goal(StrEnum):
    ENERGY = "kwh"
    AMOUNT = "rp"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Order:
    """`value`: Wh for ENERGY, minor units for AMOUNT, nothing for FULL.

    `token` is the form's: the same order with the same token is one payment.
    """

    goal: Goal
    value: int
    method: str
    token: str
    email: str = ""
    language: str = "id"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order comes to: what is paid now, and the energy that it ends at or is about."""

    amount: int
    currency: str
    limit_energy_wh: int | None
    about_wh: int | None


def usual_power_w(connector: Connector) -> int:
    if connector.power_type == PowerType.DC:
        return max(1, connector.max_power_w * _USUAL_DC_PERCENT // 100)
    return max(1, min(connector.max_power_w, _USUAL_AC_W))


def terms_of(
    connector: Connector, snapshot: Snapshot, *, goal: Goal, value: int, at: datetime
) -> Terms:
    """Raises InvalidError for energy or an amount that is not sold."""
    power_w = usual_power_w(connector)
    currency = snapshot.rules.currency
    if goal is Goal.AMOUNT:
        _check_amount(value)
        about = energy_for(snapshot, amount=value, power_w=power_w, at=at, most_wh=MOST_WH)
        return Terms(value, currency, None, about)
    energy_wh = FULL_WH if goal is Goal.FULL else value
    if not LEAST_WH <= energy_wh <= MOST_WH:
        detail = _("From %(least)s to %(most)s kWh.") % {
            "least": LEAST_WH / 1000,
            "most": MOST_WH // 1000,
        }
        raise InvalidError(detail, field="kwh_own", code="energy_out_of_range")
    total = total_of(snapshot, energy_wh=energy_wh, power_w=power_w, at=at)
    rounded = -(-total // _ROUND_UP_TO) * _ROUND_UP_TO
    amount = min(max(rounded, settings.PAYMENT_MINIMUM), settings.PAYMENT_MAXIMUM)
    return Terms(amount, currency, None if goal is Goal.FULL else energy_wh, energy_wh)


def order_charging(connector: Connector, order: Order, *, created_by: str) -> PaymentIntent:
    """The payment of this order; again: the same payment, whatever became of it.

    Raises ConflictError (no charge can begin there now), RefusedError (nothing is sold there),
    InvalidError (amount, energy, method).
    """
    secret = _secret(connector, order)
    known = PaymentIntent.objects.filter(secret=secret).first()
    if known is not None:
        return known
    if outlet_state(connector) not in CAN_START:
        raise ConflictError(_("Charging cannot begin here right now."), code="connector_not_ready")
    now = clock.now()
    snapshot = offer_of(connector, at=now)
    if snapshot is None:
        raise RefusedError(_("Nothing is sold here: there is no price."), code="no_tariff")
    terms = terms_of(connector, snapshot, goal=order.goal, value=order.value, at=now)
    charger = connector.charger
    wish = Wish(
        amount=terms.amount,
        method=order.method,
        charger=charger,
        connector=connector,
        description=f"{charger.identity}/{connector.number}",
        limit_energy_wh=terms.limit_energy_wh,
        email=order.email,
        language=order.language,
        secret=secret,
    )
    try:
        with transaction.atomic():
            return create_intent(charger.cpo, wish, created_by=created_by)
    except IntegrityError:
        # Two taps at once: the other one was first.
        return PaymentIntent.objects.get(secret=secret)


def _secret(connector: Connector, order: Order) -> str:
    """Unguessable as the token is, and the same for the same order."""
    parts = (connector.pk, order.token, order.goal, order.value, order.method)
    text = "\n".join(str(part) for part in parts)
    digest = keyed_digest(f"order:{text}".encode())
    return base64.urlsafe_b64encode(digest[:_SECRET_BYTES]).decode().rstrip("=")


def _check_amount(amount: int) -> None:
    if not settings.PAYMENT_MINIMUM <= amount <= settings.PAYMENT_MAXIMUM:
        detail = _("An amount from %(least)d to %(most)d.") % {
            "least": settings.PAYMENT_MINIMUM,
            "most": settings.PAYMENT_MAXIMUM,
        }
        raise InvalidError(detail, field="rp_own", code="amount_out_of_range")
