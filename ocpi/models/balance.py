from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from ocpi.models.partner import Partner


class PartnerBalance(Partner):
    """A partner as the books know it: what it owes us and what we owe it."""

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        proxy = True
        verbose_name = _("balance of a partner")
        verbose_name_plural = _("balances of partners")
