"""Receipts by mail: once by itself to who named an address, and again to who asks."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta
from typing import Final

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from payments.documents import words
from payments.documents.receipt import receipt_pdf
from payments.events import ReceiptWanted
from payments.models import MailStatus, PaymentIntent, ReceiptMail
from payments.selectors.receipts import Receipt, receipt_of
from payments.services.links import bill_page_url
from payments.states import MAIL_TRANSITIONS
from unievp.lib import clock
from unievp.lib.errors import ConflictError
from unievp.lib.events import publish
from unievp.lib.money import format_money

logger = logging.getLogger(__name__)

MOST_TRIES: Final = 6
# Whoever was sending is gone.
ABANDONED: Final = timedelta(minutes=10)
TRY_AGAIN: Final = timedelta(minutes=5)
# Older payments were told of, or never will be.
LOOK_BACK: Final = timedelta(days=14)
MOST: Final = 200


def ask_for_receipt(intent: PaymentIntent, *, email: str) -> ReceiptMail:
    """One more mail, to whatever address. Raises ConflictError while there is no receipt yet."""
    if receipt_of(intent) is None:
        raise ConflictError(_("There is no receipt yet."), code="no_receipt")
    return _order(intent, email=email, by_itself=False)


def order_receipts() -> int:
    """The mails that payments are owed: paid, decided, an address, none yet; how many."""
    owed = (
        PaymentIntent.objects.filter(
            # Whether what came back was all, the receipt knows.
            Q(session__bill__isnull=False) | Q(refunds__isnull=False),
            created_at__gt=clock.now() - LOOK_BACK,
            paid_at__isnull=False,
        )
        .exclude(email="")
        .exclude(receipt_mails__by_itself=True)
        .distinct()
        .order_by("created_at")
    )
    return sum(order_receipt(intent) is not None for intent in owed[:MOST])


def order_receipt(intent: PaymentIntent) -> ReceiptMail | None:
    """The one that goes out by itself; None where it did, or where nothing is to be sent yet."""
    if not intent.email or receipt_of(intent) is None:
        return None
    if ReceiptMail.objects.filter(intent=intent, by_itself=True).exists():
        return None
    return _order(intent, email=intent.email, by_itself=True)


def send_receipt(mail_id: int) -> ReceiptMail:
    """Once; again: the mail as it stands. A server that refuses is tried again by the sweep."""
    mail = _claim(mail_id)
    if mail is None:
        return ReceiptMail.objects.get(pk=mail_id)
    receipt = receipt_of(mail.intent)
    if receipt is None:
        return _done(mail, MailStatus.FAILED, error="no receipt")
    try:
        _message(mail, receipt).send()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("The receipt of %s could not be sent: %s", mail.intent, error)
        again = mail.tries < MOST_TRIES
        status = MailStatus.WAITING if again else MailStatus.FAILED
        return _done(mail, status, error=str(error)[:300])
    return _done(mail, MailStatus.SENT)


def follow_receipts() -> int:
    """Order what is owed, send what waits; how many were sent."""
    order_receipts()
    now = clock.now()
    never = Q(status=MailStatus.WAITING, tried_at__isnull=True)
    failed_before = Q(status=MailStatus.WAITING, tried_at__lt=now - TRY_AGAIN)
    abandoned = Q(status=MailStatus.SENDING, tried_at__lt=now - ABANDONED)
    waiting = ReceiptMail.objects.filter(never | failed_before | abandoned).order_by("created_at")
    sent = 0
    for mail_id in waiting.values_list("pk", flat=True)[:MOST]:
        sent += send_receipt(mail_id).status == MailStatus.SENT
    return sent


def _order(intent: PaymentIntent, *, email: str, by_itself: bool) -> ReceiptMail:
    with transaction.atomic():
        mail: ReceiptMail
        values = {
            "email": email,
            "language": intent.language,
            "status": MailStatus.WAITING,
            "created_at": clock.now(),
        }
        if by_itself:
            mail, _created = ReceiptMail.objects.get_or_create(
                intent=intent, by_itself=True, defaults=values
            )
        else:
            mail = ReceiptMail.objects.create(intent=intent, by_itself=False, **values)
        publish(ReceiptWanted(mail.pk))
    return mail


def _claim(mail_id: int) -> ReceiptMail | None:
    now = clock.now()
    with transaction.atomic():
        mail = ReceiptMail.objects.select_for_update().get(pk=mail_id)
        is_recent = mail.tried_at is not None and mail.tried_at > now - ABANDONED
        if mail.status == MailStatus.SENDING and is_recent:
            return None
        if not MAIL_TRANSITIONS.allows(mail.status, MailStatus.SENDING):
            return None
        mail.status, mail.tried_at = MailStatus.SENDING, now
        mail.tries += 1
        mail.save(update_fields=["status", "tried_at", "tries"])
    intents = PaymentIntent.objects.select_related(
        "cpo", "charger__location", "connector__charger", "session"
    )
    mail.intent = intents.get(pk=mail.intent_id)
    return mail


def _done(mail: ReceiptMail, status: MailStatus, *, error: str = "") -> ReceiptMail:
    mail.status, mail.error = status, error
    mail.sent_at = clock.now() if status == MailStatus.SENT else None
    mail.save(update_fields=["status", "error", "sent_at"])
    return mail


def _message(mail: ReceiptMail, receipt: Receipt) -> EmailMessage:
    """Plain text, the paper attached. No link to the payment's own page: a mistyped address must
    not get the key to the refund.
    """
    with translation.override(mail.language):
        subject = _("Receipt %(number)s: %(amount)s") % {
            "number": receipt.number,
            "amount": format_money(receipt.total, receipt.currency, mail.language),
        }
        body = "\n".join(_lines(receipt, mail.language))
    message = EmailMessage(subject, body, to=[mail.email])
    # A mail that goes out twice is one mail to most programs.
    message.extra_headers["Message-ID"] = f"<receipt-{mail.pk}-{mail.intent_id}@uniev>"
    message.attach(
        f"{receipt.number}.pdf", receipt_pdf(receipt, language=mail.language), "application/pdf"
    )
    return message


def _lines(receipt: Receipt, language: str) -> list[str]:
    def amount(value: int) -> str:
        return format_money(value, receipt.currency, language)

    intent, session = receipt.intent, receipt.intent.session
    lines = [_("Thank you for charging with %(company)s.") % {"company": intent.cpo.name}, ""]
    if intent.charger is not None:
        lines.append(f"{_('Place')}: {intent.charger.location.name}, {intent.connector}")
    if session is not None and receipt.bill is not None:
        lines.append(f"{_('Started')}: {words.moment(session.started_at, receipt.zone, language)}")
        lines.append(f"{_('Energy')}: {words.energy(session.energy_wh, language)}")
    else:
        lines.append(_("Nothing was charged."))
    lines += [f"{_('Total')}: {amount(receipt.total)}", f"{_('Paid')}: {amount(intent.paid)}"]
    if receipt.refunded:
        lines.append(f"{_('Refunded')}: {amount(receipt.refunded)}")
    if receipt.refund_due:
        lines.append(f"{_('On its way back to you')}: {amount(receipt.refund_due)}")
    if receipt.bill is not None:
        lines += ["", _("How the price came about:"), bill_page_url(receipt.bill)]
    return lines
