from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from payments.models import MailStatus, ReceiptMail
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, when

_COLOURS = {
    MailStatus.WAITING: "warning",
    MailStatus.SENDING: "info",
    MailStatus.SENT: "success",
    MailStatus.FAILED: "danger",
}


@admin.register(ReceiptMail)
class ReceiptMailAdmin(ReadOnlyAdmin):
    list_display = ("receipt", "state", "email", "language", "by_itself", "created", "sent")
    list_filter = ("status", "by_itself", ("created_at", RangeDateTimeFilter))
    list_select_related = ("intent",)
    search_fields = ("email",)
    fields = (
        ("receipt", "state"),
        ("email", "language"),
        "by_itself",
        ("created", "sent"),
        ("tries", "error"),
    )
    readonly_fields = (
        "receipt", "state", "email", "language", "by_itself", "created", "sent", "tries", "error",
    )  # fmt: skip

    @column(_("payment"))
    def receipt(self, mail: ReceiptMail) -> SafeString | str:
        return change_link(mail.intent)

    @column(_("status"), ordering="status", label=_COLOURS)
    def state(self, mail: ReceiptMail) -> Any:
        return mail.status, mail.get_status_display()

    @column(_("ordered"), ordering="created_at")
    def created(self, mail: ReceiptMail) -> str:
        return when(mail.created_at)

    @column(_("sent"), ordering="sent_at")
    def sent(self, mail: ReceiptMail) -> str:
        return when(mail.sent_at)
