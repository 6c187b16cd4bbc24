from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger


class ConfigurationKey(models.Model):
    """One configuration key of a charger as it last reported it (OCPP 1.6 §5.8).

    Keys are CiString50 in the specification and longer in the field. `known` is False for a key
    that we asked for and the charger listed under `unknownKey`.
    """

    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="configuration_keys",
        verbose_name=_("charger"),
    )
    key = models.CharField(_("key"), max_length=255)
    value = models.TextField(_("value"), blank=True)
    read_only = models.BooleanField(_("read only"), default=False)
    known = models.BooleanField(_("known to the charger"), default=True)
    read_at = models.DateTimeField(_("read"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("configuration key")
        verbose_name_plural = _("configuration keys")
        ordering = ("charger", "key")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "charger", Lower("key"), name="configuration_key_is_kept_once_per_charger"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"
