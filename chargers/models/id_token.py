from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from cpo.models import CPO, Driver
from unievp.lib.constraints import choice_check


class IdTokenStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    BLOCKED = "blocked", _("Blocked")


class IdToken(models.Model):
    """What a driver presents: a card's UID or a code made by us. OCPP compares it without case.

    `cpo` empty: issued by the platform and good at every charger. Tokens with one `group`
    (OCPP parentIdTag) may stop each other's sessions. `charger`: good at that one only, as the
    token of a single payment is.
    """

    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="id_tokens",
        verbose_name=_("CPO"),
    )
    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="own_id_tokens",
        verbose_name=_("only at this charger"),
    )
    token = models.CharField(_("token"), max_length=20)
    group = models.CharField(_("group (parent id)"), max_length=20, blank=True)
    label = models.CharField(_("label"), max_length=120, blank=True)
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="id_tokens",
        verbose_name=_("driver"),
    )
    status = models.CharField(
        _("status"), max_length=16, choices=IdTokenStatus, default=IdTokenStatus.ACTIVE
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    max_concurrent = models.PositiveSmallIntegerField(
        _("sessions at once"),
        null=True,
        blank=True,
        default=1,
        db_default=1,
        help_text=_("How many sessions may run on it at one time; empty: any number."),
    )
    payer_reference = models.CharField(
        _("who pays instead of a driver"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("A roaming partner; empty: the driver, or nobody who is known."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("id token")
        verbose_name_plural = _("id tokens")
        ordering = ("token",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("token"),
                "cpo",
                nulls_distinct=False,
                name="id_token_is_unique_in_its_cpo_in_any_case",
            ),
            choice_check("status", IdTokenStatus, name="id_token_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(max_concurrent__isnull=True) | models.Q(max_concurrent__gte=1),
                name="id_token_allows_at_least_one_session",
            ),
        ]

    def __str__(self) -> str:
        return self.token
