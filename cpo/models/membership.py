from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models.company import CPO
from unievp.lib.constraints import choice_check


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    OPERATOR = "operator", _("Operator")
    FINANCE = "finance", _("Finance")
    VIEWER = "viewer", _("Viewer")


class Membership(models.Model):
    """What one person may do in one CPO. Roles and their rights: `cpo.access`."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("user"),
    )
    cpo = models.ForeignKey(
        CPO, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("CPO")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.VIEWER)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "cpo"], name="membership_one_role_per_person_and_cpo"
            ),
            choice_check("role", Role, name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.cpo} ({self.get_role_display()})"
