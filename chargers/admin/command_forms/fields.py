"""Form fields whose cleaned value is what goes on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from chargers.admin.command_forms.texts import text_of
from chargers.admin.command_forms.tree import Leaf
from unievp.lib.clock import isoformat_z

# From here on a text deserves an area: certificates, signatures, free data.
_LONG_TEXT = 600
_FREE_TEXTS = frozenset({"data"})


class WordsField(forms.CharField):
    """One word per line → list of strings; an empty field → None."""

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        words = [line.strip() for line in text.splitlines() if line.strip()]
        return words or None


class LongTextField(forms.CharField):
    """Browsers send CRLF; PEM files and their signatures have LF."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class NumberField(forms.DecimalField):
    """A JSON number: whole where it is whole."""

    def clean(self, value: Any) -> Any:
        number: Decimal | None = super().clean(value)
        if number is None:
            return None
        # Not money and not energy: a limit in A or W, which JSON can only write as a number.
        return int(number) if number == number.to_integral_value() else float(number)


class MomentWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold has no types
    input_type = "datetime-local"


class MomentField(forms.Field):
    """A local time of the charger's site → "2026-02-01T09:30:00Z" (reference: seconds and Z)."""

    def __init__(self, *, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(widget=MomentWidget({"step": "1"}), **options)
        self.zone = zone

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(self.zone).replace(tzinfo=None).isoformat(timespec="seconds")
        return value

    def clean(self, value: Any) -> Any:
        value = super().clean(value)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self.zone)
            return isoformat_z(moment.astimezone(UTC))
        except (ValueError, OverflowError):
            raise ValidationError(_("Enter a date and a time.")) from None


def make_field(action: str, leaf: Leaf, *, zone: ZoneInfo, required: bool) -> forms.Field:
    """`required` only marks the field: what is missing is said by the schema."""
    text = text_of(action, leaf.name)
    common: dict[str, Any] = {
        "label": format_html('{} <span class="uniev-ocpp">{}</span>', text.label, leaf.name),
        "help_text": text.help,
        "required": False,
    }
    part = leaf.part
    if "enum" in part:
        return _choice(part, common, required=required)
    if part.get("format") == "date-time":
        return MomentField(zone=zone, **common)
    if part["type"] == "string":
        return _text(leaf, part, common)
    return _PLAIN[part["type"]](common)


_PLAIN: Mapping[str, Callable[[dict[str, Any]], forms.Field]] = MappingProxyType(
    {
        "integer": lambda common: forms.IntegerField(
            widget=UnfoldAdminIntegerFieldWidget(), **common
        ),
        "number": lambda common: NumberField(
            max_digits=12, widget=UnfoldAdminDecimalFieldWidget({"step": "0.1"}), **common
        ),
        "boolean": lambda common: forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **common),
        "array": lambda common: WordsField(widget=UnfoldAdminTextareaWidget({"rows": 4}), **common),
    }
)


def _choice(part: Mapping[str, Any], common: dict[str, Any], *, required: bool) -> forms.Field:
    choices = [(word, word) for word in part["enum"]]
    if not required:
        choices.insert(0, ("", "-"))
    return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget(), **common)


def _text(leaf: Leaf, part: Mapping[str, Any], common: dict[str, Any]) -> forms.Field:
    if part.get("maxLength", 0) >= _LONG_TEXT or leaf.name in _FREE_TEXTS:
        return LongTextField(widget=UnfoldAdminTextareaWidget({"rows": 5}), strip=False, **common)
    # What stands in a configuration value may begin or end with a blank.
    widget = UnfoldAdminTextInputWidget({"autocomplete": "off"})
    return forms.CharField(widget=widget, strip=leaf.name != "value", **common)
