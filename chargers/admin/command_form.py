"""A form for any OCPP 1.6 request, made from its JSON schema (the OCA's, in the `ocpp` package).

A new command is one line in `COMMANDS`. Fields: text, number, choice, yes/no, a list of words (one
per line); what is nested deeper is typed as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)


class CommandKind(NamedTuple):
    icon: str
    title: str | Promise
    help: str | Promise
    # Charging stops, the charger goes away, or what it does changes for good.
    careful: bool = False


COMMANDS: Mapping[str, CommandKind] = MappingProxyType(
    {
        "RemoteStartTransaction": CommandKind(
            "play_circle", _("Start charging"), _("As if the driver had presented the token.")
        ),
        "RemoteStopTransaction": CommandKind(
            "stop_circle", _("Stop charging"), _("Ends the running session."), careful=True
        ),
        "Reset": CommandKind(
            "restart_alt",
            _("Restart"),
            _("Soft: ends sessions properly first. Hard: like pulling the plug."),
            careful=True,
        ),
        "ChangeAvailability": CommandKind(
            "toggle_on",
            _("Put in or out of service"),
            _("Connector 0 is the whole charger. While it charges, the charger schedules it."),
        ),
        "UnlockConnector": CommandKind(
            "lock_open", _("Unlock the plug"), _("For a cable that is stuck."), careful=True
        ),
        "TriggerMessage": CommandKind(
            "campaign", _("Ask for a message"), _("The charger sends the message now.")
        ),
        "GetConfiguration": CommandKind(
            "tune", _("Read configuration"), _("No key: all of them. One key per line.")
        ),
        "ChangeConfiguration": CommandKind(
            "edit_note", _("Change configuration"), _("Some keys work only after a restart.")
        ),
        "ClearCache": CommandKind(
            "delete_sweep",
            _("Clear the token cache"),
            _("The charger asks us again for each token."),
        ),
        "DataTransfer": CommandKind(
            "swap_horiz", _("Vendor message"), _("What the vendor has defined beyond OCPP.")
        ),
    }
)

_HELP: Mapping[str, str | Promise] = MappingProxyType(
    {
        "connectorId": _("From 1; 0 is the whole charger where the command allows it."),
        "idTag": _("A token that this charger accepts."),
        "transactionId": _("The number of the running session."),
    }
)


@cache
def request_schema(action: str) -> dict[str, Any]:
    """The request schema of `action` (OCPP 1.6 JSON schemas, draft 4)."""
    path = resources.files("ocpp.v16.schemas") / f"{action}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    return schema


class WordsField(forms.CharField):
    """One word per line → list of strings; an empty field → None."""

    widget = UnfoldAdminTextareaWidget

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        words = [line.strip() for line in text.splitlines() if line.strip()]
        return words or None


class CommandForm(forms.Form):
    """`payload()` is what goes on the wire: empty optional fields are left out."""

    def __init__(self, data: Any, *, action: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        schema = request_schema(action)
        self.required_names = required = frozenset(schema.get("required", ()))
        for name, part in schema.get("properties", {}).items():
            self.fields[name] = _field(name, part, required=name in required)

    def payload(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value is not None and (value != "" or name in self.required_names)
        }


def _field(name: str, part: Mapping[str, Any], *, required: bool) -> forms.Field:
    common: dict[str, Any] = {
        "label": name,
        "required": required,
        "help_text": _HELP.get(name, ""),
    }
    if "enum" in part:
        choices = [(word, word) for word in part["enum"]]
        if not required:
            choices.insert(0, ("", "-"))
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget(), **common)
    kind = part.get("type")
    if kind == "integer":
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **common)
    if kind == "boolean":
        common["required"] = False
        return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **common)
    if kind == "array" and part.get("items", {}).get("type") == "string":
        return WordsField(widget=UnfoldAdminTextareaWidget({"rows": 4}), **common)
    if kind in {"array", "object"}:
        widget = UnfoldAdminTextareaWidget({"rows": 4, "placeholder": "JSON"})
        return forms.JSONField(widget=widget, **common)
    text = forms.CharField(
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        max_length=part.get("maxLength"),
        **common,
    )
    if name == "value":
        # ChangeConfiguration: an empty value is a value.
        text.required = False
    return text
