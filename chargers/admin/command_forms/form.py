"""A typed form for any OCPP 1.6 request, made from its JSON schema.

It refuses only what makes the frame malformed by that schema. Whether the charger will like it is
the charger's answer, not ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.forms import BoundField
from django.forms.utils import ErrorDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from chargers.admin.command_forms.fields import make_field
from chargers.admin.command_forms.texts import FAULTS, SECTIONS, FieldText
from chargers.admin.command_forms.tree import Leaf, Path, Section, Table, parts_of
from chargers.ocpp.schemas import Fault, request_faults
from chargers.ocpp.shapes import in_wire_order, request_shape

MORE_ROWS = "more-rows"
_FIRST_ROWS = 3
_ROWS_AT_ONCE = 5
_MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the form for the template: its fields, or the rows of its table."""

    title: str | Promise
    note: str | Promise
    fields: list[BoundField]
    rows: list[list[BoundField]]


class CommandForm(forms.Form):
    """`payload()` is what goes on the wire: empty optional fields are left out.

    Fields are named by their path ("csChargingProfiles.stackLevel"), rows by their number
    ("localAuthorizationList.0.idTag"). `zone`: what times are typed in.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        action: str,
        zone: ZoneInfo | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.action = action
        self._shape = request_shape(action)
        self._zone = zone or ZoneInfo("UTC")
        self._parts = list(parts_of(self._shape))
        self._rows = {
            part.path: _row_count(part, data) for part in self._parts if isinstance(part, Table)
        }
        for part in self._parts:
            for path, leaf in self._places(part):
                self.fields[".".join(path)] = make_field(
                    action, leaf, zone=self._zone, required=self._is_needed(part, leaf)
                )

    @property
    def asks_for_rows(self) -> bool:
        return MORE_ROWS in self.data

    def full_clean(self) -> None:
        if self.asks_for_rows:
            # Only empty rows are asked for; nothing is judged yet.
            self._errors = ErrorDict()
            return
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for fault in request_faults(self.action, self.payload()):
            self._blame(fault)
        return cleaned

    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = {}
        for part in self._parts:
            if isinstance(part, Table):
                rows = [row for _number, row in self._filled_rows(part)]
                if rows:
                    _put(payload, part.path, rows)
                continue
            for leaf in part.leaves:
                value = self._value(leaf.path)
                if not _is_empty(value) or self._is_empty_value(leaf):
                    _put(payload, leaf.path, "" if value is None else value)
        return in_wire_order(self.action, payload)

    def blocks(self) -> Iterator[Block]:
        for part in self._parts:
            text = SECTIONS.get(part.path[-1], FieldText("")) if part.path else FieldText("")
            if isinstance(part, Section):
                fields = [self[".".join(leaf.path)] for leaf in part.leaves]
                yield Block(text.label, text.help, fields, [])
            else:
                rows = [
                    [self[_row_field(part, number, leaf)] for leaf in part.leaves]
                    for number in range(self._rows[part.path])
                ]
                yield Block(text.label, text.help, [], rows)

    def _places(self, part: Section | Table) -> Iterator[tuple[Path, Leaf]]:
        if isinstance(part, Section):
            yield from ((leaf.path, leaf) for leaf in part.leaves)
            return
        for number in range(self._rows[part.path]):
            for leaf in part.leaves:
                yield (*part.path, str(number), *leaf.path), leaf

    def _is_needed(self, part: Section | Table, leaf: Leaf) -> bool:
        """Whether the field can have no empty choice: each object around it is required."""
        if isinstance(part, Table):
            return False
        shape = self._shape
        for name in part.path:
            if name not in shape.get("required", ()):
                return False
            shape = shape["properties"][name]
        return leaf.required

    def _value(self, path: Path) -> Any:
        return self.cleaned_data.get(".".join(path))

    def _is_empty_value(self, leaf: Leaf) -> bool:
        """ChangeConfiguration: an empty value is a value."""
        return (self.action, leaf.name) == ("ChangeConfiguration", "value")

    def _filled_rows(self, table: Table) -> Iterator[tuple[int, dict[str, Any]]]:
        for number in range(self._rows[table.path]):
            row: dict[str, Any] = {}
            for leaf in table.leaves:
                value = self._value((*table.path, str(number), *leaf.path))
                if not _is_empty(value):
                    _put(row, leaf.path, value)
            if row:
                yield number, row

    def _blame(self, fault: Fault) -> None:
        name = self._field_at(fault.path)
        text = str(FAULTS.get(fault.text, fault.text))
        if name is None:
            self.add_error(None, f"{fault.path}: {text}" if fault.path else text)
        elif name not in self.errors:
            self.add_error(name, text)

    def _field_at(self, path: str) -> str | None:
        """The field of a place in the payload: itself, the first one inside, or the one around."""
        for part in self._parts:
            prefix = ".".join(part.path) + "."
            if isinstance(part, Table) and path.startswith(prefix):
                index, _dot, rest = path.removeprefix(prefix).partition(".")
                numbers = [number for number, _row in self._filled_rows(part)]
                path = f"{prefix}{numbers[int(index)]}.{rest}".rstrip(".")
        names = (
            name
            for name in self.fields
            if f"{name}.".startswith(f"{path}.") or path.startswith(f"{name}.")
        )
        return next(names, None)


def zone_note(zone: ZoneInfo) -> str:
    return _("Times are those of the site (%(zone)s) and are sent in UTC.") % {"zone": zone.key}


def _row_count(table: Table, data: Mapping[str, Any] | None) -> int:
    """As many as were sent, and some empty ones to start with or when asked for."""
    prefix = ".".join(table.path) + "."
    numbers = [
        int(number)
        for name in data or ()
        if name.startswith(prefix)
        and (number := name.removeprefix(prefix).partition(".")[0]).isdecimal()
        and len(number) < len(str(_MOST_ROWS)) + 1
    ]
    sent = max(numbers, default=-1) + 1
    if sent == 0:
        return _FIRST_ROWS
    more = _ROWS_AT_ONCE if data is not None and MORE_ROWS in data else 0
    return min(sent + more, _MOST_ROWS)


def _row_field(table: Table, number: int, leaf: Leaf) -> str:
    return ".".join((*table.path, str(number), *leaf.path))


def _is_empty(value: Any) -> bool:
    return value is None or value == ""


def _put(target: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        target = target.setdefault(name, {})
    target[path[-1]] = value
