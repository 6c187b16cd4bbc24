from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO
from cpo.models.membership import Role
from unievp.lib.constraints import choice_check


class Invitation(models.Model):
    """Somebody is asked into a company's team by mail; its link makes them a member, once.

    Open while it is neither accepted nor withdrawn; its link counts until `expires_at`.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("CPO")
    )
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=16, choices=Role)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("invited by"),
    )
    language = models.CharField(_("language"), max_length=5, default="id")
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("expires"))
    mailed_at = models.DateTimeField(_("mailed"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("role", Role, name="invitation_role_is_known"),
            models.UniqueConstraint(
                "cpo",
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_one_open_per_company_and_address",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(withdrawn_at__isnull=True),
                name="invitation_is_accepted_or_withdrawn_not_both",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.cpo}"
