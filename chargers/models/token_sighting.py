"""Where tags were seen, known or not."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.id_token import IdToken
from chargers.models.session import AuthorizationStatus
from cpo.models import CPO
from unievp.lib.constraints import choice_check


class TokenSighting(models.Model):
    """When and where a tag was last presented at a CPO's chargers; unknown ones are the inbox.

    One row per tag and CPO, written with the messages and at most once a minute per tag
    (`chargers.store.sightings`), so `last_seen_at` and `times` are rounded down to that.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.CASCADE, related_name="token_sightings", verbose_name=_("CPO")
    )
    tag = models.CharField(_("tag"), max_length=20)
    id_token = models.ForeignKey(
        IdToken,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="sightings",
        verbose_name=_("id token"),
    )
    charger = models.ForeignKey(
        Charger, on_delete=models.CASCADE, related_name="+", verbose_name=_("charger")
    )
    status = models.CharField(_("verdict"), max_length=16, choices=AuthorizationStatus)
    times = models.PositiveIntegerField(_("times"), default=1)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("seen tag")
        verbose_name_plural = _("seen tags")
        ordering = ("-last_seen_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "cpo", Lower("tag"), name="token_sighting_is_one_per_tag_and_cpo_in_any_case"
            ),
            choice_check("status", AuthorizationStatus, name="token_sighting_status_is_known"),
        ]

    def __str__(self) -> str:
        return self.tag
