"""What a ticket may be, and which status may follow which. Values only: no models here."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from unievp.lib.transitions import Transitions


class TicketStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("ticket", "Open")
    IN_PROGRESS = "in_progress", _("In progress")
    WAITING = "waiting", pgettext_lazy("ticket", "Waiting for an answer")
    RESOLVED = "resolved", pgettext_lazy("ticket", "Resolved")
    CLOSED = "closed", pgettext_lazy("ticket", "Closed")
    REOPENED = "reopened", _("Opened again")


_S = TicketStatus

# Nothing is left to do. A cause may have one ticket besides these.
DONE: Final = (_S.RESOLVED, _S.CLOSED)

TICKET: Final = Transitions(
    {
        # A cause that ends resolves its ticket, whatever was being done about it.
        "open": {"in_progress", "waiting", "resolved", "closed"},
        "in_progress": {"open", "waiting", "resolved", "closed"},
        "waiting": {"in_progress", "resolved", "closed"},
        "resolved": {"closed", "reopened"},
        "closed": {"reopened"},
        "reopened": {"in_progress", "waiting", "resolved", "closed"},
    }
)


class TicketPriority(models.TextChoices):
    LOW = "low", _("Low")
    NORMAL = "normal", pgettext_lazy("priority", "Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class TicketCategory(models.TextChoices):
    CHARGER = "charger", _("Charger")
    SESSION = "session", _("Charging session")
    PAYMENT = "payment", _("Payment")
    SETTLEMENT = "settlement", _("Settlement and payout")
    ROAMING = "roaming", _("Roaming")
    SECURITY = "security", _("Security")
    ACCOUNT = "account", _("Account")
    OTHER = "other", _("Other")


class TicketVia(models.TextChoices):
    """Which way something came in."""

    PORTAL = "portal", _("Portal")
    ADMIN = "admin", _("Administration")
    API = "api", _("API")
    DRIVER = "driver", _("Driver's page")
    MAIL = "mail", _("Reply by link")
    RULE = "rule", _("Rule")


class TicketSide(models.TextChoices):
    """For whom somebody speaks. An internal comment is read by its own side, and by the platform.

    Nobody's own is what rules write: it is the platform that runs them.
    """

    PLATFORM = "platform", _("Platform")
    COMPANY = "company", _("Company")
    DRIVER = "driver", _("Driver")


class ChangedField(models.TextChoices):
    STATUS = "status", _("Status")
    PRIORITY = "priority", _("Priority")
    CATEGORY = "category", _("Category")
    ASSIGNEE = "assignee", _("With")


class RuleKind(models.TextChoices):
    """What opens a ticket by itself."""

    CONNECTOR_FAULTED = "connector_faulted", _("A connector is faulted")
    CHARGER_OFFLINE = "charger_offline", _("A charger is offline")
    SESSION_STUCK = "session_stuck", _("A session has no meter values")
    PAYOUT_FAILED = "payout_failed", _("A payout failed")
    RECONCILIATION_DIFFERENCE = "reconciliation_difference", _("The books differ")
    SECURITY_EVENT = "security_event", _("A critical security event")
    ROAMING_DIFFERENCE = "roaming_difference", _("A roaming partner's bill differs")


class TicketMailKind(models.TextChoices):
    """Why a reporter without an account gets a mail."""

    RECEIVED = "received", _("We have your report")
    ANSWERED = "answered", _("There is an answer")
    RESOLVED = "resolved", _("It is resolved")


class TicketMailStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


_M = TicketMailStatus

TICKET_MAIL: Final = Transitions(
    {
        _M.WAITING: {_M.SENDING},
        # Once more: whoever was sending it is gone.
        _M.SENDING: {_M.SENDING, _M.SENT, _M.WAITING, _M.FAILED},
        _M.FAILED: {_M.SENDING},
    }
)
