"""The receipt of a prepaid charge as a PDF: one page of A5, readable on a phone and on paper."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import HRFlowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from payments.documents import words
from payments.models import BillLine, BillLineKind
from payments.selectors.receipts import Receipt
from payments.services.links import bill_page_url
from tariffs.describe import format_rate
from unievp.lib.money import format_money

_TEAL: Final = colors.HexColor("#0f766e")
_SOFT: Final = colors.HexColor("#4d5f5c")
_LINE: Final = colors.HexColor("#d3dedb")
_TEXT: Final = ParagraphStyle("text", fontName="Helvetica", fontSize=9, leading=12)
_SMALL: Final = ParagraphStyle("small", parent=_TEXT, fontSize=7.5, leading=10, textColor=_SOFT)
_RIGHT: Final = ParagraphStyle("right", parent=_TEXT, alignment=TA_RIGHT)
_STRONG: Final = ParagraphStyle("strong", parent=_TEXT, fontName="Helvetica-Bold", fontSize=11)
_STRONG_RIGHT: Final = ParagraphStyle("strong-right", parent=_STRONG, alignment=TA_RIGHT)
_TITLE: Final = ParagraphStyle(
    "title", parent=_STRONG, fontSize=16, leading=20, textColor=_TEAL, spaceAfter=1 * mm
)
_COUNTED: Final = (
    BillLineKind.ENERGY,
    BillLineKind.TIME,
    BillLineKind.PARKING_TIME,
    BillLineKind.FLAT,
)
# Within the margins and the frame's own padding.
_WIDTH: Final = A5[0] - 24 * mm - 12


def receipt_pdf(receipt: Receipt, *, language: str) -> bytes:
    """The paper in `language` ("id", "en")."""
    with translation.override(language):
        story = _story(receipt, language)
        title = f"{_('Receipt')} {receipt.number}"
    out = BytesIO()
    SimpleDocTemplate(
        out,
        pagesize=A5,
        leftMargin=12 * mm,
        rightMargin=12 * mm,
        topMargin=12 * mm,
        bottomMargin=10 * mm,
        title=title,
        author="UNIEV",
        lang=language,
    ).build(story)
    return out.getvalue()


def _story(receipt: Receipt, language: str) -> list[Any]:
    seller = receipt.intent.cpo
    head = [part for part in (seller.legal_name or seller.name, seller.address) if part]
    if seller.tax_number:
        head.append(f"NPWP {seller.tax_number}")
    return [
        _paragraph(_("Receipt"), _TITLE),
        _paragraph(f"{receipt.number} · {words.moment(receipt.at, receipt.zone, language)}", _TEXT),
        Spacer(1, 2 * mm),
        *(_paragraph(line, _SMALL) for line in head),
        _rule(),
        _pairs(_facts(receipt, language)),
        _rule(),
        *_bill(receipt, language),
        _rule(),
        _money(receipt, language),
        Spacer(1, 4 * mm),
        *_closing(receipt),
    ]


def _facts(receipt: Receipt, language: str) -> list[tuple[str, str]]:
    intent, session = receipt.intent, receipt.intent.session
    facts: list[tuple[str, str]] = []
    if intent.charger is not None:
        place = intent.charger.location
        address = ", ".join(part for part in (place.name, place.address, place.city) if part)
        outlet = str(intent.connector or intent.charger)
        facts += [(_("Place"), address), (_("Charger"), outlet)]
    if session is not None and session.ended_at is not None:
        begun = words.moment(session.started_at, receipt.zone, language)
        ended = words.moment(session.ended_at, receipt.zone, language)
        span = words.length(session.ended_at - session.started_at)
        facts += [
            (_("From"), begun),
            (_("To"), f"{ended} ({span})"),
            (_("Energy"), words.energy(session.energy_wh, language)),
            (_("Transaction"), str(session.transaction_id)),
        ]
    return facts


def _bill(receipt: Receipt, language: str) -> list[Any]:
    bill = receipt.bill
    if bill is None:
        return [_paragraph(_("Nothing was charged."), _TEXT), Spacer(1, 2 * mm)]
    rows = []
    for line in receipt.lines:
        amount = _amount(receipt, line.amount, language)
        rows.append((_line(line, bill.currency, language), amount))
    parts = [_pairs(rows)] if rows else []
    parts.append(_pairs([(_("Total"), _amount(receipt, bill.total, language))], strong=True))
    if bill.tax:
        parts.append(_pairs([(_("of which tax"), _amount(receipt, bill.tax, language))]))
    return parts


def _line(line: BillLine, currency: str, language: str) -> str:
    """`Energy: 12,3 kWh x Rp2.467`; a line that keeps to a bound has neither."""
    if line.kind not in _COUNTED:
        return str(line.get_kind_display())
    count = f"{words.quantity(line.quantity, language)} {words.unit_word(line.unit)}"
    rate = format_rate(line.unit_price, currency, language)
    return f"{line.get_kind_display()}: {count} \N{MULTIPLICATION SIGN} {rate}"


def _money(receipt: Receipt, language: str) -> Table:
    paid_at = receipt.intent.paid_at
    when = f" · {words.moment(paid_at, receipt.zone, language)}" if paid_at else ""
    paid_by = receipt.method.upper().replace("_", " ")
    rows = [(f"{_('Paid')} ({paid_by}){when}", _amount(receipt, receipt.intent.paid, language))]
    if receipt.refunded:
        rows.append((_("Refunded"), _amount(receipt, receipt.refunded, language)))
    if receipt.refund_due:
        rows.append((_("On its way back to you"), _amount(receipt, receipt.refund_due, language)))
    return _pairs(rows)


def _closing(receipt: Receipt) -> list[Any]:
    lines = [_("This receipt is no tax invoice (faktur pajak).")]
    if receipt.bill is not None:
        url = words.printable(bill_page_url(receipt.bill))
        link = f'<link href="{url}" color="#0f766e">{url}</link>'
        lines.insert(0, _("How the price came about:") + f" {link}")
    return [Paragraph(line, _SMALL) for line in lines]


def _amount(receipt: Receipt, amount: int, language: str) -> str:
    return format_money(amount, receipt.currency, language)


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(words.printable(text), style)


def _pairs(rows: list[tuple[str, str]], *, strong: bool = False) -> Table:
    left, right = (_STRONG, _STRONG_RIGHT) if strong else (_TEXT, _RIGHT)
    data = [[_paragraph(name, left), _paragraph(value, right)] for name, value in rows]
    table = Table(data, colWidths=[_WIDTH * 0.5, _WIDTH * 0.5])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1.2 * mm),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _rule() -> HRFlowable:
    return HRFlowable(
        width="100%", thickness=0.6, color=_LINE, spaceBefore=2 * mm, spaceAfter=1 * mm
    )
