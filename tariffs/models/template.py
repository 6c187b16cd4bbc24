from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO


class TariffTemplate(models.Model):
    """A named tariff of a CPO; what it costs is in its versions, and the newest one in force sells.

    It is archived, never deleted: sessions and bills speak of its versions.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="tariff_templates", verbose_name=_("CPO")
    )
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ("name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "cpo",
                Lower("name"),
                condition=models.Q(archived_at__isnull=True),
                name="tariff_name_is_unique_in_its_cpo",
                violation_error_message=_("You have a tariff of this name."),
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="tariff_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None
