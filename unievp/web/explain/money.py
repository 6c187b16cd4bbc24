"""From the frozen tariff to the price, and from the bill to the books."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from payments.chart import CHART, Code
from payments.models import (
    BillLine,
    BillLineKind,
    LedgerEntry,
    LedgerTransaction,
    PaymentIntent,
)
from tariffs.describe import price_text
from tariffs.pricing import RoundedLine, SnapshotError, snapshot_from_json, to_decimal
from unievp.lib import money
from unievp.web.explain.payment import steps_of
from unievp.web.explain.story import Story


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A line of the bill, or of the quote. `exact` is the amount before it was rounded."""

    kind: Promise | str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    exact: Decimal
    amount: int
    why: str


def price(story: Story) -> dict[str, Any]:
    """The tariff in words, then each line with the element of the tariff that made it."""
    session, bill, quote = story.session, story.bill, story.quote
    part: dict[str, Any] = {
        "tariff": _tariff(session.tariff_snapshot),
        "label": (session.tariff_snapshot or {}).get("label", ""),
        "bill": bill,
        "quote": quote,
        "currency": session.currency,
        "lines": [],
    }
    if bill is not None:
        part |= {"lines": [_of_bill(line) for line in bill.lines.all()], "total": bill.total}
    elif quote is not None:
        rounded = quote.result.rounded(money.exponent(quote.currency))
        part |= {"lines": [_of_quote(line) for line in rounded.lines], "total": quote.total}
        part["waived"] = quote.result.waived
    return part


def _tariff(snapshot: dict[str, Any] | None) -> list[str]:
    if snapshot is None:
        return []
    try:
        sold = snapshot_from_json(snapshot)
        language = translation.get_language() or settings.LANGUAGE_CODE
        return list(price_text(sold, language=language).lines)
    except (SnapshotError, ValueError):
        return [_("The tariff that was kept with the session cannot be read.")]


def _of_bill(line: BillLine) -> PriceLine:
    return PriceLine(
        line.get_kind_display(),
        line.quantity,
        line.unit,
        line.unit_price,
        line.exact_amount,
        line.amount,
        # Our own sentence, where the line waives what was not paid for.
        _(line.why) if line.kind == BillLineKind.WAIVED else line.why,
    )


def _of_quote(rounded: RoundedLine) -> PriceLine:
    line = rounded.line
    element = (
        _("Element %(number)d of the tariff") % {"number": line.element} if line.element else ""
    )
    return PriceLine(
        BillLineKind(line.kind.value).label,
        to_decimal(line.quantity),
        line.unit,
        line.unit_price,
        to_decimal(line.gross),
        rounded.gross,
        line.why or element,
    )


@dataclass(frozen=True, slots=True)
class Leg:
    """`debit` or `credit` is set, in minor units."""

    account: str
    meaning: Promise | str
    debit: int | None
    credit: int | None


@dataclass(frozen=True, slots=True)
class Booking:
    title: str
    transaction: Any
    legs: list[Leg]


def ledger(story: Story) -> dict[str, Any] | None:
    """The bookings: what was paid in advance, the bill, what went back, and the release."""
    bill = story.bill
    wanted = [] if story.payment is None else _of_payment(story.payment, story)
    if bill is not None and bill.booking is not None:
        wanted.append((_("Bill"), bill.booking))
    wanted.sort(key=lambda each: each[1].pk)
    if not wanted:
        return None
    if bill is not None and bill.release is not None:
        wanted.append((_("Release with other bills"), bill.release))
    entries = LedgerEntry.objects.filter(
        transaction__in=[transaction for _title, transaction in wanted]
    ).select_related("account")
    rows = list(entries.order_by("id")[:200])
    bookings = [
        Booking(title, item, [_leg(row) for row in rows if row.transaction_id == item.pk])
        for title, item in wanted
    ]
    return {"bookings": bookings, "bill": bill, "currency": story.session.currency}


def _of_payment(intent: PaymentIntent, story: Story) -> list[tuple[str, LedgerTransaction]]:
    return [
        (event.get_kind_display(), event.booking)
        for event in steps_of(intent, story)
        if event.booking is not None
    ]


def _leg(row: LedgerEntry) -> Leg:
    code = row.account.code
    known = CHART.get(cast("Code", code))
    is_debit = row.side == "D"
    return Leg(
        code,
        known.meaning if known else code,
        row.amount if is_debit else None,
        None if is_debit else row.amount,
    )
