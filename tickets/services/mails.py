"""Mails to people who reported something and have no account: ordered with the news, sent once."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from tickets.events import TicketMailWanted
from tickets.models import (
    Ticket,
    TicketComment,
    TicketMail,
    TicketMailKind,
    TicketMailStatus,
)
from tickets.selectors.comments import author_for_reporter
from tickets.services.links import reply_url
from tickets.states import TICKET_MAIL
from unievp.lib import clock
from unievp.lib.events import publish

logger = logging.getLogger(__name__)

MOST_TRIES: Final = 6
# Whoever was sending is gone.
ABANDONED: Final = timedelta(minutes=10)
TRY_AGAIN: Final = timedelta(minutes=5)
_AT_ONCE: Final = 200
_Status = TicketMailStatus


def order_mail(
    ticket: Ticket, kind: TicketMailKind, *, key: str, comment: TicketComment | None = None
) -> TicketMail | None:
    """In the caller's transaction, once per key; None for a reporter without an address."""
    if not ticket.reporter_email:
        return None
    values = {
        "ticket": ticket,
        "kind": kind,
        "comment": comment,
        "email": ticket.reporter_email,
        "language": ticket.language or settings.LANGUAGE_CODE,
        "created_at": clock.now(),
    }
    mail, made = TicketMail.objects.get_or_create(key=key, defaults=values)
    if made:
        publish(TicketMailWanted(mail.pk))
    return mail


def send_ticket_mail(mail_id: int) -> TicketMail:
    """Once; again: the mail as it stands. A server that refuses is tried again by the sweep."""
    mail = _claim(mail_id)
    if mail is None:
        return TicketMail.objects.get(pk=mail_id)
    try:
        _message(mail).send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("A mail of ticket %s could not be sent: %s", mail.ticket, error)
        again = mail.tries < MOST_TRIES
        return _done(mail, _Status.WAITING if again else _Status.FAILED, error=str(error)[:300])
    return _done(mail, _Status.SENT)


def follow_ticket_mails() -> int:
    """Send what waits; how many were sent."""
    now = clock.now()
    never = Q(status=_Status.WAITING, tried_at__isnull=True)
    failed_before = Q(status=_Status.WAITING, tried_at__lt=now - TRY_AGAIN)
    abandoned = Q(status=_Status.SENDING, tried_at__lt=now - ABANDONED)
    waiting = TicketMail.objects.filter(never | failed_before | abandoned).order_by("created_at")
    sent = 0
    for mail_id in list(waiting.values_list("pk", flat=True)[:_AT_ONCE]):
        sent += send_ticket_mail(mail_id).status == _Status.SENT
    return sent


def _claim(mail_id: int) -> TicketMail | None:
    now = clock.now()
    with transaction.atomic():
        mail = TicketMail.objects.select_for_update().get(pk=mail_id)
        is_recent = mail.tried_at is not None and mail.tried_at > now - ABANDONED
        if mail.status == _Status.SENDING and is_recent:
            return None
        if not TICKET_MAIL.allows(mail.status, _Status.SENDING):
            return None
        mail.status, mail.tried_at = _Status.SENDING, now
        mail.tries += 1
        mail.save(update_fields=["status", "tried_at", "tries"])
    return mail


def _done(mail: TicketMail, status: TicketMailStatus, *, error: str = "") -> TicketMail:
    TICKET_MAIL.check(mail.status, status)
    mail.status, mail.error = status, error
    mail.sent_at = clock.now() if status == _Status.SENT else None
    mail.save(update_fields=["status", "error", "sent_at"])
    return mail


def _message(mail: TicketMail) -> EmailMessage:
    """Plain text, in the reporter's language.

    The words of the report stay out: whoever types a stranger's address sends them nothing of
    their own.
    """
    with translation.override(mail.language):
        subject = _subject(mail) % {"number": mail.ticket.number}
        body = "\n".join(_lines(mail))
    message = EmailMessage(subject, body, to=[mail.email])
    # A mail that goes out twice is one mail to most programs.
    message.extra_headers["Message-ID"] = f"<ticket-{mail.ticket_id}-{mail.pk}@uniev>"
    return message


def _subject(mail: TicketMail) -> str:
    if mail.kind == TicketMailKind.RECEIVED:
        return _("We have your report %(number)s")
    if mail.kind == TicketMailKind.ANSWERED:
        return _("An answer to your report %(number)s")
    return _("Your report %(number)s is resolved")


def _lines(mail: TicketMail) -> list[str]:
    if mail.comment is not None:
        said = [author_for_reporter(mail.ticket, mail.comment) + ":", "", mail.comment.body]
    elif mail.kind == TicketMailKind.RECEIVED:
        said = [_("Thank you for telling us. We look into it and answer you here by mail.")]
    else:
        said = [_("We think that what you reported is resolved. If it is not, tell us.")]
    return [
        *said,
        "",
        _("Read it and answer on this page; the link is yours alone:"),
        reply_url(mail.ticket),
    ]
