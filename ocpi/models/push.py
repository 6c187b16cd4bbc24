from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ocpi.models.partner import Partner
from unievp.lib.constraints import choice_check


class PushStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Delivered")
    DEAD = "dead", _("Given up")


class Push(models.Model):
    """What a partner should know of one object: nothing is queued but the fact that it changed.

    `wanted` counts changes, `sent` is the count that was delivered: what goes out is the object as
    it is then, so the newest state wins and nothing overtakes. A new change wakes a dead one.
    """

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="pushes", verbose_name=_("partner")
    )
    module = models.CharField(_("module"), max_length=16)
    object_id = models.CharField(_("object"), max_length=120)
    status = models.CharField(
        _("status"), max_length=8, choices=PushStatus, default=PushStatus.WAITING
    )
    wanted = models.PositiveIntegerField(default=1)
    sent = models.PositiveIntegerField(default=0)
    known = models.TextField(
        _("what the partner has"), blank=True, help_text=_("A patch says what differs from it.")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    marked_at = models.DateTimeField(_("changed"))
    next_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    their_url = models.CharField(_("its address there"), max_length=255, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("pushes")
        ordering = ("-marked_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partner", "module", "object_id"], name="push_is_one_per_partner_and_object"
            ),
            choice_check("status", PushStatus, name="push_status_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["partner", "next_at"],
                name="push_waiting",
                condition=models.Q(status="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module} {self.object_id}"


class PushLine(models.Model):
    """The way to one partner: who is sending there now, and when to try again after a failure.

    One process at a time (`leased_until`), so that objects keep their order and a partner is never
    flooded; a partner that does not answer costs its own line only.
    """

    partner = models.OneToOneField(
        Partner,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="line",
        verbose_name=_("partner"),
    )
    leased_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    again_at = models.DateTimeField(_("not before"), null=True, blank=True)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("push line")
        verbose_name_plural = _("push lines")

    def __str__(self) -> str:
        return str(self.partner)
