"""The nightly proof of the books, and what it found (payments.md §7)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cpo.models import User
from unievp.lib.constraints import choice_check


class DifferenceStatus(models.TextChoices):
    OPEN = "open", _("Open")
    EXPLAINED = "explained", _("Explained")
    RESOLVED = "resolved", _("Gone")


class BooksProof(models.Model):
    """One per day (of `PROOF_TIME_ZONE`), made once whatever happens."""

    day = models.DateField(_("day"))
    at = models.DateTimeField(_("time"))
    checks = models.PositiveIntegerField(_("checks"))
    found = models.PositiveIntegerField(_("differences"))
    took_ms = models.PositiveIntegerField(_("took"), default=0, help_text=_("Milliseconds."))

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("proof of the books")
        verbose_name_plural = _("proofs of the books")
        ordering = ("-day",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day"], name="books_proof_is_made_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class Difference(models.Model):
    """Something that must be equal and is not; never corrected by itself.

    One row per cause while it lasts: `kind` is the name of the check, `subject` what it names.
    """

    kind = models.CharField(_("check"), max_length=64)
    subject = models.CharField(_("object"), max_length=300)
    expected = models.CharField(_("expected"), max_length=300, blank=True)
    found = models.CharField(_("found"), max_length=300, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=DifferenceStatus, default=DifferenceStatus.OPEN
    )
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    nights = models.PositiveIntegerField(_("times found"), default=1)
    resolved_at = models.DateTimeField(_("gone since"), null=True, blank=True)
    reason = models.CharField(_("explanation"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("explained by"),
    )

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ("-last_seen_at", "-id")
        constraints: ClassVar = [
            choice_check("status", DifferenceStatus, name="difference_status_is_known"),
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=~Q(status="resolved"),
                name="difference_has_one_row_while_it_lasts",
            ),
            models.CheckConstraint(
                condition=~Q(status="explained") | (~Q(reason="") & Q(decided_by__isnull=False)),
                name="difference_that_is_explained_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True)),
                name="difference_is_resolved_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}"
