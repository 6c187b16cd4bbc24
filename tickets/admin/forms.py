"""What staff are asked before something is done with a ticket."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tickets.models import Ticket, TicketCategory, TicketPriority, TicketStatus
from tickets.selectors.people import assignable
from tickets.services.texts import LONGEST_TEXT
from tickets.states import TICKET


class CommentForm(forms.Form):
    body = forms.CharField(
        label=_("Text"), max_length=LONGEST_TEXT, widget=UnfoldAdminTextareaWidget({"rows": 6})
    )
    internal = forms.BooleanField(
        label=_("Internal note"),
        required=False,
        help_text=_("Read by the platform's staff alone."),
        widget=UnfoldBooleanSwitchWidget(),
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("PDF, PNG or JPEG."),
        widget=UnfoldAdminFileFieldWidget(),
    )


def change_form(ticket: Ticket) -> type[forms.Form]:
    """With what may follow on the ticket's status."""
    statuses = [
        (value, text)
        for value, text in TicketStatus.choices
        if value == ticket.status or TICKET.allows(ticket.status, value)
    ]

    class ChangeForm(forms.Form):
        status = _choice(_("Status"), statuses, ticket.status)
        priority = _choice(_("Priority"), TicketPriority.choices, ticket.priority)
        category = _choice(_("Category"), TicketCategory.choices, ticket.category)
        reason = forms.CharField(
            label=_("Reason"),
            max_length=300,
            required=False,
            widget=UnfoldAdminTextInputWidget(),
        )

    return ChangeForm


def assign_form(ticket: Ticket) -> type[forms.Form]:
    """With the people who may deal with it, the platform's among them."""

    class AssignForm(forms.Form):
        assignee = forms.ModelChoiceField(
            assignable(ticket, by_platform=True),
            label=_("With"),
            required=False,
            initial=ticket.assignee_id,
            empty_label=_("nobody"),
            widget=UnfoldAdminSelectWidget(),
        )

    return AssignForm


def _choice(label: Any, choices: list[tuple[str, Any]], initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, initial=initial, widget=UnfoldAdminSelectWidget()
    )
