"""A settlement's statement: the PDF for the company's books, the CSV for its spreadsheet."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from payments.documents import words
from payments.selectors.statements import Statement, StatementLine
from unievp.lib.money import format_money
from unievp.lib.secrets import mask
from unievp.lib.tables import Cell, CsvStyle

# Settlements are cut by the clock of Jakarta, wherever the company is.
ZONE: Final = "Asia/Jakarta"
_TEAL: Final = colors.HexColor("#0f766e")
_LINE: Final = colors.HexColor("#d3dedb")
_TEXT: Final = ParagraphStyle("text", fontName="Helvetica", fontSize=8.5, leading=11)
_RIGHT: Final = ParagraphStyle("right", parent=_TEXT, alignment=TA_RIGHT)
_STRONG: Final = ParagraphStyle("strong", parent=_TEXT, fontName="Helvetica-Bold")
_STRONG_RIGHT: Final = ParagraphStyle("strong-right", parent=_STRONG, alignment=TA_RIGHT)
_TITLE: Final = ParagraphStyle(
    "title", parent=_STRONG, fontSize=16, leading=20, textColor=_TEAL, spaceAfter=1 * mm
)
_WIDTH: Final = A4[0] - 30 * mm - 12


def statement_pdf(statement: Statement, *, language: str) -> bytes:
    """The paper in `language` ("id", "en")."""
    with translation.override(language):
        title = f"{_('Settlement')} {statement.settlement}"
        story = _story(statement, title, language)
    out = BytesIO()
    SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=15 * mm,
        bottomMargin=15 * mm,
        title=title,
        author="UNIEV",
        lang=language,
    ).build(story)
    return out.getvalue()


def statement_csv(statement: Statement, *, language: str) -> bytes:
    """A row per line, between the balances before and after; amounts are whole rupiah."""
    style = CsvStyle(comma=language == "id")
    zone = ZoneInfo(ZONE)
    with translation.override(language):
        names = [
            _("Time"), _("What"), _("Reference"), _("Charger"), _("Energy (Wh)"), _("Total"),
            _("Tax"), _("Platform fee"), _("Amount"), _("Balance"),
        ]  # fmt: skip
        balance = statement.opening
        rows: list[list[Cell]] = [[None, _("Balance before"), *[None] * 7, balance]]
        for line in statement.lines:
            balance += line.amount
            rows.append(
                [
                    line.at.astimezone(zone), words.booking_word(line.kind), line.reference,
                    line.place, line.energy_wh, line.gross, line.tax, line.fee, line.amount,
                    balance,
                ]
            )  # fmt: skip
        settlement = statement.settlement
        rows.append(
            [
                settlement.requested_at.astimezone(zone), _("Settlement"), str(settlement),
                *[None] * 5, -settlement.amount, statement.closing,
            ]
        )  # fmt: skip
    return style.head(names) + style.lines(rows)


def _story(statement: Statement, title: str, language: str) -> list[Any]:
    cpo = statement.settlement.cpo
    head = [cpo.legal_name or cpo.name, cpo.address]
    head += [f"NPWP {cpo.tax_number}"] if cpo.tax_number else []
    return [
        _paragraph(title, _TITLE),
        *(_paragraph(line, _TEXT) for line in head if line),
        Spacer(1, 4 * mm),
        _facts(statement, language),
        Spacer(1, 5 * mm),
        _sums(statement, language),
        Spacer(1, 5 * mm),
        _table(statement, language) if statement.lines else _paragraph(_("No entries."), _TEXT),
    ]


def _facts(statement: Statement, language: str) -> Table:
    settlement = statement.settlement
    since = words.moment(statement.since, ZONE, language) if statement.since else "-"
    account = f"{settlement.bank_code} {mask(settlement.bank_account_number)}"
    rows = [
        (_("Status"), str(settlement.get_status_display())),
        (_("From"), since),
        (_("To"), words.moment(statement.until, ZONE, language)),
        (_("Bank account"), f"{account}, {settlement.bank_account_name}"),
    ]
    if settlement.paid_at is not None:
        rows.append((_("Paid"), words.moment(settlement.paid_at, ZONE, language)))
    if settlement.proof:
        rows.append((_("Bank's reference"), settlement.proof))
    return _pairs([(name, _paragraph(value, _TEXT)) for name, value in rows])


def _sums(statement: Statement, language: str) -> Table:
    settlement = statement.settlement

    def amount(value: int, style: ParagraphStyle = _RIGHT) -> Paragraph:
        return _paragraph(format_money(value, settlement.currency, language), style)

    rows = [
        (_("Balance before"), amount(statement.opening)),
        (_("Entries of this time"), amount(statement.earned)),
        (_("Settlement"), amount(settlement.amount, _STRONG_RIGHT)),
    ]
    if settlement.charged_fee:
        rows.append((_("Fee of the transfer"), amount(-settlement.charged_fee)))
        rows.append((_("Transferred"), amount(settlement.transfer_amount, _STRONG_RIGHT)))
    rows.append((_("Left in the wallet"), amount(statement.closing)))
    if statement.withholding:
        percent = settings.COMMISSION_WITHHOLDING_PERCENT
        rows.append((_("Platform fee in these entries"), amount(statement.commission)))
        rows.append(
            (
                _("PPh 23 on it (%(percent)d %%), where you withhold it") % {"percent": percent},
                amount(statement.withholding),
            )
        )
    return _pairs(rows)


def _table(statement: Statement, language: str) -> LongTable:
    head = (_("Time"), _("What"), _("Total"), _("Tax"), _("Platform fee"), _("Amount"))
    data = [
        [_paragraph(name, _STRONG if at < 2 else _STRONG_RIGHT) for at, name in enumerate(head)]
    ]
    currency = statement.settlement.currency
    for line in statement.lines:
        numbers = (line.gross, line.tax, line.fee, line.amount)
        data.append(
            [
                _paragraph(words.moment(line.at, ZONE, language), _TEXT),
                _paragraph(_what(line, language), _TEXT),
                *(
                    _paragraph("" if n is None else format_money(n, currency, language), _RIGHT)
                    for n in numbers
                ),
            ]
        )
    widths = [_WIDTH * part for part in (0.2, 0.3, 0.125, 0.115, 0.125, 0.135)]
    table = LongTable(data, colWidths=widths, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def _what(line: StatementLine, language: str) -> str:
    parts = [words.booking_word(line.kind), line.reference, line.place]
    if line.energy_wh is not None:
        parts.append(words.energy(line.energy_wh, language))
    return " · ".join(part for part in parts if part)


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(words.printable(text), style)


def _pairs(rows: list[tuple[str, Paragraph]]) -> Table:
    data = [[_paragraph(name, _TEXT), value] for name, value in rows]
    table = Table(data, colWidths=[_WIDTH * 0.35, _WIDTH * 0.65])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table
