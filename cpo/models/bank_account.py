from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO
from unievp.lib.secrets import EncryptedTextField


class BankAccountChange(models.Model):
    """A company's new bank account: the latest one is where money goes.

    Nothing is paid to it before `usable_from`, nor before another person than the one who entered
    it has verified it (payments.md §3.3). `name_at_bank`: the holder's name as a gateway told it.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="bank_changes", verbose_name=_("CPO")
    )
    bank_code = models.CharField(_("bank"), max_length=32)
    account_name = models.CharField(_("account holder"), max_length=120)
    account_number = EncryptedTextField(_("account number"))
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("changed by"),
    )
    changed_label = models.CharField(_("who changed it"), max_length=150)
    usable_from = models.DateTimeField(_("paid to from"))
    name_at_bank = models.CharField(_("holder's name at the bank"), max_length=120, blank=True)
    checked_at = models.DateTimeField(_("bank asked"), null=True, blank=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("verified by"),
    )

    refused_at = models.DateTimeField(_("refused"), null=True, blank=True)
    refusal = models.CharField(_("why it was refused"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("bank account change")
        verbose_name_plural = _("bank account changes")
        ordering = ("-changed_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, verified_by__isnull=True)
                | Q(verified_at__isnull=False, verified_by__isnull=False),
                name="bank_account_that_is_verified_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True)
                | Q(changed_by__isnull=True)
                | ~Q(verified_by=F("changed_by")),
                name="bank_account_is_verified_by_another_person",
            ),
            models.CheckConstraint(
                condition=Q(refused_at__isnull=True, refusal="")
                | (Q(refused_at__isnull=False, verified_at__isnull=True) & ~Q(refusal="")),
                name="bank_account_that_is_refused_says_why_and_is_not_verified",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cpo", "-changed_at"], name="bank_account_change_by_cpo"),
        ]

    def __str__(self) -> str:
        return f"{self.bank_code} · {self.account_name}"
