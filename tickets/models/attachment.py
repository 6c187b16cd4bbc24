from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.comment import TicketComment
from tickets.models.ticket import Ticket
from tickets.states import TicketSide
from unievp.lib.constraints import choice_check
from unievp.lib.storage import private_storage


def attachment_path(attachment: TicketAttachment, _name: str) -> str:
    """Ours, not the visitor's: a name from outside is shown, never used as a path."""
    return f"tickets/{attachment.ticket_id}/{attachment.pk}.{attachment.extension}"


class TicketAttachment(models.Model):
    """A file that came with a ticket (`comment` None) or with a comment; never changed or public.

    Who may read the comment may read the file.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("ticket")
    )
    comment = models.ForeignKey(
        TicketComment,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attachments",
        verbose_name=_("comment"),
    )
    name = models.CharField(_("file name"), max_length=120)
    media_type = models.CharField(_("type"), max_length=40)
    extension = models.CharField(max_length=4, editable=False)
    size = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    file = models.FileField(
        _("file"), storage=private_storage, upload_to=attachment_path, max_length=200
    )
    at = models.DateTimeField(_("time"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by whom"),
    )
    author_label = models.CharField(_("by whom (name)"), max_length=150)
    side = models.CharField(_("side"), max_length=8, choices=TicketSide)

    tenant_path: ClassVar[str] = "ticket__cpo"

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("at", "id")
        constraints: ClassVar = [
            choice_check("side", TicketSide, name="ticket_attachment_side_is_known"),
            models.UniqueConstraint(
                fields=["ticket", "comment", "sha256"],
                nulls_distinct=False,
                name="ticket_attachment_is_kept_once_per_comment",
            ),
        ]

    def __str__(self) -> str:
        return self.name
