"""A gateway's settlement report as a CSV file, where its API tells no transactions (Midtrans).

Each line is kept as a line of the statement and booked as such (payments.md §2.7): a file that is
imported again, or one that overlaps with another, changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from cpo.access import is_platform_staff
from cpo.models import User
from cpo.services import audit
from payments.gateways.base import GatewayTransaction
from payments.models import ProviderConfig
from payments.services.reconciliation.statements import book_lines, keep_line
from unievp.lib.errors import ForbiddenError, InvalidError

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_LINES: Final = 50_000
_ZONE: Final = ZoneInfo("Asia/Jakarta")
# Our name → what reports call it, without signs and in lower case. The first that is there counts.
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "reference": ("orderid", "merchantreference", "referenceid"),
    "id": ("transactionid", "paymentid"),
    "amount": ("grossamount", "amount", "transactionamount"),
    "fee": ("fee", "mdr", "totalfee", "transactionfee"),
    "tax": ("vat", "ppn", "taxfee", "feetax"),
    "net": ("netamount", "settlementamount", "net"),
    "at": ("settlementtime", "settlementdate", "payoutdate", "settledat"),
}
_NEEDED: Final = ("reference", "amount", "net", "at")


@dataclass(frozen=True, slots=True)
class ReportFault:
    """`text` says what is wrong in `line`."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[GatewayTransaction, ...]
    faults: tuple[ReportFault, ...]

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def fees(self) -> int:
        return sum(line.fee + line.tax_on_fee for line in self.lines)


def read_report(content: bytes) -> Report:
    """What the file says; nothing is stored. Raises InvalidError (`file`) for an unusable one."""
    if len(content) > MOST_BYTES:
        raise InvalidError(_("The file is larger than 10 MB. Split it."), field="file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = _("The file is not UTF-8. Save it as “CSV UTF-8”.")
        raise InvalidError(message, field="file") from None
    lines: list[GatewayTransaction] = []
    faults: list[ReportFault] = []
    seen: set[str] = set()
    for number, row in _rows(text):
        if number > MOST_LINES:
            raise InvalidError(_("Too many lines. Split the file."), field="file")
        try:
            line = _line(row)
            if line.id in seen:
                raise InvalidError(_("This line is in the file twice."))
        except InvalidError as error:
            faults.append(ReportFault(number, str(error)))
        else:
            seen.add(line.id)
            lines.append(line)
    return Report(tuple(lines), tuple(faults))


def import_report(config: ProviderConfig, content: bytes, *, actor: User) -> int:
    """Keep all lines, then book those that fit; how many were kept. With a faulty line: none.

    Raises ForbiddenError, InvalidError (`file`).
    """
    if not (is_platform_staff(actor) and actor.has_perm("payments.change_statementline")):
        raise ForbiddenError(_("Only finance staff import reports."))
    report = read_report(content)
    if report.faults:
        first = report.faults[0]
        message = _("Line %(line)d: %(text)s Nothing was imported.")
        raise InvalidError(message % {"line": first.line, "text": first.text}, field="file")
    with transaction.atomic():
        for line in report.lines:
            keep_line(config, line)
        audit.record(
            actor=actor,
            action="statement.import",
            subject=config,
            after={"lines": len(report.lines), "total": report.total, "fees": report.fees},
            cpo=config.cpo,
        )
    book_lines()
    return len(report.lines)


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if head.count(";") > 1 else ",")
    try:
        names = [_plain(cell) for cell in next(reader, [])]
        found = {
            ours: next((names.index(each) for each in theirs if each in names), None)
            for ours, theirs in _COLUMNS.items()
        }
        for ours in _NEEDED:
            if found[ours] is None:
                message = _("The first line names no column for %(name)s (such as %(such)s).")
                such = _COLUMNS[ours][0]
                raise InvalidError(message % {"name": ours, "such": such}, field="file")
        for number, cells in enumerate(reader, start=2):
            if any(cell.strip() for cell in cells):
                yield number, _cells(cells, found)
    except csv.Error as error:
        raise InvalidError(_("This is no CSV file: %s.") % error, field="file") from error


def _cells(cells: list[str], found: Mapping[str, int | None]) -> dict[str, str]:
    return {
        name: cells[place].strip()
        for name, place in found.items()
        if place is not None and place < len(cells)
    }


def _line(row: Mapping[str, str]) -> GatewayTransaction:
    reference = row.get("reference", "")[:80]
    if not reference:
        raise InvalidError(_("It names no order."))
    amount, net = _rupiah(row, "amount"), _rupiah(row, "net")
    tax = _rupiah(row, "tax") if row.get("tax") else 0
    fee = _rupiah(row, "fee") if row.get("fee") else amount - net - tax
    if fee + tax + net != amount:
        raise InvalidError(_("Net amount, fee and tax are not the amount together."))
    product = row.get("id", "")[:80]
    return GatewayTransaction(
        id=f"report:{product or reference}"[:80],
        kind="payment",
        reference=reference,
        product_id=product,
        amount=amount,
        net_amount=net,
        fee=fee,
        tax_on_fee=tax,
        settled=True,
        at=_moment(row.get("at", "")),
    )


def _rupiah(row: Mapping[str, str], name: str) -> int:
    """Whole rupiah as spreadsheets write them: 50000, 50.000, 50,000.00, Rp50.000."""
    text = re.sub(r"[^0-9,.-]", "", row.get(name, ""))
    text = re.sub(r"[.,]0{1,2}$", "", text)
    try:
        value = Decimal(re.sub(r"[.,](?=\d{3}(?:\D|$))", "", text).replace(",", "."))
    except InvalidOperation:
        raise InvalidError(_("%(name)s is no amount.") % {"name": name}) from None
    if value != int(value) or not 0 <= value < 2**53:
        raise InvalidError(_("%(name)s is no whole amount.") % {"name": name})
    return int(value)


def _moment(text: str) -> datetime:
    """A time without a zone, or a day, is Jakarta's."""
    try:
        at = parse_datetime(text)
        if at is None and (day := parse_date(text)) is not None:
            at = datetime.combine(day, time(0))
    except ValueError:
        at = None
    if at is None:
        raise InvalidError(_("The time is not as 2026-11-23 10:15:00."))
    return at if at.tzinfo else at.replace(tzinfo=_ZONE)


def _plain(cell: str) -> str:
    return re.sub(r"[^a-z]", "", cell.lower())
