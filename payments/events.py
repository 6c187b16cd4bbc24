"""What happened to money, told on commit to whoever subscribed (`unievp/subscriptions.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BillIssued:
    bill_id: int


@dataclass(frozen=True, slots=True)
class SessionHeld:
    """A session could not be billed; a person has to look."""

    session_id: int


@dataclass(frozen=True, slots=True)
class SettlementRequested:
    settlement_id: int


@dataclass(frozen=True, slots=True)
class SettlementStatusChanged:
    settlement_id: int
    status: str
