from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ocpi.models.partner import Partner


class PulledList(models.Model):
    """How far a partner's list was read: everything that changed before `until` is here.

    A list that broke off leaves `until` as it was, so the next pull asks for the same again.
    """

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="pulled_lists", verbose_name=_("partner")
    )
    module = models.CharField(_("module"), max_length=16)
    until = models.DateTimeField(_("read until"), null=True, blank=True)
    whole_at = models.DateTimeField(_("read whole"), null=True, blank=True)
    tried_at = models.DateTimeField(_("tried"))
    objects_read = models.PositiveIntegerField(_("objects read last"), default=0)
    objects_refused = models.PositiveIntegerField(_("of them unreadable"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("list of a partner")
        verbose_name_plural = _("lists of partners")
        ordering = ("partner", "module")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partner", "module"], name="pulled_list_is_one_per_partner_and_module"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module} · {self.partner}"
