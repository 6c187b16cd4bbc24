"""Ways to pay as drivers call them, and where refunds can be sent."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.gateways.base import Method

NAMES: Final[dict[Method, Promise | str]] = {
    Method.QRIS: "QRIS",
    Method.GOPAY: "GoPay",
    Method.OVO: "OVO",
    Method.DANA: "DANA",
    Method.SHOPEEPAY: "ShopeePay",
    Method.LINKAJA: "LinkAja",
    Method.VA_BCA: _("BCA virtual account"),
    Method.VA_BNI: _("BNI virtual account"),
    Method.VA_BRI: _("BRI virtual account"),
    Method.VA_MANDIRI: _("Mandiri virtual account"),
    Method.VA_PERMATA: _("Permata virtual account"),
    Method.VA_BSI: _("BSI virtual account"),
    Method.VA_CIMB: _("CIMB Niaga virtual account"),
    Method.HOSTED: _("Other ways (card, store)"),
}

HINTS: Final[dict[Method, Promise | str]] = {
    Method.QRIS: _("any banking app or e-wallet"),
    Method.HOSTED: _("on the page of the payment provider"),
}


def method_name(method: str) -> Promise | str:
    return NAMES.get(Method(method), method) if method in set(Method) else method


# Neutral codes that both gateways' payouts understand.
BANKS: Final = {
    "BCA": "BCA",
    "MANDIRI": "Mandiri",
    "BNI": "BNI",
    "BRI": "BRI",
    "BSI": "BSI",
    "CIMB": "CIMB Niaga",
    "PERMATA": "Permata",
    "DANAMON": "Danamon",
    "BTN": "BTN",
}
