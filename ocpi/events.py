"""What happened in roaming, told on commit to whoever subscribed (`unievp/subscriptions.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PartnerRegistered:
    """A partner connected, or renewed its credentials: what it missed is to be sent and fetched."""

    partner_id: int


@dataclass(frozen=True, slots=True)
class PartnerDisconnected:
    partner_id: int


@dataclass(frozen=True, slots=True)
class ObjectChanged:
    """A location, tariff, session or CDR is another one than before: partners are to be told.

    `partner_id` where only one of them may know of it.
    """

    module: str
    object_id: str
    partner_id: int | None = None
