"""Files that come with tickets and comments: judged by their bytes, kept once each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from cpo.services import audit
from tickets.models import Ticket, TicketAttachment, TicketComment
from tickets.services.authors import Author, audited_company
from tickets.states import TicketStatus
from unievp.lib import clock
from unievp.lib.documents import check_document
from unievp.lib.errors import ConflictError, InvalidError

MOST_FILES: Final = 30


@dataclass(frozen=True, slots=True)
class File:
    """As it was handed in; `field` names it in a refusal."""

    name: str
    content: bytes
    field: str = "file"


def attach(
    ticket: Ticket, file: File, *, author: Author, comment: TicketComment | None = None
) -> TicketAttachment:
    """Keep a file; the same bytes again beside the same comment: the row that is there.

    Raises InvalidError for another kind than PDF, PNG and JPEG, for one that is too large, and for
    one too many; ConflictError (`ticket_closed`) where it is closed.
    """
    media_type, extension = check_document(file.content, field=file.field)
    digest = hashlib.sha256(file.content).hexdigest()
    with transaction.atomic():
        # Two uploads at once count one after the other.
        row = Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
        if row.status == TicketStatus.CLOSED:
            raise ConflictError(_("This ticket is closed."), code="ticket_closed")
        kept = ticket.attachments.filter(comment=comment, sha256=digest).first()
        if kept is not None:
            return kept
        if ticket.attachments.count() >= MOST_FILES:
            raise InvalidError(_("At most %(most)d files.") % {"most": MOST_FILES}, field="file")
        attachment = TicketAttachment(
            ticket=ticket,
            comment=comment,
            name=_name(file.name) or f"{_('file')}.{extension}",
            media_type=media_type,
            extension=extension,
            size=len(file.content),
            sha256=digest,
            at=clock.now(),
            author=author.user,
            author_label=author.label,
            side=author.side,
        )
        attachment.file.save("", ContentFile(file.content), save=False)
        attachment.save(force_insert=True)
        audit.record(
            actor=author.audited,
            action="ticket.attach",
            subject=ticket,
            after={"name": attachment.name, "sha256": digest},
            cpo=audited_company(ticket, author, internal=bool(comment and comment.internal)),
        )
    return attachment


def check_files(files: Iterable[File]) -> None:
    """Raise InvalidError as `attach` would, before anything is written."""
    for file in files:
        check_document(file.content, field=file.field)


def _name(name: str) -> str:
    kept = "".join(letter for letter in name if letter.isprintable())
    return kept.encode("utf-8", "replace").decode().strip()[:120]
