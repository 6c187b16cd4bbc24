"""Every settlement of a time: what a company asked for, who decided, what the bank was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, Right, visible_with
from payments.models import Payout, Settlement, SettlementStatus
from unievp.lib.secrets import mask
from unievp.lib.tables import Cell
from unievp.web.reports.paging import by_time
from unievp.web.reports.report import Report
from unievp.web.reports.wanted import Wanted
from unievp.web.timezones import OFFICE_ZONE

_PARTS: Final = ("cpo", "requested_by", "requested_key", "decided_by", "decided_key")


def rows(actor: Actor, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    """By when they were asked for."""
    settlements = wanted.within(
        visible_with(actor, Settlement.objects.all(), Right.MONEY),
        "requested_at",
        status="status",
    )
    newest = Payout.objects.filter(settlement=OuterRef("pk")).order_by("-created_at")
    settlements = settlements.select_related(*_PARTS).annotate(
        payout=Subquery(newest.values("reference")[:1]),
        gateway_payout=Subquery(newest.values("gateway_id")[:1]),
    )
    for settlement in by_time(settlements, "requested_at"):
        yield _line(settlement, wanted.zone or OFFICE_ZONE)


def _line(settlement: Settlement, place: ZoneInfo) -> tuple[Cell, ...]:
    def local(at: datetime | None) -> datetime | None:
        return at.astimezone(place) if at else None

    told = vars(settlement)
    return (
        str(settlement),
        settlement.cpo.name,
        str(place),
        settlement.status,
        local(settlement.requested_at),
        _who(settlement.requested_by, settlement.requested_key),
        local(settlement.decided_at),
        _who(settlement.decided_by, settlement.decided_key),
        local(settlement.paid_at),
        settlement.amount,
        settlement.charged_fee,
        settlement.transfer_amount,
        settlement.currency,
        settlement.bank_code,
        settlement.bank_account_name,
        mask(settlement.bank_account_number),
        told["payout"],
        told["gateway_payout"],
        settlement.proof,
        settlement.reason,
    )


def _who(person: object, key: object) -> str | None:
    found = person or key
    return str(found) if found else None


SETTLEMENTS: Final = Report(
    name="settlements",
    title=_("Settlements"),
    about=_("What was asked for, who decided, and what the bank was told to send."),
    columns=(
        "settlement", "cpo", "time_zone", "status", "requested_at", "requested_by", "decided_at",
        "decided_by", "paid_at", "amount", "fee_kept_back", "transferred", "currency", "bank",
        "account_holder", "account_number", "payout_reference", "gateway_reference", "proof",
        "reason",
    ),
    rows=rows,
    right=Right.MONEY,
    filters=frozenset({"status"}),
    statuses=SettlementStatus.choices,
)  # fmt: skip
