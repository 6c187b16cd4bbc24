"""Tables for spreadsheets: CSV that Excel opens, and XLSX. What people typed stays text.

A cell is a str, int, Decimal, datetime (with a zone; written as local time) or None.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO, Final

from xlsxwriter import Workbook

Cell = str | int | Decimal | datetime | None

# A spreadsheet runs what begins like this (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_BOM: Final = "\ufeff"
_TIME: Final = "%Y-%m-%d %H:%M:%S"
# What one sheet holds.
MOST_ROWS: Final = 1_048_575


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """`comma`: decimal comma, and so a semicolon between cells, as Excel in Indonesian expects."""

    comma: bool = False

    def head(self, names: Sequence[str]) -> bytes:
        """The byte order mark tells Excel that this is UTF-8."""
        return (_BOM + self._text([names])).encode()

    def lines(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        return self._text([[self._cell(cell) for cell in row] for row in rows]).encode()

    def _text(self, rows: Iterable[Sequence[str]]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=";" if self.comma else ",").writerows(rows)
        return out.getvalue()

    def _cell(self, cell: Cell) -> str:
        if cell is None:
            return ""
        if isinstance(cell, str):
            return harmless(cell)
        if isinstance(cell, datetime):
            return cell.strftime(_TIME)
        return str(cell).replace(".", ",") if self.comma else str(cell)


def harmless(text: str) -> str:
    """With an apostrophe in front where a spreadsheet would calculate it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def write_xlsx(file: IO[bytes], names: Sequence[str], rows: Iterator[Sequence[Cell]]) -> int:
    """One sheet, row by row with constant memory; how many rows. Text is never a formula.

    Rows beyond what a sheet holds are left out.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    count = 0
    with Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold, time = (
            book.add_format({"bold": True}),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        )
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, names, bold)
        for row in rows:
            if count == MOST_ROWS:
                break
            count += 1
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(count, column, cell.replace(tzinfo=None), time)
                elif isinstance(cell, str):
                    sheet.write_string(count, column, cell)
                elif cell is not None:
                    sheet.write_number(count, column, cell)
    return count
