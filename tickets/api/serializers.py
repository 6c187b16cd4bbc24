"""Tickets, comments and files as the API takes and shows them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from tickets.models import (
    Ticket,
    TicketAttachment,
    TicketCategory,
    TicketComment,
    TicketPriority,
    TicketSide,
    TicketStatus,
    TicketVia,
)
from tickets.selectors.clocks import clock_of
from tickets.selectors.comments import author_for_reporter
from tickets.services.texts import LONGEST_SUBJECT, LONGEST_TEXT
from unievp.lib import clock
from unievp.lib.api.examples import CPO_ID, example

_MAX_ID = 2**63 - 1


@example(
    cpo_id=CPO_ID,
    category="charger",
    priority="high",
    subject="The screen stays dark",
    description="Since this morning. Charging works.",
    charger_id="JKT-0001",
    connector_id=1,
)
class TicketRequest(serializers.Serializer[Any]):
    """What it is about is named by one of `charger_id`, `session_id` and `payment_id`, or by none.

    Of a driver: the company follows from it, and `cpo_id` is not looked at.
    """

    cpo_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="For who works for several companies; of the platform without it: its own.",
    )
    category = serializers.ChoiceField(choices=TicketCategory.choices)
    priority = serializers.ChoiceField(
        choices=TicketPriority.choices, default=TicketPriority.NORMAL.value
    )
    subject = serializers.CharField(max_length=LONGEST_SUBJECT)
    description = serializers.CharField(
        max_length=LONGEST_TEXT, required=False, default="", allow_blank=True
    )
    charger_id = serializers.CharField(max_length=48, required=False)
    connector_id = serializers.IntegerField(
        min_value=1, max_value=32_767, required=False, help_text="Of the charger."
    )
    session_id = serializers.IntegerField(min_value=1, max_value=_MAX_ID, required=False)
    payment_id = serializers.UUIDField(required=False)


@example(status="in_progress", assignee=None, reason="We look into it.")
class TicketChangeRequest(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    status = serializers.ChoiceField(choices=TicketStatus.choices, required=False)
    assignee = serializers.CharField(
        max_length=150, required=False, allow_null=True, help_text="A user name; null: nobody."
    )
    priority = serializers.ChoiceField(choices=TicketPriority.choices, required=False)
    category = serializers.ChoiceField(choices=TicketCategory.choices, required=False)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class TicketView(serializers.Serializer[Ticket]):
    """What a rule wrote is in the language of `Accept-Language` (id, en)."""

    id = serializers.IntegerField()
    number = serializers.CharField(help_text="What people call it.")
    cpo_id = serializers.UUIDField(allow_null=True, help_text="Null: the platform's own.")
    category = serializers.ChoiceField(choices=TicketCategory.choices)
    priority = serializers.ChoiceField(choices=TicketPriority.choices)
    status = serializers.ChoiceField(choices=TicketStatus.choices)
    subject = serializers.CharField(source="title")
    description = serializers.CharField(source="details")
    charger_id = serializers.SerializerMethodField()
    connector_id = serializers.SerializerMethodField()
    session_id = serializers.IntegerField(allow_null=True)
    payment_id = serializers.UUIDField(allow_null=True)
    settlement_id = serializers.IntegerField(allow_null=True)
    opened_by = serializers.CharField(source="opened_label")
    opened_via = serializers.ChoiceField(choices=TicketVia.choices)
    reporter_name = serializers.CharField()
    reporter_email = serializers.CharField()
    reporter_phone = serializers.CharField()
    assignee = serializers.SerializerMethodField(help_text="A user name. Hidden from drivers.")
    repeats = serializers.IntegerField(help_text="How often its cause has come back.")
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    cause_ended_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    first_answer_due_at = serializers.DateTimeField(source="due_first_answer_at", allow_null=True)
    resolution_due_at = serializers.DateTimeField(source="due_resolution_at", allow_null=True)
    first_answered_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    overdue = serializers.SerializerMethodField()

    def get_charger_id(self, ticket: Ticket) -> str | None:
        return ticket.charger.identity if ticket.charger else None

    def get_connector_id(self, ticket: Ticket) -> int | None:
        return ticket.connector.number if ticket.connector else None

    def get_assignee(self, ticket: Ticket) -> str | None:
        if self.context.get("for_driver") or ticket.assignee is None:
            return None
        return ticket.assignee.get_username()

    def get_overdue(self, ticket: Ticket) -> bool:
        running = clock_of(ticket, clock.now())
        return running is not None and running.late


class AuthorField(serializers.CharField):
    """Who said it; `for_driver` (of the context's `ticket`), as they may know."""

    def __init__(self) -> None:
        told = "Drivers read the company's name, or the platform's, for its people."
        super().__init__(source="*", read_only=True, help_text=told)

    def to_representation(self, value: Any) -> str:
        if not self.context.get("for_driver"):
            return str(value.author_label)
        return author_for_reporter(self.context["ticket"], value)


class AttachmentView(serializers.Serializer[TicketAttachment]):
    id = serializers.UUIDField()
    comment_id = serializers.IntegerField(allow_null=True, help_text="Null: the ticket's own.")
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    at = serializers.DateTimeField()
    author = AuthorField()


class CommentView(serializers.Serializer[TicketComment]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    author = AuthorField()
    side = serializers.ChoiceField(choices=TicketSide.choices, help_text="For whom they speak.")
    internal = serializers.BooleanField()
    via = serializers.ChoiceField(choices=TicketVia.choices)
    body = serializers.CharField()
    attachments = AttachmentView(many=True)


@example(body="A technician comes at three.", internal=False)
class CommentRequest(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=LONGEST_TEXT)
    internal = serializers.BooleanField(
        default=False, help_text="For your own side (and the platform) alone; never of drivers."
    )


@example(name="screen.png", content="iVBORw0KGgo=")
class AttachmentRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    content = serializers.CharField(
        help_text="PDF, PNG or JPEG, in Base64, at most 2 MB; as `multipart/form-data` 10 MB."
    )

    def validate_content(self, value: str) -> bytes:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError(_("This is no Base64.")) from None


class AttachmentUpload(serializers.Serializer[Any]):
    """The same as a form."""

    file = serializers.FileField(max_length=255, help_text="PDF, PNG or JPEG, at most 10 MB.")
