"""Tokens from a CSV file: read and checked line by line first, stored all together or not at all.

The first line names the columns; `token` must be there. Comma or semicolon, UTF-8 with or without
byte order mark. A cell that our own export protected with an apostrophe is read as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from chargers.models import IdToken, IdTokenStatus
from chargers.services.id_tokens.managing import (
    LONGEST,
    LONGEST_LABEL,
    MOST_AT_ONCE,
    clean_text,
    create_token,
)
from cpo.models import CPO, User
from unievp.lib.errors import InvalidError
from unievp.lib.tables import CsvStyle, harmless

COLUMNS: Final = ("token", "label", "group", "status", "expires_at", "max_concurrent")
MOST_LINES: Final = 5_000
MOST_BYTES: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class GoodLine:
    number: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadLine:
    """`text` says what is wrong with `field` and what to do about it."""

    number: int
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    good: tuple[GoodLine, ...]
    bad: tuple[BadLine, ...]


def decode_file(content: bytes) -> str:
    """Raises InvalidError for what is no text, or too large."""
    if len(content) > MOST_BYTES:
        message = _("The file is larger than 2 MB. Split it.")
        raise InvalidError(message, field="file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = _("The file is not UTF-8. Save it as “CSV UTF-8”.")
        raise InvalidError(message, field="file") from error


def preview_import(cpo: CPO, text: str) -> Preview:
    """What an import would do; nothing is stored. Raises InvalidError for an unusable file."""
    rows = list(_rows(text))
    if len(rows) > MOST_LINES:
        message = _("At most %d lines at once. Split the file.") % MOST_LINES
        raise InvalidError(message, field="file")
    tags = [row.get("token", "").lower() for _number, row in rows]
    known = _known(cpo, tags)
    seen: dict[str, int] = {}
    good: list[GoodLine] = []
    bad: list[BadLine] = []
    for number, row in rows:
        try:
            values = _values(row)
            _refuse_double(values["token"], number, known, seen)
        except InvalidError as error:
            bad.append(BadLine(number, error.field or "", str(error)))
        else:
            good.append(GoodLine(number, values))
    return Preview(tuple(good), tuple(bad))


def import_tokens(cpo: CPO, text: str, *, actor: User | str, good_only: bool = False) -> int:
    """Store the file's tokens; how many. With a bad line nothing is, unless `good_only`."""
    with transaction.atomic():
        # Two imports at once: the second sees what the first stored.
        CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
        preview = preview_import(cpo, text)
        if preview.bad and not good_only:
            first = preview.bad[0]
            message = _("Line %(line)d, %(field)s: %(text)s Nothing was imported.") % {
                "line": first.number,
                "field": first.field,
                "text": first.text,
            }
            raise InvalidError(message, field="file", code="bad_lines")
        for line in preview.good:
            create_token(cpo, actor=actor, **line.values)
    return len(preview.good)


def export_tokens(tokens: Iterable[IdToken]) -> Iterator[bytes]:
    """The same columns, and where each was last seen (`last_seen_at`, `seen_at` as annotated)."""
    style = CsvStyle()
    yield style.head([*COLUMNS, "last_seen_at", "last_seen_where"])
    for row in tokens:
        yield style.lines([_cells(row)])


def _cells(row: IdToken) -> list[str | int | None]:
    seen = getattr(row, "last_seen", None)
    return [
        row.token,
        row.label,
        row.group,
        row.status,
        row.expires_at.isoformat() if row.expires_at else "",
        row.max_concurrent,
        seen.isoformat() if seen else "",
        getattr(row, "last_seen_where", None) or "",
    ]


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number in the file, cells by column)."""
    text = text.replace("\x00", "\ufffd")
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _check_head(names)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                # A line with more cells than the head has: they are nobody's.
                yield reader.line_num, dict(zip(names, map(_unprotected, cells), strict=False))
    except csv.Error as error:
        message = _("Line %d cannot be read as CSV. Check its quotes.") % reader.line_num
        raise InvalidError(message, field="file") from error


def _check_head(names: list[str]) -> None:
    if "token" not in names:
        message = _("The first line must name the columns, and one of them must be “token”.")
        raise InvalidError(message, field="file")


def _unprotected(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and harmless(text[1:]) == text else text


def _values(row: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "token": clean_text("token", row.get("token"), LONGEST),
        "label": clean_text("label", row.get("label"), LONGEST_LABEL),
        "group": clean_text("group", row.get("group"), LONGEST),
        "status": (row.get("status") or IdTokenStatus.ACTIVE).lower(),
        "expires_at": _moment(row.get("expires_at") or ""),
        "max_concurrent": _number(row.get("max_concurrent", "1")),
    }
    if not values["token"]:
        raise InvalidError(_("Enter the token, e.g. the card's number."), field="token")
    if values["status"] not in IdTokenStatus.values:
        raise InvalidError(_("Write active or blocked, or leave it empty."), field="status")
    return values


def _moment(text: str) -> datetime | None:
    """A day means its end; a time without a zone is UTC."""
    if not text:
        return None
    try:
        day = parse_date(text)
        moment = datetime.combine(day, time.max) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        message = _("Write 2030-12-31 or 2030-12-31T23:59:00+07:00, or leave it empty.")
        raise InvalidError(message, field="expires_at")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_AT_ONCE):
        message = _("Write a whole number from 1 to %d, or leave it empty for any number.")
        raise InvalidError(message % MOST_AT_ONCE, field="max_concurrent")
    return int(text)


def _known(cpo: CPO, tags: list[str]) -> frozenset[str]:
    wanted = set(tags)
    stored = IdToken.objects.filter(cpo=cpo).values_list("token", flat=True).iterator()
    return frozenset(tag.lower() for tag in stored if tag.lower() in wanted)


def _refuse_double(token: str, number: int, known: frozenset[str], seen: dict[str, int]) -> None:
    key = token.lower()
    if key in known:
        message = _("This token exists already. Delete the line, or change the token itself.")
        raise InvalidError(message, field="token")
    if seen.setdefault(key, number) != number:
        message = _("The same token is in line %d. Delete one of them.") % seen[key]
        raise InvalidError(message, field="token")
