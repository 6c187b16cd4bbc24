"""Printable sheets of labels: the QR code of each connector, what it is, what it costs.

A4, eight labels a page with lines to cut along, each 95 mm by 68 mm. Both languages on every label:
nobody knows who will stand before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from urllib.parse import quote

import segno
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.lib.colors import Color, HexColor, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from chargers.models import Connector
from chargers.services.offers import offer_of
from payments.documents.words import plain
from tariffs.describe import price_text
from tariffs.pricing import SnapshotError
from unievp.lib import clock
from unievp.web.templatetags.portal import plug

LANGUAGES: Final = ("id", "en")
_COLUMNS, _ROWS = 2, 4
_WIDTH, _HEIGHT = 95 * mm, 68 * mm
_QR: Final = 40 * mm
_PAD: Final = 5 * mm
_TEAL, _LINE, _SOFT = HexColor("#0f766e"), HexColor("#b8c4c1"), HexColor("#4d5f5c")


@dataclass(frozen=True, slots=True)
class Label:
    """`prices` in the order of LANGUAGES; empty where nothing is sold."""

    url: str
    charger: str
    name: str
    number: int
    plug: str
    prices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """`lines`: at most so many; what is longer becomes smaller where `shrinks`, else is cut."""

    size: float
    font: str = "Helvetica-Bold"
    colour: Color = black
    lines: int = 2
    shrinks: bool = False


_TITLE: Final = Style(12, colour=_TEAL)
_SUBTITLE: Final = Style(9, colour=_TEAL)
_STRONG: Final = Style(10)
_FINE: Final = Style(8, font="Helvetica", colour=_SOFT)
_PRICE: Final = Style(8, font="Helvetica")
_ADDRESS: Final = Style(10, lines=1, shrinks=True)
_SMALLEST: Final = 5


@dataclass(slots=True)
class Pen:
    """Writes line below line from the baseline `y`, between `x` and `right`."""

    canvas: Canvas
    x: float
    y: float
    right: float

    def write(self, text: str, style: Style) -> None:
        written, size, room = plain(text), style.size, self.right - self.x
        while (
            style.shrinks
            and size > _SMALLEST
            and self.canvas.stringWidth(written, style.font, size) > room
        ):
            size -= 0.5
        self.canvas.setFont(style.font, size)
        self.canvas.setFillColor(style.colour)
        for line in simpleSplit(written, style.font, size, room)[: style.lines]:
            self.canvas.drawString(self.x, self.y, line)
            self.y -= size * 1.25


def label_of(connector: Connector) -> Label:
    """`connector` with its charger and location."""
    charger = connector.charger
    try:
        snapshot = offer_of(connector, at=clock.now())
    except (SnapshotError, ValueError):
        snapshot = None
    prices: tuple[str, ...] = ()
    if snapshot is not None:
        prices = tuple(price_text(snapshot, language=language).short for language in LANGUAGES)
    return Label(
        url=f"{settings.PUBLIC_URL}/pay/{quote(charger.identity)}/{connector.number}",
        charger=charger.identity,
        name=charger.name or charger.location.name,
        number=connector.number,
        plug=f"{plug(connector.standard)} · {connector.max_power_w / 1000:g} kW",
        prices=prices,
    )


def sheets_pdf(labels: Sequence[Label]) -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setTitle("UNIEV QR")
    left = (A4[0] - _COLUMNS * _WIDTH) / 2
    top = A4[1] - (A4[1] - _ROWS * _HEIGHT) / 2
    per_page = _COLUMNS * _ROWS
    for index, label in enumerate(labels):
        place = index % per_page
        if index and not place:
            canvas.showPage()
        row, column = divmod(place, _COLUMNS)
        _draw(canvas, label, left + column * _WIDTH, top - (row + 1) * _HEIGHT)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, label: Label, x: float, y: float) -> None:
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.4)
    canvas.setDash(2, 2)
    canvas.rect(x, y, _WIDTH, _HEIGHT)
    canvas.setDash()
    _draw_qr(canvas, label.url, x + _PAD, y + _HEIGHT - _PAD - _QR)
    beside = Pen(canvas, x + _PAD + _QR + 4 * mm, y + _HEIGHT - _PAD - 4 * mm, x + _WIDTH - _PAD)
    for language, style in zip(LANGUAGES, (_TITLE, _SUBTITLE), strict=True):
        with translation.override(language):
            beside.write(_("Scan, pay, charge"), style)
    beside.y -= 2 * mm
    beside.write(label.name, _STRONG)
    beside.write(label.charger, _STRONG)
    beside.write(label.plug, _FINE)
    canvas.setFont("Helvetica-Bold", 30)
    canvas.setFillColor(black)
    canvas.drawRightString(x + _WIDTH - _PAD, y + _HEIGHT - _PAD - _QR, str(label.number))
    below = Pen(canvas, x + _PAD, y + _HEIGHT - _PAD - _QR - 5 * mm, x + _WIDTH - _PAD)
    for price in label.prices:
        below.write(price, _PRICE)
    below.y = y + 4.5 * mm
    below.write(label.url.split("://", 1)[1], _ADDRESS)


def _draw_qr(canvas: Canvas, text: str, x: float, y: float) -> None:
    """Black squares of one path: sharp at any size. The quiet zone is the label's own white."""
    rows = [bytes(row) for row in segno.make(text, error="q", micro=False).matrix]
    cell = _QR / len(rows)
    path = canvas.beginPath()
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                path.rect(x + across * cell, y + _QR - (down + 1) * cell, cell, cell)
    canvas.setFillColor(black)
    canvas.drawPath(path, stroke=0, fill=1)
