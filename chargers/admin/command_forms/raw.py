"""Send it as it is: any action with any JSON, by someone who knows better than our schema."""

from __future__ import annotations

from typing import Any

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from chargers.admin.command_forms.texts import FAULTS
from chargers.ocpp.schemas import Fault, request_faults
from chargers.services.payloads import check_payload
from unievp.lib.errors import DomainError

# In the place of an action in the page's address; no OCPP action has a hyphen.
AS_IT_IS = "as-it-is"


class RawForm(forms.Form):
    """Valid with a JSON object; with faults by the schema only if `insist` is ticked."""

    action = forms.CharField(
        label=gettext_lazy("Action"),
        max_length=64,
        help_text=gettext_lazy("One of OCPP's, or one that only this charger knows."),
        widget=UnfoldAdminTextInputWidget({"list": "actions", "autocomplete": "off"}),
    )
    payload_text = forms.CharField(
        label=gettext_lazy("Payload"),
        strip=False,
        required=False,
        help_text=gettext_lazy("A JSON object; empty: no fields."),
        widget=UnfoldAdminTextareaWidget(
            {"rows": 12, "class": "uniev-mono", "spellcheck": "false"}
        ),
    )
    insist = forms.BooleanField(
        label=gettext_lazy("Send it although OCPP's schema forbids it"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
    )

    def clean_action(self) -> str:
        action: str = self.cleaned_data["action"]
        if not action.isprintable():
            raise ValidationError(_("An action's name is made of letters."))
        return action

    def clean_payload_text(self) -> dict[str, Any]:
        """The payload itself: a dict."""
        try:
            payload: dict[str, Any] = orjson.loads(
                self.cleaned_data["payload_text"].strip() or "{}"
            )
        except orjson.JSONDecodeError as error:
            message = _("No JSON: %(reason)s (line %(line)d, column %(column)d).")
            raise ValidationError(
                message % {"reason": error.msg, "line": error.lineno, "column": error.colno}
            ) from None
        try:
            check_payload(payload)
        except DomainError as error:
            raise ValidationError(f"{error.field}: {error}") from None
        return payload

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned["insist"]:
            for fault in request_faults(cleaned["action"], cleaned["payload_text"]):
                self.add_error("action" if _is_of_action(fault) else "payload_text", _say(fault))
        return cleaned

    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = self.cleaned_data["payload_text"]
        return payload


def _is_of_action(fault: Fault) -> bool:
    return fault.code == "NotImplemented"


def _say(fault: Fault) -> str:
    if _is_of_action(fault):
        return _("OCPP 1.6 knows no such action.")
    text = FAULTS.get(fault.text, fault.text)
    return f"{fault.path}: {text}" if fault.path else str(text)
